{#- Taxes. Rates are numerators over a denominator: 19 over 100, or 0.19 over 1. -#}

{#- What a price with tax in it leaves without the tax, before it is rounded: numerator and denominator. The net is rounded
    and the tax is what the price holds beyond it, so that the price never moves. -#}
{% macro net_of_inclusive_numerator(gross_numerator, rate_denominator) -%}
    {{ times(gross_numerator, rate_denominator) }}
{%- endmacro %}

{% macro net_of_inclusive_denominator(gross_denominator, rate_numerator, rate_denominator) -%}
    {{ times(gross_denominator, '(' ~ rate_denominator ~ ') + (' ~ rate_numerator ~ ')') }}
{%- endmacro %}


{#-
    The taxes of documents (invoices), rounded as their convention says and told to lines and rates to the last unit.

    lines: relation, one row a line (document_id, line_no), with
        taxable_numerator, scale   the amount that is taxed: numerator over scale, one scale a document
        is_inclusive boolean       the amount holds its taxes already
        tax_rounding text          per_line, per_rate or per_invoice: what is summed before it is rounded
        digits, mode               the rounding; a mode of null rounds nothing
    rates: relation, one row a rate of a line (document_id, line_no, rate_key), with
        rate_numerator, rate_scale  the rate: numerator over scale, one scale a document
        rate_key text               what per_rate sums over

    Several rates of a line add up; none is taken on another. Inclusive lines are rounded by line: the net first, the taxes
    are the rest. Gives one row a line and rate: document_id, line_no, rate_key, is_inclusive, mode,
        tax                                  rounded; those of a group add up to the group's tax (exact where mode is null)
        exact_numerator, exact_denominator   before rounding
-#}
{% macro document_taxes(lines, rates) -%}
    {%- set grouped -%}
    (
        select
            exact.*,
            document_id || '|' || tax_group as allocation_id,
            rate_key as item_no,
            line_no as tie_key,
            exact_numerator as share_numerator,
            case when mode is not null then exact_denominator end as share_denominator,
            case
                when is_inclusive then
                    {{ quotient('taxable_numerator', 'scale') }}
                    - {{ round_ratio_as(
                        net_of_inclusive_numerator('taxable_numerator', 'rate_scale'),
                        net_of_inclusive_denominator('scale', 'line_rate', 'rate_scale'),
                        'digits', 'mode'
                    ) }}
                else
                    {{ round_ratio_as(
                        '(sum(exact_numerator) over (partition by document_id, tax_group))', 'exact_denominator',
                        'digits', 'mode'
                    ) }}
            end as total
        from (
            select
                rated.*,
                {{ times('taxable_numerator', 'rate_numerator') }} as exact_numerator,
                {{ times('scale', 'case when is_inclusive then rate_scale + line_rate else rate_scale end') }}
                    as exact_denominator,
                case
                    when is_inclusive or tax_rounding = 'per_line' then 'line ' || cast(line_no as {{ text_type() }})
                    when tax_rounding = 'per_rate' then 'rate ' || rate_key
                    else 'document'
                end as tax_group
            from (
                select
                    lines.*,
                    rates.rate_key,
                    rates.rate_numerator,
                    rates.rate_scale,
                    sum(rates.rate_numerator) over (partition by rates.document_id, rates.line_no) as line_rate
                from {{ lines }} as lines
                inner join {{ rates }} as rates
                    on lines.document_id = rates.document_id and lines.line_no = rates.line_no
            ) as rated
        ) as exact
    )
    {%- endset -%}
    select
        document_id,
        line_no,
        rate_key,
        is_inclusive,
        mode,
        exact_numerator,
        exact_denominator,
        case when mode is null then {{ quotient('exact_numerator', 'exact_denominator') }} else part end as tax
    from (
        {{ whole_shares(grouped) }}
    ) as shared
{%- endmacro %}

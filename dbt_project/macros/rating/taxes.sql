{#- Tax of one amount. Rates are numerators over a denominator: 19 over 100, or 0.19 over 1. -#}

{% macro tax_on_top(amount, rate, denominator, digits, mode) -%}
    {#- Exclusive tax, rounded once; `denominator` belongs to amount * rate. -#}
    {{ round_ratio_as('(' ~ amount ~ ') * (' ~ rate ~ ')', denominator, digits, mode) }}
{%- endmacro %}

{% macro net_of_inclusive(gross_numerator, gross_denominator, rate, rate_denominator, digits, mode) -%}
    {#- What a price with tax in it leaves without the tax, rounded once. The tax is what the price holds beyond it, so that
        the price never moves. -#}
    {{ round_ratio_as(
        '(' ~ gross_numerator ~ ') * (' ~ rate_denominator ~ ')',
        '(' ~ gross_denominator ~ ') * ((' ~ rate_denominator ~ ') + (' ~ rate ~ '))',
        digits, mode
    ) }}
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
    select
        document_id,
        line_no,
        rate_key,
        is_inclusive,
        mode,
        exact_numerator,
        exact_denominator,
        case
            when mode is null then exact_numerator / exact_denominator
            else {{ power_of_ten('-digits') }} * (
                share_floor
                + case
                    when rest_rank <= group_tax * {{ power_of_ten('digits') }} - floor_sum then 1
                    else 0
                end
            )
        end as tax
    from (
        select
            floored.*,
            sum(share_floor) over tax_group as floor_sum,
            row_number() over (
                partition by document_id, tax_group_key order by share_rest desc, line_no asc, rate_key asc
            ) as rest_rank,
            case
                when is_inclusive then
                    max(taxable_numerator) over tax_group / max(scale) over tax_group
                    - {{ net_of_inclusive('taxable_numerator', 'scale', 'line_rate', 'rate_scale', 'digits', 'mode') }}
                else
                    {{ round_ratio_as('(sum(exact_numerator) over tax_group)', 'exact_denominator', 'digits', 'mode') }}
            end as group_tax
        from (
            select
                exact.*,
                {{ floor_of_ratio('exact_numerator * ' ~ power_of_ten('digits'), 'exact_denominator') }} as share_floor,
                {{ rest_of_ratio('exact_numerator * ' ~ power_of_ten('digits'), 'exact_denominator') }} as share_rest
            from (
                select
                    rated.*,
                    taxable_numerator * rate_numerator as exact_numerator,
                    scale * case when is_inclusive then rate_scale + line_rate else rate_scale end as exact_denominator,
                    case
                        when is_inclusive or tax_rounding = 'per_line' then 'line ' || cast(line_no as text)
                        when tax_rounding = 'per_rate' then 'rate ' || rate_key
                        else 'document'
                    end as tax_group_key
                from (
                    select
                        lines.*,
                        rates.rate_key,
                        rates.rate_numerator,
                        rates.rate_scale,
                        sum(rates.rate_numerator) over (
                            partition by rates.document_id, rates.line_no
                        ) as line_rate
                    from {{ lines }} as lines
                    inner join {{ rates }} as rates
                        on lines.document_id = rates.document_id and lines.line_no = rates.line_no
                ) as rated
            ) as exact
        ) as floored
        window tax_group as (partition by document_id, tax_group_key)
    ) as ranked
{%- endmacro %}

{#- Coupons: what one takes off an amount, and what several take off the lines of a document, one after the other. -#}

{% macro coupon_order(discount_order, kind) -%}
    {#- What coupons are sorted by before the order they were given in: a convention may take percentages first. -#}
    case when {{ discount_order }} = 'percent_then_fixed' and {{ kind }} = 'fixed' then 1 else 0 end
{%- endmacro %}

{% macro coupon_left(kind, value_numerator, value_denominator, used_numerator, used_denominator) -%}
    {#- What is left of a coupon that was used before; of a percentage nothing is ever used up. Its denominator is the product
        of both. -#}
    (case
        when {{ kind }} = 'fixed'
            then ({{ value_numerator }}) * ({{ used_denominator }}) - ({{ used_numerator }}) * ({{ value_denominator }})
        else ({{ value_numerator }}) * ({{ used_denominator }})
    end)
{%- endmacro %}

{% macro coupon_numerator(kind, value_numerator, value_denominator, base_numerator, base_denominator, digits, mode) -%}
    {#- What a coupon takes off base_numerator / base_denominator, never less than nothing nor more than the base. A
        percentage is rounded; a fixed value is not. The denominator is base_denominator * coupon_multiple. -#}
    {%- set percent_numerator = times(base_numerator, value_numerator) -%}
    {%- set percent_denominator = times('(' ~ base_denominator ~ ') * 100', value_denominator) -%}
    greatest(
        least(
            case
                when {{ kind }} = 'fixed' then {{ times(value_numerator, base_denominator) }}
                when ({{ mode }}) is null then {{ percent_numerator }}
                else {{ times(base_denominator, round_ratio_as(percent_numerator, percent_denominator, digits, mode)) }}
            end,
            {{ times(base_numerator, coupon_multiple(kind, value_denominator, mode)) }}
        ),
        0
    )
{%- endmacro %}

{% macro coupon_multiple(kind, value_denominator, mode) -%}
    {#- How much finer than its base what a coupon takes is measured. -#}
    (case
        when {{ kind }} = 'fixed' then ({{ value_denominator }})
        when ({{ mode }}) is null then 100 * ({{ value_denominator }})
        else 1
    end)
{%- endmacro %}


{#-
    Coupons taken off the lines of documents, in order, each on what the ones before it left.

    lines: relation, one row a line (document_id, line_no), with
        amount_numerator, scale   the amount: numerator over scale, one scale a document (1 for decimals)
    coupons: relation, one row a coupon (document_id, coupon_no from 1 without gaps, in the order they are taken), with
        kind                      percent (12.5 = 12.5 %) or fixed
        value_numerator, value_denominator   what it is worth, less what of it was used before
        allocation                how the lines share it: largest_remainder (to the unit of `digits`), exact (in proportion),
                                  or line (a percentage of each line by itself, rounded by line, on credits as well)
        digits, mode              rounding of a percentage; a mode of null rounds nothing
    scopes: relation, one row a line that a coupon counts for (document_id, coupon_no, line_no)
    count: as of steps(): a query for the most coupons of a document, where the engine asks for it

    A coupon never takes more than its lines hold. Lines share it in proportion to what they still hold.
    Gives one row a line and step (document_id, line_no, coupon_no; coupon_no 0 is the line before all coupons):
        held_numerator, scale     what the line holds after the step
        taken_numerator           what the step took off the line, over the same scale
        is_last                   whether the line holds this after all coupons
-#}
{% macro take_coupons(lines, coupons, scopes, count=none) -%}
    with recursive counted as (
        select
            document_id,
            max(coupon_no) as coupon_count
        from {{ coupons }} as coupons
        group by document_id
    ),

    {{ steps('walk', lines_before_coupons(lines), lines_after_coupon(coupons, scopes), count) }}

    select
        document_id,
        line_no,
        coupon_no,
        held_numerator,
        scale,
        taken_numerator,
        coupon_no = coupon_count as is_last
    from walk
{%- endmacro %}


{#- Every amount of a document has one denominator (scale) at a time, so that what its lines hold is summed exactly. -#}
{% macro lines_before_coupons(lines) -%}
    select
        lines.document_id,
        lines.line_no,
        cast(0 as bigint) as coupon_no,
        coalesce(counted.coupon_count, 0) as coupon_count,
        cast(lines.amount_numerator as {{ exact_number() }}) as held_numerator,
        cast(lines.scale as {{ exact_number() }}) as scale,
        cast(0 as {{ exact_number() }}) as taken_numerator
    from {{ lines }} as lines
    left join counted on lines.document_id = counted.document_id
{%- endmacro %}


{#- The lines of `walk` after the next coupon of their document. -#}
{% macro lines_after_coupon(coupons, scopes) -%}
    {%- set value = ['kind', 'value_numerator', 'value_denominator'] -%}
    {%- set rounding = ['digits', 'mode'] -%}
    {%- set unit = power_of_ten('digits') -%}
    select
        document_id,
        line_no,
        coupon_no,
        coupon_count,
        next_numerator as held_numerator,
        {{ times('scale', 'widening') }} as scale,
        {{ times('held_numerator', 'widening') }} - next_numerator as taken_numerator
    from (
        select
            ranked.*,
            case
                when not in_scope then {{ times('held_numerator', 'widening') }}
                when allocation = 'line'
                    then {{ times('held_numerator', 'widening') }}
                        - case when held_numerator < 0 then -taken_of_base else taken_of_base end
                when allocation = 'exact' then {{ times('held_numerator', 'kept') }}
                when taken_of_base = 0 then held_numerator
                else
                    held_numerator - {{ times('scale', power_of_ten('-digits')) }} * (
                        share_floor + case when rest_rank <= units_taken - floor_sum then 1 else 0 end
                    )
            end as next_numerator
        from (
            select
                shared.*,
                sum(case when in_scope then share_floor else 0 end) over (partition by document_id) as floor_sum,
                row_number() over (
                    partition by document_id order by in_scope desc, share_rest desc, line_no asc
                ) as rest_rank
            from (
                select
                    taken.*,
                    case
                        when allocation = 'line' then multiple
                        when allocation = 'exact' and taken_of_base <> 0
                            then {{ whole_quotient(times('base', 'multiple'), 'divisor') }}
                        else 1
                    end as widening,
                    case
                        when allocation = 'exact' and taken_of_base <> 0
                            then {{ whole_quotient(times('base', 'multiple') ~ ' - taken_of_base', 'divisor') }}
                        else 1
                    end as kept,
                    case
                        when allocation = 'largest_remainder'
                            then {{ quotient(times('taken_of_base', unit), times('scale', 'multiple')) }}
                    end as units_taken,
                    case
                        when allocation = 'largest_remainder' then {{ floor_of_ratio(
                            times(times('taken_of_base', unit), 'held_numerator'),
                            'nullif(' ~ times(times('scale', 'multiple'), 'base') ~ ', 0)'
                        ) }}
                    end as share_floor,
                    case
                        when allocation = 'largest_remainder' then {{ rest_of_ratio(
                            times(times('taken_of_base', unit), 'held_numerator'),
                            'nullif(' ~ times(times('scale', 'multiple'), 'base') ~ ', 0)'
                        ) }}
                    end as share_rest
                from (
                    select
                        based.*,
                        {{ coupon_numerator(*(value + ['base', 'scale'] + rounding)) }} as taken_of_base,
                        {{ coupon_multiple('kind', 'value_denominator', 'mode') }} as multiple,
                        {{ greatest_common_divisor(
                            times('base', coupon_multiple('kind', 'value_denominator', 'mode')),
                            coupon_numerator(*(value + ['base', 'scale'] + rounding))
                        ) }} as divisor
                    from (
                        select
                            stepped.*,
                            case
                                when allocation = 'line' then abs(held_numerator)
                                else
                                    sum(case when in_scope then held_numerator else 0 end) over (
                                        partition by document_id
                                    )
                            end as base
                        from (
                            select
                                walk.document_id,
                                walk.line_no,
                                walk.coupon_count,
                                walk.held_numerator,
                                walk.scale,
                                coupons.coupon_no,
                                coupons.kind,
                                coupons.value_numerator,
                                coupons.value_denominator,
                                coupons.allocation,
                                coupons.digits,
                                coupons.mode,
                                scopes.line_no is not null as in_scope
                            from walk
                            inner join {{ coupons }} as coupons
                                on
                                    walk.document_id = coupons.document_id
                                    and walk.coupon_no + 1 = coupons.coupon_no
                            left join {{ scopes }} as scopes
                                on
                                    coupons.document_id = scopes.document_id
                                    and coupons.coupon_no = scopes.coupon_no
                                    and walk.line_no = scopes.line_no
                        ) as stepped
                    ) as based
                ) as taken
            ) as shared
        ) as ranked
    ) as kept
{%- endmacro %}


{#-
    The coupons of documents, and behind them the credit that is taken before tax as if it were one more fixed coupon.

    coupons: as take_coupons wants them. documents: relation, one row a document (document_id), with
        credit_numerator, credit_denominator   the credit before tax; 0 and null are none
        allocation, digits, mode               as of a coupon
    Gives the columns of coupons and is_credit.
-#}
{% macro with_credit_before_tax(coupons, documents) -%}
    select
        document_id,
        coupon_no,
        kind,
        value_numerator,
        value_denominator,
        allocation,
        digits,
        mode,
        false as is_credit
    from {{ coupons }} as coupons
    union all
    select
        documents.document_id,
        coalesce(counted.coupon_count, 0) + 1 as coupon_no,
        'fixed' as kind,
        documents.credit_numerator as value_numerator,
        documents.credit_denominator as value_denominator,
        documents.allocation,
        documents.digits,
        documents.mode,
        true as is_credit
    from {{ documents }} as documents
    left join (
        select
            document_id,
            max(coupon_no) as coupon_count
        from {{ coupons }} as coupons
        group by document_id
    ) as counted on documents.document_id = counted.document_id
    where documents.credit_numerator > 0
{%- endmacro %}


{#-
    What coupons leave of lines, and the discounts in whole minor units: those of a document add up to what its coupons make
    together, rounded once.

    lines: relation, one row a line (document_id, line_no), with gross_minor and rounding_mode
    walk: the steps that take_coupons gave for the documents that have coupons

    Gives one row a line (document_id, line_no): taxable_numerator, taxable_scale (exact) and discount_minor.
-#}
{% macro discounts_of_lines(lines, walk) -%}
    {%- set discounted -%}
    (
        select
            lines.document_id as allocation_id,
            lines.line_no as item_no,
            lines.gross_minor,
            walk.held_numerator,
            walk.scale,
            lines.gross_minor * walk.scale - walk.held_numerator as share_numerator,
            walk.scale as share_denominator,
            0 as digits,
            cast(null as {{ exact_number() }}) as tie_key,
            {{ round_ratio_as(
                '(sum(lines.gross_minor * walk.scale - walk.held_numerator) over (partition by lines.document_id))',
                'walk.scale', '0', 'lines.rounding_mode'
            ) }} as total
        from {{ lines }} as lines
        inner join {{ walk }} as walk
            on lines.document_id = walk.document_id and lines.line_no = walk.line_no and walk.is_last
    )
    {%- endset -%}
    select
        lines.document_id,
        lines.line_no,
        coalesce(told.held_numerator, lines.gross_minor) as taxable_numerator,
        coalesce(told.scale, 1) as taxable_scale,
        cast(coalesce(told.part, 0) as bigint) as discount_minor
    from {{ lines }} as lines
    left join (
        {{ whole_shares(discounted) }}
    ) as told on lines.document_id = told.allocation_id and lines.line_no = told.item_no
{%- endmacro %}

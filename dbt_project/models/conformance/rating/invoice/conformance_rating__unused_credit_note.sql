with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'amount')) }}
        * {{ numerator_of(json_text('inputs', 'unused_days')) }}
        * {{ denominator_of(json_text('inputs', 'period_days')) }} as share_numerator,
        {{ denominator_of(json_text('inputs', 'amount')) }}
        * {{ denominator_of(json_text('inputs', 'unused_days')) }}
        * {{ numerator_of(json_text('inputs', 'period_days')) }} as share_denominator,
        coalesce({{ numerator_of(json_text('inputs', 'tax_rate_pct')) }}, 0) as rate_numerator,
        {{ denominator_of(json_text('inputs', 'tax_rate_pct')) }} * 100 as rate_denominator,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

notes as (
    select
        cases.*,
        nullif(share_denominator, 0) as denominator
    from cases
),

credited as (
    select
        case_id,
        {{ rounded_numerator('share_numerator', 'denominator', 'digits', 'mode') }} as item_numerator,
        {{ rounded_denominator('denominator', 'mode') }} as item_denominator,
        {{ rounded_numerator(
            'share_numerator * rate_numerator', 'denominator * rate_denominator', 'digits', 'mode'
        ) }} as tax_numerator,
        {{ rounded_denominator('denominator * rate_denominator', 'mode') }} as tax_denominator
    from notes
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'item', {{ ratio_text('item_numerator', 'item_denominator') }},
            'tax', {{ ratio_text('tax_numerator', 'tax_denominator') }},
            'total', {{ ratio_text(
                'item_numerator * tax_denominator + tax_numerator * item_denominator',
                'item_denominator * tax_denominator'
            ) }}
        ) as outputs
    from credited
)

select * from final

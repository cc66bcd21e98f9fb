with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'amount') }} as given_amount,
        coalesce({{ json_text('inputs', 'previously_billed') }}, '0') as given_billed,
        {{ json_text('inputs', 'min') }} as given_minimum,
        {{ json_text('inputs', 'max') }} as given_maximum,
        coalesce({{ json_text('inputs', 'last_line') }}, 'true') = 'true' as is_last_line
    from {{ conformance_cases() }} as cases
),

scaled as (
    select
        cases.*,
        {{ denominator_of('given_amount') }}
        * {{ denominator_of('given_billed') }}
        * {{ denominator_of('given_minimum') }}
        * {{ denominator_of('given_maximum') }} as scale
    from cases
),

amounts as (
    select
        case_id,
        scale,
        is_last_line,
        {{ in_scale('given_amount', 'scale') }} as amount,
        {{ in_scale('given_billed', 'scale') }} as previously_billed,
        {{ in_scale('given_minimum', 'scale') }} as minimum_amount,
        {{ in_scale('given_maximum', 'scale') }} as maximum_amount
    from scaled
),

bounded as (
    {{ bounded_amounts('amounts') }}
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'amount', {{ ratio_text('bounded_amount', 'scale') }},
            'max_discount', {{ ratio_text('max_discount', 'scale') }},
            'min_top_up', {{ ratio_text('min_top_up', 'scale') }}
        ) as outputs
    from bounded
)

select * from final

with

sales as (
    select
        case_id,
        cast({{ json_text('inputs', 'units') }} as numeric) as units,
        cast({{ json_text('inputs', 'unit_price') }} as numeric) as unit_price,
        cast({{ json_text('inputs', 'unit_cost') }} as numeric) as unit_cost,
        cast({{ json_text('inputs', 'expected_returned') }} as numeric) as expected_returned
    from {{ conformance_cases() }} as cases
),

sold as (
    {{ sales_with_returns('sales') }}
),

final as (
    select
        case_id,
        jsonb_build_object(
            'revenue', cast(revenue as text),
            'refund_liability', cast(refund_liability as text),
            'cogs', cast(cogs as text),
            'right_to_recover_asset', cast(right_to_recover_asset as text)
        ) as outputs
    from sold
)

select * from final

with

prices as (
    select * from {{ latest_version(source('catalog', 'prices')) }} as latest
),

final as (
    select
        prices.record_id as price_code,
        {{ json_text('amounts.element', 'value') }} as dimension_value,
        {{ to_numeric(json_text('amounts.element', 'unit_amount')) }} as unit_amount,
        prices.is_deleted,
        prices.load_id,
        prices.line_no,
        prices.delivered_on
    from prices
    cross join {{ json_array_elements(json_node('prices.payload', 'unit_amounts'), 'amounts') }}
)

select * from final

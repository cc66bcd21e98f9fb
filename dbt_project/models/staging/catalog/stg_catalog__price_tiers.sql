with

prices as (
    select * from {{ latest_version(source('catalog', 'prices')) }} as latest
),

final as (
    select
        prices.record_id as price_code,
        tiers.position as tier_no,
        {{ to_numeric(json_text('tiers.element', 'up_to')) }} as up_to,
        {{ to_numeric(json_text('tiers.element', 'unit_amount')) }} as unit_amount,
        {{ to_numeric(json_text('tiers.element', 'flat_amount')) }} as flat_amount,
        {{ to_numeric(json_text('tiers.element', 'rate_pct')) }} as rate_pct,
        {{ to_numeric(json_text('tiers.element', 'cap_amount')) }} as cap_amount,
        {{ to_numeric(json_text('tiers.element', 'block_size')) }} as block_size,
        {{ to_numeric(json_text('tiers.element', 'max_blocks')) }} as max_blocks,
        prices.is_deleted,
        prices.load_id,
        prices.line_no,
        prices.delivered_on
    from prices
    cross join {{ json_array_elements(json_node('prices.payload', 'tiers'), 'tiers') }}
)

select * from final

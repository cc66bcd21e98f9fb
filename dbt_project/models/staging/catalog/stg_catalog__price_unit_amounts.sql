with

prices as (
    select * from {{ latest_version(source('catalog', 'prices')) }} as latest
),

listed as (
    select
        prices.*,
        0 as tier_no,
        {{ json_node('prices.payload', 'unit_amounts') }} as unit_amounts
    from prices
    union all
    select
        prices.*,
        tiers.position as tier_no,
        {{ json_node('tiers.element', 'unit_amounts') }} as unit_amounts
    from prices
    cross join {{ json_array_elements(json_node('prices.payload', 'tiers'), 'tiers') }}
),

final as (
    select
        listed.record_id as price_code,
        listed.tier_no,
        {{ json_text('amounts.element', 'value') }} as dimension_value,
        {{ to_numeric(json_text('amounts.element', 'unit_amount')) }} as unit_amount,
        listed.is_deleted,
        listed.load_id,
        listed.line_no,
        listed.delivered_on
    from listed
    cross join {{ json_array_elements('listed.unit_amounts', 'amounts') }}
)

select * from final

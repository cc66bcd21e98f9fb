with

prices as (
    select * from {{ latest_version(source('stripe', 'prices')) }} as latest
),

-- The last tier has no end; the API writes null, exports write inf.
final as (
    select
        prices.record_id as price_id,
        tiers.position as tier_no,
        lower({{ json_text('prices.payload', 'currency') }}) as currency,
        {{ to_numeric("nullif(" ~ json_text('tiers.element', 'up_to') ~ ", 'inf')") }} as up_to,
        {{ stripe_minor_exact(
            "coalesce(" ~ coalesced([
                json_text('tiers.element', 'unit_amount_decimal'), json_text('tiers.element', 'unit_amount')
            ]) ~ ", '0')",
            json_text('prices.payload', 'currency')
        ) }} as unit_amount_minor,
        {{ stripe_minor_exact(
            "coalesce(" ~ coalesced([
                json_text('tiers.element', 'flat_amount_decimal'), json_text('tiers.element', 'flat_amount')
            ]) ~ ", '0')",
            json_text('prices.payload', 'currency')
        ) }} as flat_amount_minor,
        prices.is_deleted,
        prices.load_id,
        prices.line_no,
        prices.delivered_on
    from prices
    cross join {{ json_array_elements(json_node('prices.payload', 'tiers'), 'tiers') }}
)

select * from final

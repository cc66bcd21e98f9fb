with

records as (
    select * from {{ latest_version(source('stripe', 'invoice_line_items')) }} as latest
),

final as (
    select
        record_id as invoice_line_id,
        {{ json_reference('payload', 'invoice') }} as invoice_id,
        coalesce(
            {{ json_reference('payload', 'subscription') }},
            {{ json_reference('payload', 'parent', 'subscription_item_details', 'subscription') }},
            {{ json_reference('payload', 'parent', 'invoice_item_details', 'subscription') }}
        ) as subscription_id,
        coalesce(
            {{ json_reference('payload', 'subscription_item') }},
            {{ json_reference('payload', 'parent', 'subscription_item_details', 'subscription_item') }}
        ) as subscription_item_id,
        coalesce(
            {{ json_reference('payload', 'invoice_item') }},
            {{ json_reference('payload', 'parent', 'invoice_item_details', 'invoice_item') }},
            {{ json_reference('payload', 'parent', 'subscription_item_details', 'invoice_item') }}
        ) as invoice_item_id,
        {{ coalesced([
            json_text('payload', 'pricing', 'price_details', 'price'),
            json_text('payload', 'price', 'id'),
        ]) }} as price_id,
        coalesce(
            {{ json_reference('payload', 'pricing', 'price_details', 'product') }},
            {{ json_reference('payload', 'price', 'product') }}
        ) as product_id,
        {{ to_boolean(coalesced([
            json_text('payload', 'proration'),
            json_text('payload', 'parent', 'subscription_item_details', 'proration'),
            json_text('payload', 'parent', 'invoice_item_details', 'proration'),
        ])) }} as is_proration,
        {{ to_boolean(json_text('payload', 'discountable')) }} as is_discountable,
        {{ json_text('payload', 'description') }} as description,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ to_numeric(coalesced([
            json_text('payload', 'quantity_decimal'),
            json_text('payload', 'quantity'),
        ])) }} as quantity,
        {{ stripe_minor_exact(coalesced([
            json_text('payload', 'pricing', 'unit_amount_decimal'),
            json_text('payload', 'price', 'unit_amount_decimal'),
        ]), json_text('payload', 'currency')) }} as unit_amount_minor,
        {{ stripe_minor(json_text('payload', 'amount'), json_text('payload', 'currency')) }} as amount_minor,
        {{ stripe_minor_sum(
            json_node('payload', 'discount_amounts'),
            'amount',
            json_text('payload', 'currency')
        ) }} as discount_minor,
        {{ stripe_exclusive_tax(
            json_node('payload', 'taxes'),
            json_node('payload', 'tax_amounts'),
            json_text('payload', 'currency')
        ) }} as tax_minor,
        {{ epoch_to_timestamp(json_text('payload', 'period', 'start')) }} as period_start_at,
        {{ epoch_to_timestamp(json_text('payload', 'period', 'end')) }} as period_end_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final

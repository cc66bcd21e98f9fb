{#- A period that is printed otherwise leaves a charge without a line and a line without a charge. -#}
with

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
),

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed and charge_key is not null
),

final as (
    select
        'left' as side,
        expected_lines.billing_system,
        expected_lines.charge_id as row_id,
        expected_lines.charge_key,
        expected_lines.subscription_item_id,
        {{ kind_of_period('expected_lines.line_kind') }} as period_kind,
        expected_lines.period_start,
        expected_lines.period_end
    from expected_lines
    where
        not exists (
            select 1
            from invoice_lines
            where
                invoice_lines.charge_key = expected_lines.charge_key
                and invoice_lines.billing_system = expected_lines.billing_system
        )
    union all
    select
        'right' as side,
        invoice_lines.billing_system,
        invoice_lines.invoice_line_id as row_id,
        invoice_lines.charge_key,
        invoice_lines.subscription_item_id,
        {{ kind_of_period('invoice_lines.line_kind') }} as period_kind,
        invoice_lines.period_start,
        invoice_lines.period_end
    from invoice_lines
    where
        invoice_lines.subscription_item_id is not null
        and not exists (
            select 1
            from expected_lines
            where
                expected_lines.charge_key = invoice_lines.charge_key
                and expected_lines.billing_system = invoice_lines.billing_system
        )
)

select * from final

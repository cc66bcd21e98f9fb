{#- The side of B1 and B2 that rating expects: one row an expected invoice line of the billing system. -#}
{% macro expected_lines_side(billing_system) -%}
with

expected_lines as (
    select * from {{ ref('int_billing__expected_invoice_lines') }}
    where billing_system = '{{ billing_system }}'
),

charges as (
    select * from {{ ref('int_billing__charges') }}
),

-- Charges that one line bills together are compared with it as one; their quantities say nothing about its own.
regrouped as (
    select * from {{ ref('recon_regrouped_lines') }}
    where side = 'left' and billing_system = '{{ billing_system }}'
),

final as (
    select
        coalesce(regrouped.tracking_key, expected_lines.charge_key) as tracking_key,
        expected_lines.charge_id as row_id,
        expected_lines.account_id,
        expected_lines.currency,
        expected_lines.net_minor as amount_minor,
        case when regrouped.row_id is null then expected_lines.quantity end as quantity,
        expected_lines.expected_on as business_on,
        expected_lines.expected_on as due_on,
        'charge ' || expected_lines.charge_id as evidence,
        expected_lines.price_code,
        expected_lines.line_kind,
        charges.unit_amount_minor,
        expected_lines.gross_minor,
        expected_lines.discount_minor,
        cast(null as text) as period_fault
    from expected_lines
    inner join charges on expected_lines.charge_id = charges.charge_id
    left join regrouped on expected_lines.charge_id = regrouped.row_id
)

select * from final
{%- endmacro %}


{#- The side of B1 and B2 that was invoiced: one row a billed invoice line of the billing system. -#}
{% macro invoiced_lines_side(billing_system) -%}
with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where billing_system = '{{ billing_system }}' and is_billed
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

regrouped as (
    select * from {{ ref('recon_regrouped_lines') }}
    where side = 'right' and billing_system = '{{ billing_system }}'
),

-- Who pays for whom is declared: a line on the invoice of the parent counts as the child's own.
paid_by_parent as (
    select
        subscriptions.subscription_id,
        subscriptions.account_id,
        parents.account_id as payer_account_id
    from {{ ref('int_billing__subscriptions') }} as subscriptions
    inner join {{ ref('int_customers__crosswalk') }} as children on subscriptions.account_id = children.account_id
    inner join {{ ref('stg_crm__accounts') }} as crm_accounts
        on children.crm_account_id = crm_accounts.crm_account_id
    inner join {{ ref('int_customers__crosswalk') }} as parents
        on crm_accounts.parent_account_id = parents.crm_account_id
    where subscriptions.billing_system = '{{ billing_system }}' and not crm_accounts.is_deleted
),

-- A line that no subscription item or order stands behind has no key of a charge; it is its own.
final as (
    select
        coalesce(regrouped.tracking_key, invoice_lines.charge_key, invoice_lines.invoice_line_id) as tracking_key,
        invoice_lines.invoice_line_id as row_id,
        coalesce(paid_by_parent.account_id, invoice_lines.account_id) as account_id,
        invoice_lines.currency,
        invoice_lines.net_minor as amount_minor,
        case
            when regrouped.row_id is null or regrouped.period_fault is not null then invoice_lines.quantity
        end as quantity,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as due_on,
        'line ' || invoice_lines.invoice_line_id || ' of ' || invoice_lines.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoice_lines.line_no') }} || ')', '') as evidence,
        invoice_lines.price_code,
        invoice_lines.line_kind,
        invoice_lines.unit_amount_minor,
        invoice_lines.gross_minor,
        invoice_lines.discount_minor,
        regrouped.period_fault
    from invoice_lines
    left join loads on invoice_lines.load_id = loads.load_id
    left join regrouped on invoice_lines.invoice_line_id = regrouped.row_id
    left join paid_by_parent
        on
            invoice_lines.subscription_id = paid_by_parent.subscription_id
            and invoice_lines.account_id = paid_by_parent.payer_account_id
)

select * from final
{%- endmacro %}

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

final as (
    select
        expected_lines.charge_key as tracking_key,
        expected_lines.charge_id as row_id,
        expected_lines.account_id,
        expected_lines.currency,
        expected_lines.net_minor as amount_minor,
        expected_lines.quantity,
        expected_lines.expected_on as business_on,
        expected_lines.expected_on as due_on,
        'charge ' || expected_lines.charge_id as evidence,
        expected_lines.price_code,
        expected_lines.line_kind,
        charges.unit_amount_minor,
        expected_lines.gross_minor,
        expected_lines.discount_minor
    from expected_lines
    inner join charges on expected_lines.charge_id = charges.charge_id
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

-- A line that no subscription item or order stands behind has no key of a charge; it is its own.
final as (
    select
        coalesce(invoice_lines.charge_key, invoice_lines.invoice_line_id) as tracking_key,
        invoice_lines.invoice_line_id as row_id,
        invoice_lines.account_id,
        invoice_lines.currency,
        invoice_lines.net_minor as amount_minor,
        invoice_lines.quantity,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as due_on,
        'line ' || invoice_lines.invoice_line_id || ' of ' || invoice_lines.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoice_lines.line_no') }} || ')', '') as evidence,
        invoice_lines.price_code,
        invoice_lines.line_kind,
        invoice_lines.unit_amount_minor,
        invoice_lines.gross_minor,
        invoice_lines.discount_minor
    from invoice_lines
    left join loads on invoice_lines.load_id = loads.load_id
)

select * from final
{%- endmacro %}

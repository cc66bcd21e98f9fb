{#- What the models of quarantine know about the objects that land. -#}

{#- The raw tables of documents: system, object as its folder is named, and the name of its source. -#}
{% macro landed_objects() -%}
    {%- set plain = {
        'control_plane': ['accounts', 'entitlements', 'provisioning'],
        'catalog': ['plans', 'prices', 'meters', 'conventions', 'policies'],
        'stripe': [
            'customers', 'products', 'prices', 'coupons', 'tax_rates', 'subscriptions', 'invoices', 'invoice_line_items',
            'invoice_payments', 'credit_notes', 'charges', 'payment_intents', 'refunds', 'disputes',
            'balance_transactions', 'payouts', 'payout_balance_transactions', 'events', 'meters', 'meter_event_summaries',
            'balance_summaries',
        ],
        'erp': [
            'customer', 'item', 'account', 'accountingperiod', 'subsidiary', 'currency', 'currencyrate', 'transaction',
            'transactionline', 'transactionaccountingline',
        ],
        'bank': ['statements'],
        'tax': ['rates', 'exemptions'],
        'fx': ['rates'],
        'usage': ['control_totals'],
    } -%}
    {%- set crm = {
        'Account': 'account',
        'Opportunity': 'opportunity',
        'OpportunityLineItem': 'opportunity_line_item',
        'Quote': 'quote',
        'QuoteLineItem': 'quote_line_item',
        'Order': 'order',
        'OrderItem': 'order_item',
        'Contract': 'contract',
        'Product2': 'product2',
        'PricebookEntry': 'pricebook_entry',
    } -%}
    {%- set found = [] -%}
    {%- for system, objects in plain.items() -%}
        {%- for object in objects -%}
            {%- do found.append((system, object, source(system, object))) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for object, name in crm.items() -%}
        {%- do found.append(('crm', object, source('crm', name))) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#- The field with the amount of a record, by system and object; Stripe's in minor units, the others' in major ones. -#}
{% macro amount_fields() -%}
    {{ return([
        ('stripe', 'invoices', 'total'),
        ('stripe', 'invoice_line_items', 'amount'),
        ('stripe', 'invoice_payments', 'amount_paid'),
        ('stripe', 'credit_notes', 'total'),
        ('stripe', 'charges', 'amount'),
        ('stripe', 'payment_intents', 'amount'),
        ('stripe', 'refunds', 'amount'),
        ('stripe', 'disputes', 'amount'),
        ('stripe', 'balance_transactions', 'amount'),
        ('stripe', 'payouts', 'amount'),
        ('crm', 'Opportunity', 'Amount'),
        ('crm', 'OpportunityLineItem', 'TotalPrice'),
        ('crm', 'Quote', 'GrandTotal'),
        ('crm', 'QuoteLineItem', 'TotalPrice'),
        ('crm', 'Order', 'TotalAmount'),
        ('crm', 'OrderItem', 'TotalPrice'),
        ('erp', 'transaction', 'foreigntotal'),
    ]) }}
{%- endmacro %}


{#- The amount of a record as text, from the field that its object has it in; `records` has system and object. -#}
{% macro amount_of_record(document) -%}
    case
            {%- for system, object, field in amount_fields() %}
            when system = '{{ system }}' and object = '{{ object }}' then {{ json_text(document, field) }}
            {%- endfor %}
        end
{%- endmacro %}


{#- Every later delivery of a quarantined record (relation `records`), as a select over the raw tables of all objects. -#}
{% macro later_deliveries() -%}
    {%- for system, object, relation in landed_objects() %}
    {{ 'union all' if not loop.first }}
    select
        records.load_id,
        records.line_no,
        delivered.load_seq
    from records
    inner join {{ relation }} as delivered
        on records.record_id = delivered.record_id and records.load_seq < delivered.load_seq
    where
        records.system = '{{ system }}' and records.object = '{{ object }}'
        {{ known_by_as_of('delivered.known_at') }}
    {%- endfor %}
{%- endmacro %}


{#- The UTC days of usage events in quarantine, a list of dates, so that only those of the events that landed are read. -#}
{% macro quarantined_usage_days() -%}
    {%- set query -%}
        select distinct occurred_on from {{ ref('int_quarantine__identified_events') }} order by 1
    {%- endset -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {{ return(run_query(query).columns[0].values() | list) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{%- endmacro %}

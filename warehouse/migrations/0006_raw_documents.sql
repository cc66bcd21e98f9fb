-- One table per object of a business system, all of one shape: a record as it was delivered, never changed.
do $$
declare
    table_name text;
begin
    foreach table_name in array array[
        'usage__control_totals',
        'control_plane__accounts', 'control_plane__entitlements', 'control_plane__provisioning',
        'catalog__plans', 'catalog__prices', 'catalog__meters', 'catalog__conventions', 'catalog__policies',
        'stripe__customers', 'stripe__products', 'stripe__prices', 'stripe__coupons', 'stripe__tax_rates',
        'stripe__subscriptions', 'stripe__invoices', 'stripe__invoice_line_items', 'stripe__invoice_payments',
        'stripe__credit_notes', 'stripe__charges', 'stripe__payment_intents', 'stripe__refunds',
        'stripe__disputes', 'stripe__balance_transactions', 'stripe__payouts',
        'stripe__payout_balance_transactions', 'stripe__events', 'stripe__meters',
        'stripe__meter_event_summaries',
        'crm__account', 'crm__opportunity', 'crm__opportunity_line_item', 'crm__quote', 'crm__quote_line_item',
        'crm__order', 'crm__order_item', 'crm__contract', 'crm__product2', 'crm__pricebook_entry',
        'erp__customer', 'erp__item', 'erp__account', 'erp__accountingperiod', 'erp__subsidiary',
        'erp__currency', 'erp__currencyrate', 'erp__transaction', 'erp__transactionline',
        'erp__transactionaccountingline',
        'bank__statements',
        'tax__rates', 'tax__exemptions',
        'fx__rates'
    ] loop
        execute format(
            $table$
            create table raw.%1$I (
                load_id uuid not null,
                load_seq bigint not null,
                line_no bigint not null,
                delivered_on date not null,
                known_at timestamptz not null default clock_timestamp(),
                record_id text not null,
                source_updated_at timestamptz,
                record_hash text not null,
                is_deleted boolean not null default false,
                api_version text,
                payload jsonb not null,
                primary key (load_id, line_no)
            )
            $table$,
            table_name
        );
        execute format('create index on raw.%I (record_id)', table_name);
        execute format(
            'comment on table raw.%I is %L',
            table_name, 'Grain: load_id, line_no. One row per delivered version of a record; only ever added to.'
        );
    end loop;
end
$$;

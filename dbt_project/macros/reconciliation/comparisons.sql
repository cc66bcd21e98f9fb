{#- Every comparison that is run: the control it belongs to, its own name, its model and the populations it compares. -#}
{% macro comparisons() -%}
    {{ return([
        {'control_id': 'U1', 'name': 'announced_to_landed', 'left': 'recon_u1__announced', 'right': 'recon_u1__landed'},
        {'control_id': 'U1', 'name': 'files_to_contents', 'left': 'recon_u1__files', 'right': 'recon_u1__contents'},
        {'control_id': 'U2', 'name': 'landing_identity', 'left': 'recon_u2__received', 'right': 'recon_u2__accounted'},
        {'control_id': 'U3', 'name': 'events_to_aggregates', 'left': 'recon_u3__events', 'right': 'recon_u3__aggregates'},
        {'control_id': 'U4', 'name': 'usage_to_external_meter', 'left': 'recon_u4__counted', 'right': 'recon_u4__metered'},
        {'control_id': 'U5', 'name': 'usage_to_contracts', 'left': 'recon_u5__used', 'right': 'recon_u5__contracted'},
        {'control_id': 'U5', 'name': 'contracts_to_usage', 'left': 'recon_u5__live_meters', 'right': 'recon_u5__meters_in_use'},
        {'control_id': 'B1', 'name': 'rated_to_invoiced', 'left': 'recon_b1__expected', 'right': 'recon_b1__invoiced'},
        {'control_id': 'B2', 'name': 'rated_to_erp', 'left': 'recon_b2__expected', 'right': 'recon_b2__invoiced'},
        {'control_id': 'B2', 'name': 'invoices_to_purchase_orders', 'left': 'recon_b2__purchase_orders', 'right': 'recon_b2__printed_purchase_orders'},
        {'control_id': 'B3', 'name': 'lines_to_totals', 'left': 'recon_b3__line_sums', 'right': 'recon_b3__totals'},
        {'control_id': 'B3', 'name': 'totals_to_due', 'left': 'recon_b3__should_be_due', 'right': 'recon_b3__printed_due'},
        {'control_id': 'B3', 'name': 'statuses_to_remaining', 'left': 'recon_b3__should_remain', 'right': 'recon_b3__printed_remaining'},
        {'control_id': 'B3', 'name': 'numbers_in_series', 'left': 'recon_b3__numbers_found', 'right': 'recon_b3__numbers_expected'},
        {'control_id': 'B4', 'name': 'invoices_to_erp', 'left': 'recon_b4__invoices', 'right': 'recon_b4__erp_invoices'},
        {'control_id': 'B4', 'name': 'credit_notes_to_erp', 'left': 'recon_b4__credit_notes', 'right': 'recon_b4__erp_credit_notes'},
        {'control_id': 'B5', 'name': 'items_to_charges', 'left': 'recon_b5__sold_items', 'right': 'recon_b5__rated_items'},
        {'control_id': 'B5', 'name': 'periods_to_charges', 'left': 'recon_b5__served_periods', 'right': 'recon_b5__rated_periods'},
        {'control_id': 'B5', 'name': 'waivers_to_terms', 'left': 'recon_b5__waivers_attached', 'right': 'recon_b5__waivers_in_term'},
        {'control_id': 'O1', 'name': 'orders_to_contract_lines', 'left': 'recon_o1__order_lines', 'right': 'recon_o1__contract_lines'},
        {'control_id': 'O3', 'name': 'quotes_to_orders', 'left': 'recon_o3__quote_lines', 'right': 'recon_o3__order_lines'},
        {'control_id': 'C1', 'name': 'invoices_to_payments', 'left': 'recon_c1__due', 'right': 'recon_c1__paid'},
        {'control_id': 'C3', 'name': 'transactions_in_payouts', 'left': 'recon_c3__transactions', 'right': 'recon_c3__members'},
        {'control_id': 'C3', 'name': 'payout_sums', 'left': 'recon_c3__member_sums', 'right': 'recon_c3__payouts'},
        {'control_id': 'C4', 'name': 'payouts_to_bank', 'left': 'recon_c4__payouts', 'right': 'recon_c4__bank_entries'},
        {'control_id': 'O2', 'name': 'subscriptions_to_accounts', 'left': 'recon_o2__subscriptions', 'right': 'recon_o2__served_accounts'},
        {'control_id': 'O2', 'name': 'paid_to_entitled', 'left': 'recon_o2__paid_quantities', 'right': 'recon_o2__entitlements'},
        {'control_id': 'C2', 'name': 'charges_to_transactions', 'left': 'recon_c2__charges', 'right': 'recon_c2__transactions'},
        {'control_id': 'C2', 'name': 'fees_to_schedule', 'left': 'recon_c2__fees_kept', 'right': 'recon_c2__fees_scheduled'},
        {'control_id': 'C6', 'name': 'statements_to_entries', 'left': 'recon_c6__carried', 'right': 'recon_c6__closing'},
        {'control_id': 'C7', 'name': 'refunds_to_credit_notes', 'left': 'recon_c7__refunds', 'right': 'recon_c7__credit_notes'},
        {'control_id': 'C7', 'name': 'reversals_to_transactions', 'left': 'recon_c7__reversals', 'right': 'recon_c7__reversals_booked'},
        {'control_id': 'C7', 'name': 'refunds_to_charges', 'left': 'recon_c7__refundable', 'right': 'recon_c7__refunded'},
        {'control_id': 'C7', 'name': 'notes_to_periods', 'left': 'recon_c7__notes_issued', 'right': 'recon_c7__notes_posted'},
        {'control_id': 'T1', 'name': 'rates_to_lines', 'left': 'recon_t1__expected', 'right': 'recon_t1__printed'},
        {'control_id': 'T1', 'name': 'documents_to_payable', 'left': 'recon_t1__document_taxes', 'right': 'recon_t1__payable'},
        {'control_id': 'T1', 'name': 'notes_to_taxes', 'left': 'recon_t1__notes_taxable', 'right': 'recon_t1__notes_reversed'},
        {'control_id': 'M2', 'name': 'catalogue_to_systems', 'left': 'recon_m2__catalogue', 'right': 'recon_m2__systems'},
        {'control_id': 'M2', 'name': 'tiers_to_stripe', 'left': 'recon_m2__catalogue_tiers', 'right': 'recon_m2__stripe_tiers'},
        {'control_id': 'F1', 'name': 'rates_to_documents', 'left': 'recon_f1__used_rates', 'right': 'recon_f1__table_rates'},
        {'control_id': 'P1', 'name': 'closed_to_current', 'left': 'recon_p1__as_closed', 'right': 'recon_p1__current'},
        {'control_id': 'P2', 'name': 'control_health', 'left': 'recon_p2__scheduled', 'right': 'recon_p2__observed'},
    ]) }}
{%- endmacro %}


{% macro control_model(comparison) -%}
    {{ return('recon_' ~ comparison.control_id | lower ~ '__' ~ comparison.name) }}
{%- endmacro %}

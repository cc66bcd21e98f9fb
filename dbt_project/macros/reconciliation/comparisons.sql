{#- Every comparison that is run: the control it belongs to, its own name, its model and the populations it compares. -#}
{% macro comparisons() -%}
    {{ return([
        {'control_id': 'U1', 'name': 'announced_to_landed', 'left': 'recon_u1__announced', 'right': 'recon_u1__landed'},
        {'control_id': 'U2', 'name': 'landing_identity', 'left': 'recon_u2__received', 'right': 'recon_u2__accounted'},
        {'control_id': 'B1', 'name': 'rated_to_invoiced', 'left': 'recon_b1__expected', 'right': 'recon_b1__invoiced'},
        {'control_id': 'B2', 'name': 'rated_to_erp', 'left': 'recon_b2__expected', 'right': 'recon_b2__invoiced'},
        {'control_id': 'C1', 'name': 'invoices_to_payments', 'left': 'recon_c1__due', 'right': 'recon_c1__paid'},
        {'control_id': 'C3', 'name': 'transactions_in_payouts', 'left': 'recon_c3__transactions', 'right': 'recon_c3__members'},
        {'control_id': 'C3', 'name': 'payout_sums', 'left': 'recon_c3__member_sums', 'right': 'recon_c3__payouts'},
        {'control_id': 'C4', 'name': 'payouts_to_bank', 'left': 'recon_c4__payouts', 'right': 'recon_c4__bank_entries'},
        {'control_id': 'O2', 'name': 'subscriptions_to_accounts', 'left': 'recon_o2__subscriptions', 'right': 'recon_o2__served_accounts'},
        {'control_id': 'O2', 'name': 'paid_to_entitled', 'left': 'recon_o2__paid_quantities', 'right': 'recon_o2__entitlements'},
    ]) }}
{%- endmacro %}


{% macro control_model(comparison) -%}
    {{ return('recon_' ~ comparison.control_id | lower ~ '__' ~ comparison.name) }}
{%- endmacro %}

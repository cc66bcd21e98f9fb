{# Macros of dbt_project/macros that write much SQL, as sqlfluff sees them: shape.py. One that is not here is read as it is. #}

{% macro aged_receivables() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro amounts_of_lines() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro block_counts() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro common_denominators() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro convert_units() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro cost_to_cost_revenue() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro credit_notes() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro discounts_of_lines() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro document_taxes() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro erp_records_side() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro expected_lines_side() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro invoice_statement_side() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro invoiced_lines_side() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro ledger_to_gl_side() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro line_sums() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro matched_receipts() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro metered_quantities() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro modified_periods() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro modified_units() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro months_of_case_lines() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro obligations_at_month_ends() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro percent_discounted_amounts() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro percentage_transactions() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro plan_pieces() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro posted_rollforward() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro prepaid_postings() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro prorated_event_amounts() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro rated_case_lines() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro remaining_obligations() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro schedule_months() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro take_coupons() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro tier_splits() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro usage_accruals() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro usage_cells_side() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro usage_states() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro usage_states_by_basis() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}
{% macro with_period_status() %}{{ shape.relation(varargs, kwargs) }}{% endmacro %}

{% macro coupon_left() %}{{ shape.expression('coupon_left', varargs, kwargs) }}{% endmacro %}
{% macro coupon_numerator() %}{{ shape.expression('coupon_numerator', varargs, kwargs) }}{% endmacro %}
{% macro crm_id_18() %}{{ shape.expression('crm_id_18', varargs, kwargs) }}{% endmacro %}
{% macro currency_exponent() %}{{ shape.expression('currency_exponent', varargs, kwargs) }}{% endmacro %}
{% macro denominator_of() %}{{ shape.expression('denominator_of', varargs, kwargs) }}{% endmacro %}
{% macro exact_of() %}{{ shape.expression('exact_of', varargs, kwargs) }}{% endmacro %}
{% macro functional_minor() %}{{ shape.expression('functional_minor', varargs, kwargs) }}{% endmacro %}
{% macro minor_units_of_ratio() %}{{ shape.expression('minor_units_of_ratio', varargs, kwargs) }}{% endmacro %}
{% macro numerator_of() %}{{ shape.expression('numerator_of', varargs, kwargs) }}{% endmacro %}
{% macro prorated_as() %}{{ shape.expression('prorated_as', varargs, kwargs) }}{% endmacro %}
{% macro prorated_text() %}{{ shape.expression('prorated_text', varargs, kwargs) }}{% endmacro %}
{% macro ratio_text() %}{{ shape.expression('ratio_text', varargs, kwargs) }}{% endmacro %}
{% macro round_ratio_as() %}{{ shape.expression('round_ratio_as', varargs, kwargs) }}{% endmacro %}
{% macro rounded_numerator() %}{{ shape.expression('rounded_numerator', varargs, kwargs) }}{% endmacro %}
{% macro stripe_minor() %}{{ shape.expression('stripe_minor', varargs, kwargs) }}{% endmacro %}
{% macro stripe_minor_exact() %}{{ shape.expression('stripe_minor_exact', varargs, kwargs) }}{% endmacro %}

{# Lists of days, which a database knows. #}
{% macro resummed_usage_days() %}{% endmacro %}
{% macro touched_usage_partitions() %}{% endmacro %}

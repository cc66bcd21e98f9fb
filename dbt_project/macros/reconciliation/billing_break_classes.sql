{#-
    Compared charges and invoice lines with break_class. A line whose period is printed otherwise has the name of that, and a line that agrees on
    the invoice of another customer is that customer's. A differing amount is refined by what else differs: the price that was used (by its
    code, and where the system prints it by its rate), the discount when the gross agrees, the share of the period of a proration, the
    tiers of a usage line (unless the system's lines have none: an ERP prices usage as one amount). What is left has the rate and the quantity right: the discount again where there is one.
-#}
{% macro billing_break_classes(relation, missing, unexpected, compares_rates=false, names_tiers=true) -%}
    select
        {{ relation }}.*,
        case
            when right_period_fault is not null and outcome in ('QUANTITY', 'AMOUNT', 'ROUNDING', 'MATCHED')
                then right_period_fault
            when outcome in ('ROUNDING', 'MATCHED') and left_account_id <> right_account_id then 'WRONG_CUSTOMER'
            when outcome = 'AMOUNT' and left_price_code <> right_price_code then 'PRICE_VERSION'
            {%- if compares_rates %}
            when outcome = 'AMOUNT' and left_unit_amount_minor <> right_unit_amount_minor then 'PRICE_VERSION'
            {%- endif %}
            when outcome = 'AMOUNT' and left_gross_minor = right_gross_minor then 'DISCOUNT'
            when outcome = 'AMOUNT' and left_line_kind in ('proration_credit', 'proration_charge') then 'PRORATION'
            {%- if names_tiers %}
            when outcome = 'AMOUNT' and left_line_kind = 'usage' then 'TIER'
            {%- endif %}
            when outcome = 'AMOUNT' and left_discount_minor <> 0 then 'DISCOUNT'
            else {{ named_outcome({
                'DUPLICATE': 'DOUBLE_BILL', 'MISSING_RIGHT': missing, 'MISSING_LEFT': unexpected, 'QUANTITY': 'QTY',
            }) }}
        end as break_class
    from {{ relation }}
{%- endmacro %}

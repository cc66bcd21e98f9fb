{#-
    Severity by the share of the month's billings in the break's currency: S1 from 0.5 %, S2 from 0.05 % or a customer charged too much,
    S3 from 0.005 %, S4 below. A break without an amount, or of nothing, has the severity of its control; an amount never lowers S1 of a control whose
    breaks are missing cash or lost usage.
-#}
{% macro break_severity(amount_minor, billed_minor, severity_base, is_over_billing) -%}
    case
        when {{ severity_base }} = 'S1' or coalesce({{ amount_minor }}, 0) = 0 then {{ severity_base }}
        when coalesce({{ billed_minor }}, 0) <= 0 then {{ severity_base }}
        when abs({{ amount_minor }}) * 1000 >= {{ billed_minor }} * 5 then 'S1'
        when {{ is_over_billing }} or abs({{ amount_minor }}) * 10000 >= {{ billed_minor }} * 5 then 'S2'
        when abs({{ amount_minor }}) * 100000 >= {{ billed_minor }} * 5 then 'S3'
        else 'S4'
    end
{%- endmacro %}

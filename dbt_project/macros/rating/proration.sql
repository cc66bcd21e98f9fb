{#- Shares of a period. The amount is multiplied first and divided last, so that one rounding decides. -#}

{% macro prorated_exact(amount, active, whole) -%}
    {#- Unrounded share, kept as evidence; never summed into an invoice. -#}
    (({{ amount }}) * ({{ active }}) / ({{ whole }}))
{%- endmacro %}

{% macro prorated_minor(amount, active, whole) -%}
    {#- round(amount * active / whole) in minor units, half away from zero; `active` and `whole` count one unit. -#}
    {{ round_ratio('(' ~ amount ~ ') * (' ~ active ~ ')', whole) }}
{%- endmacro %}

{% macro capped_credit(potential, paid, already_credited='0') -%}
    {#- A credit never exceeds what was paid and not yet credited. -#}
    greatest(least(({{ potential }}), ({{ paid }}), ({{ paid }}) - ({{ already_credited }})), 0)
{%- endmacro %}

{% macro months_of(interval_name, interval_count) -%}
    {#- Length of a billing interval in months. -#}
    (
        ({{ interval_count }})
        * case {{ interval_name }} when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end
    )
{%- endmacro %}

{% macro share_units(proration_unit, start_at, end_at) -%}
    {#- Length of [start, end) in the unit a billing convention prorates by. By day, the day of a change belongs to what
        follows it. -#}
    (case
        when {{ proration_unit }} = 'day' then {{ days_between(utc_date(start_at), utc_date(end_at)) }}
        else {{ seconds_between(start_at, end_at) }}
    end)
{%- endmacro %}

{% macro billing_interval_of(billing_frequency) -%}
    {#- The catalogue's interval of a billing frequency as the CRM writes it; null for a frequency we do not know. -#}
    (case {{ billing_frequency }}
        when 'Monthly' then 'month'
        when 'Quarterly' then 'quarter'
        when 'Annually' then 'year'
    end)
{%- endmacro %}

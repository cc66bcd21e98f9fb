{#- Shares of a period. The amount is multiplied first and divided last, so that one rounding decides. -#}

{% macro capped_credit(potential, paid, already_credited='0') -%}
    {#- A credit never exceeds what was paid and not yet credited. -#}
    greatest(least(({{ potential }}), ({{ paid }}), ({{ paid }}) - ({{ already_credited }})), 0)
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

{% macro prorated_as(amount, active, whole, digits, mode) -%}
    {#- The share of an amount given as text (a decimal or a fraction), rounded as data says; exact only when it is. -#}
    {{ round_ratio_as(
        numerator_of(amount) ~ ' * (' ~ active ~ ')',
        denominator_of(amount) ~ ' * nullif(' ~ whole ~ ', 0)',
        digits,
        mode
    ) }}
{%- endmacro %}

{% macro prorated_text(amount, active, whole, digits, mode) -%}
    {#- The same as text; without a mode the exact fraction. -#}
    {{ ratio_text(
        numerator_of(amount) ~ ' * (' ~ active ~ ')',
        denominator_of(amount) ~ ' * nullif(' ~ whole ~ ', 0)',
        digits,
        mode
    ) }}
{%- endmacro %}

{% macro common_days(start, end, other_start, other_end) -%}
    {#- Days that two half-open intervals of dates have in common. -#}
    greatest({{ days_between(
        'greatest(' ~ start ~ ', ' ~ other_start ~ ')', 'least(' ~ end ~ ', ' ~ other_end ~ ')'
    ) }}, 0)
{%- endmacro %}

{% macro common_seconds(start, end, other_start, other_end) -%}
    {#- Seconds that two half-open intervals of instants have in common. -#}
    greatest({{ seconds_between(
        'greatest(' ~ start ~ ', ' ~ other_start ~ ')', 'least(' ~ end ~ ', ' ~ other_end ~ ')'
    ) }}, 0)
{%- endmacro %}

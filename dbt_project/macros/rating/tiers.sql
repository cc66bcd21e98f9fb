{#- Charge models. Tier k covers (lower, upper] on real numbers; an upper bound of null is unbounded.
    `billed` is what the same period was already billed for: a line of q units after p covers (p, p + q]. -#}

{% macro units_in_tier(quantity, lower, upper, billed='0') -%}
    {#- Units of (billed, billed + quantity] that lie inside (lower, upper]. -#}
    greatest(
        least(({{ billed }}) + ({{ quantity }}), coalesce({{ upper }}, ({{ billed }}) + ({{ quantity }})))
        - greatest(({{ billed }}), ({{ lower }})),
        0
    )
{%- endmacro %}

{% macro tier_is_entered(quantity, lower, billed='0', zero_usage='none') -%}
    {#- A flat fee is due once, by the line that takes the first unit of the tier. With zero_usage = first_flat a line
        of no units enters the first tier too. -#}
    (case
        when ({{ lower }}) = 0
            then ({{ billed }}) = 0 {%- if zero_usage != 'first_flat' %} and ({{ quantity }}) > 0 {%- endif %}
        else ({{ billed }}) <= ({{ lower }}) and ({{ billed }}) + ({{ quantity }}) > ({{ lower }})
    end)
{%- endmacro %}

{% macro graduated_tier_amount(quantity, lower, upper, unit_amount, flat_amount, billed='0', zero_usage='none') -%}
    {#- What one tier adds to a graduated charge. -#}
    (
        {{ units_in_tier(quantity, lower, upper, billed) }} * ({{ unit_amount }})
        + case when {{ tier_is_entered(quantity, lower, billed, zero_usage) }} then ({{ flat_amount }}) else 0 end
    )
{%- endmacro %}

{% macro is_volume_tier(quantity, lower, upper, zero_usage='none') -%}
    {#- Whether the tier is the one that holds the whole quantity. No tier holds 0 unless zero_usage = first_flat. -#}
    (
        (({{ quantity }}) > ({{ lower }}) and (({{ upper }}) is null or ({{ quantity }}) <= ({{ upper }})))
        {%- if zero_usage == 'first_flat' %} or (({{ quantity }}) = 0 and ({{ lower }}) = 0){% endif %}
    )
{%- endmacro %}

{% macro volume_tier_amount(quantity, lower, upper, unit_amount, flat_amount, zero_usage='none') -%}
    {#- What one tier adds to a volume charge: everything when it holds the quantity, else nothing. -#}
    (case
        when {{ is_volume_tier(quantity, lower, upper, zero_usage) }}
            then ({{ quantity }}) * ({{ unit_amount }}) + ({{ flat_amount }})
        else 0
    end)
{%- endmacro %}

{% macro package_count(quantity, package_size, free_units='0', partial='up') -%}
    {#- Packages that the quantity needs after the free units; a started package counts, unless partial = down. -#}
    (
        {{ floor_ratio('greatest((' ~ quantity ~ ') - (' ~ free_units ~ '), 0)', package_size) }}
        {%- if partial == 'up' %}
        + case when mod(greatest(({{ quantity }}) - ({{ free_units }}), 0), ({{ package_size }})) > 0 then 1 else 0 end
        {%- endif %}
    )
{%- endmacro %}

{% macro package_amount(quantity, package_size, package_price, free_units='0', partial='up', billed='0') -%}
    {#- Packages of the running total less the packages already billed. -#}
    (
        (
            {{ package_count('(' ~ billed ~ ') + (' ~ quantity ~ ')', package_size, free_units, partial) }}
            - {{ package_count(billed, package_size, free_units, partial) }}
        ) * ({{ package_price }})
    )
{%- endmacro %}

{% macro units_over_allowance(quantity, allowance) -%}
    {#- Units that a period's allowance does not cover. No allowance: all of them. -#}
    greatest(({{ quantity }}) - coalesce({{ allowance }}, 0), 0)
{%- endmacro %}

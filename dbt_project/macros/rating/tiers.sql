{#- Prices in tiers and packages. Tier k covers (lower, upper] on real numbers; an upper bound of null is unbounded.
    `billed` is what the same period was already billed for: a line of q units after p covers (p, p + q]. -#}

{% macro units_in_tier(quantity, lower, upper, billed='0') -%}
    {#- Units of (billed, billed + quantity] that lie inside (lower, upper]. -#}
    {%- if billed != '0' -%}
    greatest(least(({{ billed }}) + ({{ quantity }}), ({{ upper }})) - greatest(({{ billed }}), ({{ lower }})), 0)
    {%- else -%}
    greatest(least(({{ quantity }}), ({{ upper }})) - ({{ lower }}), 0)
    {%- endif -%}
{%- endmacro %}

{% macro tier_is_entered(quantity, lower, billed, zero_usage) -%}
    {#- A flat fee is due once, by the line that takes the first unit of the tier. With zero_usage = first_flat a line
        of no units enters the first tier too. -#}
    {%- if billed != '0' -%}
    (case
        when ({{ lower }}) = 0
            then ({{ billed }}) = 0 and (({{ quantity }}) > 0 or ({{ zero_usage }}) = 'first_flat')
        else ({{ billed }}) <= ({{ lower }}) and ({{ billed }}) + ({{ quantity }}) > ({{ lower }})
    end)
    {%- else -%}
    (({{ quantity }}) > ({{ lower }}) or (({{ lower }}) = 0 and ({{ zero_usage }}) = 'first_flat'))
    {%- endif -%}
{%- endmacro %}

{% macro is_volume_tier(quantity, selector, lower, upper, zero_usage) -%}
    {#- Whether the tier is the one that holds `selector`, and so prices the whole quantity. No tier holds 0 units unless
        zero_usage = first_flat. -#}
    (
        (({{ quantity }}) <> 0 or ({{ zero_usage }}) = 'first_flat')
        and (({{ selector }}) > ({{ lower }}) or (({{ selector }}) = 0 and ({{ lower }}) = 0))
        and (({{ upper }}) is null or ({{ selector }}) <= ({{ upper }}))
    )
{%- endmacro %}

{% macro whole_units(quantity, denominator) -%}
    {#- quantity / denominator rounded up to whole units, as a numerator over the same denominator. -#}
    (({{ quantity }}) + mod(({{ denominator }}) - mod(({{ quantity }}), ({{ denominator }})), ({{ denominator }})))
{%- endmacro %}

{#-
    Set macro: one row a line and tier of its price, with what the tier adds. `line_tiers` has a row for every line and
    every tier of its price:
      charge_model                     graduated, graduated_percentage or volume
      quantity, billed                 units, numerators over quantity_denominator
      lower_bound, upper_bound         of the tier, numerators over the same denominator
      quantity_denominator             1, unless a conversion left a fraction of a unit
      selector_quantity, tier_select   volume: what selects the tier (null: the quantity), exact or ceil
      zero_usage                       none or first_flat
      unit_amount                      of one unit
      flat_amount, cap_amount          of the tier, times quantity_denominator; a cap of null is none
      amount_denominator               what the amounts are numerators over
      tier_digits, tier_mode           rounding of each tier's amount; a mode of null leaves it exact
    `billed` is an expression over it; '0' where every line is the first of its period, which then needs no such column.
    It adds tier_quantity (numerator over quantity_denominator), is_entered (the flat amount is due) and
    amount_numerator (over amount_denominator, exact).
-#}
{% macro tier_splits(line_tiers, billed='billed') -%}
    {%- set selector -%}
        coalesce(selector_quantity, case tier_select
            when 'ceil' then {{ whole_units('quantity', 'quantity_denominator') }}
            else quantity
        end)
    {%- endset -%}
    {%- set held = is_volume_tier('quantity', selector, 'lower_bound', 'upper_bound', 'zero_usage') -%}
    {%- set flat = 'case when is_entered then flat_amount else 0 end' -%}
    {%- set rounded = round_ratio_as('amount_exact', 'amount_denominator', 'tier_digits', 'tier_mode') -%}
    select
        amounts.*,
        case
            when tier_mode is null then amount_exact
            else {{ times(rounded, 'amount_denominator') }}
        end as amount_numerator
    from (
        select
            units.*,
            case
                when cap_amount is null then {{ times('tier_quantity', 'unit_amount') }} + {{ flat }}
                when charge_model = 'volume' then least({{ times('tier_quantity', 'unit_amount') }}, cap_amount) + {{ flat }}
                else
                    least({{ times('tier_quantity + tier_quantity_billed', 'unit_amount') }}, cap_amount)
                    - least({{ times('tier_quantity_billed', 'unit_amount') }}, cap_amount)
                    + {{ flat }}
            end as amount_exact
        from (
            select
                line_tiers.*,
                case
                    when charge_model <> 'volume'
                        then {{ units_in_tier('quantity', 'lower_bound', 'upper_bound', billed) }}
                    when {{ held }} then quantity
                    else 0
                end as tier_quantity,
                case
                    when cap_amount is null then 0
                    else {{ units_in_tier(billed, 'lower_bound', 'upper_bound') }}
                end as tier_quantity_billed,
                case
                    when charge_model = 'volume' then {{ held }}
                    else {{ tier_is_entered('quantity', 'lower_bound', billed, 'zero_usage') }}
                end as is_entered
            from {{ line_tiers }} as line_tiers
        ) as units
    ) as amounts
{%- endmacro %}

{% macro package_count(quantity, package_size, free_units, partial) -%}
    {#- Packages that the quantity needs after the free units; a started package counts, unless partial = down. -#}
    (
        {{ floor_ratio('greatest((' ~ quantity ~ ') - (' ~ free_units ~ '), 0)', package_size) }}
        + case
            when ({{ partial }}) = 'down' then 0
            when mod(greatest(({{ quantity }}) - ({{ free_units }}), 0), ({{ package_size }})) > 0 then 1
            else 0
        end
    )
{%- endmacro %}

{% macro packages_of_line(quantity, billed, package_size, free_units, partial) -%}
    {#- Packages of the running total less the packages already billed. -#}
    (
        {{ package_count('(' ~ billed ~ ') + (' ~ quantity ~ ')', package_size, free_units, partial) }}
        - {{ package_count(billed, package_size, free_units, partial) }}
    )
{%- endmacro %}

{#-
    Set macro: what every line costs before any rounding, as a numerator over amount_denominator. `lines` has a row a line:
      the keys of a line (`keys`), charge_model
      quantity, billed, package_size, free_quantity   units, numerators over quantity_denominator
      quantity_denominator, partial_package (up or down)
      unit_amount, amount_denominator                 of one unit (or package), and what amounts are numerators over
    `part_totals` has the summed parts (tiers, transactions, blocks, values of a dimension) of the lines that are priced
    by parts: keys, amount_numerator. Adds packages and amount_numerator.
-#}
{% macro amounts_of_lines(lines, part_totals, keys=['line_id']) -%}
    {%- set priced_by_parts = "('graduated', 'graduated_percentage', 'volume', 'percentage', 'matrix', 'blocks')" -%}
    select
        counted.*,
        case
            when counted.charge_model in {{ priced_by_parts }} then coalesce(part_totals.amount_numerator, 0)
            when counted.charge_model = 'package'
                then {{ times(times('counted.packages', 'counted.unit_amount'), 'counted.quantity_denominator') }}
            when counted.charge_model in ('standard', 'dynamic', 'flat', 'per_unit')
                then {{ times('counted.quantity', 'counted.unit_amount') }}
        end as amount_numerator
    from (
        select
            lines.*,
            case
                when lines.charge_model = 'package' then {{ packages_of_line(
                    'lines.quantity', 'lines.billed', 'nullif(lines.package_size, 0)', 'lines.free_quantity', 'lines.partial_package'
                ) }}
            end as packages
        from {{ lines }} as lines
    ) as counted
    left join {{ part_totals }} as part_totals
        on
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}counted.{{ key }} = part_totals.{{ key }}
            {%- endfor %}
{%- endmacro %}

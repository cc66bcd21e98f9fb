{#- What the worked cases of prices share: a price written as JSON becomes the relations that the rating macros take. -#}

{#-
    `lines` has case_id, line_no, price (JSON), quantity and billed (numerators over quantity_denominator), round_digits
    and round_mode. Gives every line with amount_numerator over amount_denominator (exact), amount (text: rounded, else
    exact), packages and tier_amounts (JSON array of texts). Fractions in a price are taken to one denominator a price.
-#}
{% macro rated_case_lines(lines) -%}
    with

    lines as (
        select
            case_id,
            line_no,
            case_id || '|' || cast(line_no as {{ text_type() }}) as line_id,
            price,
            {{ json_text('price', 'model') }} as charge_model,
            quantity,
            billed,
            quantity_denominator,
            round_digits,
            round_mode
        from {{ lines }}
    ),

    given_tiers as (
        select
            lines.line_id,
            tiers.position as tier_no,
            {{ json_text('tiers.element', 'up_to') }} as up_to,
            coalesce(
                {{ json_text('tiers.element', 'unit_price') }}, {{ json_text('tiers.element', 'rate_pct') }}, '0'
            ) as unit_price,
            case when {{ json_text('tiers.element', 'unit_price') }} is null then 100 else 1 end as price_parts,
            coalesce({{ json_text('tiers.element', 'flat_fee') }}, '0') as flat_fee,
            {{ json_text('tiers.element', 'cap') }} as cap
        from lines
        cross join {{ json_array_elements(json_node('lines.price', 'tiers'), 'tiers') }}
    ),

    tier_scales as (
        select
            line_id,
            {{ least_common_multiple_of(denominator_of('up_to')) }} as bound_scale,
            {{ least_common_multiple_of(denominator_of('unit_price') ~ ' * price_parts') }}
            * {{ least_common_multiple_of(denominator_of('flat_fee')) }}
            * {{ least_common_multiple_of(denominator_of('cap')) }} as price_scale
        from given_tiers
        group by line_id
    ),

    given_prices as (
        select
            lines.*,
            coalesce(tier_scales.price_scale, 1) as tier_price_scale,
            coalesce(
                {{ json_text('price', 'unit_price') }},
                {{ json_text('price', 'multiplier') }},
                {{ json_text('price', 'package_price') }},
                '0'
            ) as unit_price,
            {{ json_text('price', 'package_size') }} as package_size,
            coalesce({{ json_text('price', 'free_units') }}, '0') as free_units,
            {{ json_text('price', 'tier_quantity') }} as tier_quantity,
            coalesce({{ json_text('price', 'partial') }}, 'up') as partial_package,
            coalesce({{ json_text('price', 'zero_usage') }}, 'none') as zero_usage,
            coalesce({{ json_text('price', 'tier_select') }}, 'exact') as tier_select,
            cast({{ json_text('price', 'round_per_tier', 'digits') }} as integer) as tier_digits,
            {{ json_text('price', 'round_per_tier', 'mode') }} as tier_mode,
            coalesce(tier_scales.bound_scale, 1) as bound_scale
        from lines
        left join tier_scales on lines.line_id = tier_scales.line_id
    ),

    scaled as (
        select
            given_prices.*,
            bound_scale
            * {{ denominator_of('package_size') }}
            * {{ denominator_of('free_units') }}
            * {{ denominator_of('tier_quantity') }} as quantity_scale,
            tier_price_scale * {{ denominator_of('unit_price') }} as price_scale
        from given_prices
    ),

    priced_lines as (
        select
            line_id,
            case_id,
            line_no,
            charge_model,
            quantity * quantity_scale as quantity,
            billed * quantity_scale as billed,
            quantity_denominator * quantity_scale as quantity_denominator,
            {{ in_scale('package_size', 'quantity_denominator * quantity_scale') }} as package_size,
            {{ in_scale('free_units', 'quantity_denominator * quantity_scale') }} as free_quantity,
            {{ in_scale('tier_quantity', 'quantity_denominator * quantity_scale') }} as selector_quantity,
            partial_package,
            zero_usage,
            tier_select,
            tier_digits,
            tier_mode,
            price_scale,
            {{ numerator_of('unit_price') }} * tier_price_scale as unit_amount,
            quantity_denominator * quantity_scale * price_scale as amount_denominator,
            round_digits,
            round_mode
        from scaled
    ),

    line_tiers as (
        select
            priced_lines.line_id,
            priced_lines.charge_model,
            priced_lines.quantity,
            priced_lines.billed,
            priced_lines.quantity_denominator,
            priced_lines.selector_quantity,
            priced_lines.zero_usage,
            priced_lines.tier_select,
            priced_lines.tier_digits,
            priced_lines.tier_mode,
            priced_lines.amount_denominator,
            given_tiers.tier_no,
            {{ in_scale('given_tiers.up_to', 'priced_lines.quantity_denominator') }} as upper_bound,
            coalesce(lag({{ in_scale('given_tiers.up_to', 'priced_lines.quantity_denominator') }}) over (
                partition by priced_lines.line_id order by given_tiers.tier_no
            ), 0) as lower_bound,
            {{ in_scale('given_tiers.unit_price', 'priced_lines.price_scale', 'given_tiers.price_parts') }}
                as unit_amount,
            {{ in_scale('given_tiers.flat_fee', 'priced_lines.amount_denominator') }} as flat_amount,
            {{ in_scale('given_tiers.cap', 'priced_lines.amount_denominator') }} as cap_amount
        from priced_lines
        inner join given_tiers on priced_lines.line_id = given_tiers.line_id
    ),

    splits as (
        {{ tier_splits('line_tiers') }}
    ),

    tier_totals as (
        select
            line_id,
            sum(amount_numerator) as amount_numerator,
            {{ json_list(ratio_text('amount_numerator', 'amount_denominator'), 'tier_no') }} as tier_amounts
        from splits
        group by line_id
    ),

    amounts as (
        {{ amounts_of_lines('priced_lines', 'tier_totals') }}
    )

    select
        amounts.case_id,
        amounts.line_no,
        amounts.amount_numerator,
        amounts.amount_denominator,
        {{ ratio_text('amounts.amount_numerator', 'amounts.amount_denominator', 'amounts.round_digits', 'amounts.round_mode') }}
            as amount,
        amounts.packages,
        tier_totals.tier_amounts
    from amounts
    left join tier_totals on amounts.line_id = tier_totals.line_id
{%- endmacro %}

{% macro rounding_digits_of(price, inputs) -%}
    {#- Decimals that a case rounds an amount to; the price's own rounding comes first. -#}
    cast(coalesce({{ json_text(price, 'round', 'digits') }}, {{ json_text(inputs, 'round', 'digits') }}) as integer)
{%- endmacro %}

{% macro rounding_mode_of(price, inputs) -%}
    coalesce({{ json_text(price, 'round', 'mode') }}, {{ json_text(inputs, 'round', 'mode') }})
{%- endmacro %}

{% macro exact_of(number) -%}
    {#- A number given as text: a decimal exactly, a fraction to 60 decimals. -#}
    (case
        when {{ number }} like '%/%' then {{ precise_ratio(numerator_of(number), denominator_of(number)) }}
        else {{ exact_from_text(number) }}
    end)
{%- endmacro %}

{#-
    Stripe's integer amounts follow Stripe's own exponents (seed `currencies`, column stripe_exponent): two decimals for ISK and UGX, none for
    MGA, where ISO 4217 says the opposite. These macros give minor units of ISO 4217; test stripe_amounts_are_scaled_where_exponents_differ keeps the list honest.
-#}

{#- Exact (numeric), for unit prices with fractions of a cent. -#}
{% macro stripe_minor_exact(amount, currency) -%}
    case lower({{ currency }})
            when 'isk' then {{ to_numeric(amount) }} / 100
            when 'ugx' then {{ to_numeric(amount) }} / 100
            when 'mga' then {{ to_numeric(amount) }} * 100
            else {{ to_numeric(amount) }}
        end
{%- endmacro %}


{#- Whole minor units (bigint); a text that is no whole number is null. -#}
{% macro stripe_minor(amount, currency) -%}
    {{ stripe_minor_of_number(to_bigint(amount), currency) }}
{%- endmacro %}


{#- The same for a whole number that needs no cast. -#}
{% macro stripe_minor_of_number(amount, currency) -%}
    cast(case lower({{ currency }})
            when 'isk' then {{ amount }} / 100
            when 'ugx' then {{ amount }} / 100
            when 'mga' then {{ amount }} * 100
            else {{ amount }}
        end as bigint)
{%- endmacro %}


{#- Sum of one amount field over the objects of a JSON array, whole minor units. -#}
{% macro stripe_minor_sum(node, field, currency) -%}
    {{ stripe_minor_of_number(json_array_sum(node, field), currency) }}
{%- endmacro %}


{#-
    Tax that stands on top of an amount, whole minor units. `taxes` is the list since API 2025-03-31 (tax_behavior), `tax_amounts` the one
    before (inclusive); inclusive tax is part of the amount already and does not count.
-#}
{% macro stripe_exclusive_tax(taxes, tax_amounts, currency) -%}
    {{ stripe_minor_of_number(
        json_array_sum(json_first_array(taxes, tax_amounts), 'amount', unless={'tax_behavior': 'inclusive', 'inclusive': 'true'}), currency
    ) }}
{%- endmacro %}


{#-
    The part of a credit note that was given before (`pre_payment`) or after (`post_payment`) its invoice was paid, as text. Versions that do not
    say it know notes of one type only: the whole amount is of that type.
-#}
{% macro stripe_credit_note_part(part) -%}
    {{ coalesced([
        json_text('payload', part ~ '_amount'),
        "case " ~ json_text('payload', 'type') ~ " when '" ~ part ~ "' then " ~ json_text('payload', 'amount') ~ " else '0' end",
    ]) }}
{%- endmacro %}

{#- How many days after its own a rate may be used: the value of the policy `fx_max_age_days` (text), 7 without one. -#}
{% macro fx_max_age_days(policy_value) -%}
    coalesce({{ to_bigint(policy_value) }}, 7)
{%- endmacro %}


{#- Whether a rate differs from the ratio numerator / denominator by more than one in ten thousand; null without a ratio. -#}
{% macro is_other_rate(rate, numerator, denominator) -%}
    abs({{ rate }} * {{ denominator }} - {{ numerator }}) * 10000 > {{ numerator }}
{%- endmacro %}


{#-
    CTEs `direct`, `through_euro` and `found`: the rate of every day and pair of the CTE `needed` (rate_on, from_currency,
    to_currency), by the CTE `spans` (int_fx__quote_spans). A day and pair without a rate has no row in `found`.
-#}
{% macro rates_found() -%}
-- A pair that is quoted itself, one way or the other, needs no detour.
direct as (
    select
        needed.rate_on,
        needed.from_currency,
        needed.to_currency,
        spans.method,
        spans.rate_numerator,
        spans.rate_denominator,
        spans.rate_on as quoted_on,
        spans.max_age_days,
        spans.file_line
    from needed
    inner join spans
        on
            needed.from_currency = spans.from_currency
            and needed.to_currency = spans.to_currency
            and needed.rate_on >= spans.valid_from
            and needed.rate_on < spans.valid_to
),

through_euro as (
    select
        needed.rate_on,
        needed.from_currency,
        needed.to_currency,
        'cross' as method,
        {{ multiply('into_euro.rate_numerator', 'out_of_euro.rate_numerator') }} as rate_numerator,
        {{ multiply('into_euro.rate_denominator', 'out_of_euro.rate_denominator') }} as rate_denominator,
        least(into_euro.rate_on, out_of_euro.rate_on) as quoted_on,
        least(into_euro.max_age_days, out_of_euro.max_age_days) as max_age_days,
        into_euro.file_line || ', ' || out_of_euro.file_line as file_line
    from needed
    inner join spans as into_euro
        on
            needed.from_currency = into_euro.from_currency
            and into_euro.to_currency = 'eur'
            and needed.rate_on >= into_euro.valid_from
            and needed.rate_on < into_euro.valid_to
    inner join spans as out_of_euro
        on
            needed.to_currency = out_of_euro.to_currency
            and out_of_euro.from_currency = 'eur'
            and needed.rate_on >= out_of_euro.valid_from
            and needed.rate_on < out_of_euro.valid_to
    left join direct
        on
            needed.rate_on = direct.rate_on
            and needed.from_currency = direct.from_currency
            and needed.to_currency = direct.to_currency
    where direct.rate_on is null
),

found as (
    select * from direct
    union all
    select * from through_euro
)
{%- endmacro %}

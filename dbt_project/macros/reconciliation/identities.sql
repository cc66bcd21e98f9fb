{#- What tells a customer across systems that share no id. -#}

{#- The domain of an e-mail address or website: lower case, without www; null of nothing. A person's name is left behind. -#}
{% macro domain_of(address) -%}
    nullif(
        split_part(
            case
                when {{ address }} like '%@%' then split_part(lower({{ address }}), '@', 2)
                when {{ address }} like '%://www.%' then split_part(lower({{ address }}), '://www.', 2)
                when {{ address }} like '%://%' then split_part(lower({{ address }}), '://', 2)
                when {{ address }} like 'www.%' then split_part(lower({{ address }}), 'www.', 2)
                else lower({{ address }})
            end,
            '/', 1
        ),
        ''
    )
{%- endmacro %}


{#- A tax id as it is compared: letters and digits alone, upper case; null of nothing. -#}
{% macro tax_id_text(tax_id) -%}
    nullif(replace({{ words_of(tax_id) }}, ' ', ''), '')
{%- endmacro %}


{#- A side of M1 over what the records of an account state, one row a record and attribute: all of them, or those that agree. -#}
{% macro identities_side(agreed_only) -%}
with

identities as (
    select * from {{ ref('recon_m1__identities') }}
    {%- if agreed_only %}
    where is_agreed
    {%- endif %}
),

final as (
    select
        account_id || '|' || attribute as tracking_key,
        account_id || '|' || attribute || '|' || system || '|' || record_id as row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(1 as numeric) as quantity,
        created_on as business_on,
        created_on as due_on,
        system || ' ' || record_id as evidence,
        attribute
    from identities
)

select * from final
{%- endmacro %}

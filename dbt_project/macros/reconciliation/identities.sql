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

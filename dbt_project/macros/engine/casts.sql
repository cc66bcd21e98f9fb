{#-
    Casts of text that never fail: what cannot be cast becomes null, and the generic test `castable` counts it.
    Each kind is a pattern (one regular expression that admits only values the cast accepts) and a cast.
-#}

{% macro is_castable(text, kind) -%}
    {{ return(adapter.dispatch('is_castable', 'tieout')(text, kind)) }}
{%- endmacro %}

{% macro default__is_castable(text, kind) -%}
    ({{ text }} ~ '{{ cast_pattern(kind) }}')
{%- endmacro %}


{% macro cast_pattern(kind) -%}
    {%- set days_28 = '(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])' -%}
    {%- set days_30 = '(0[13-9]|1[0-2])-(29|30)' -%}
    {%- set days_31 = '(0[13578]|1[02])-31' -%}
    {%- set leap_day = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29' -%}
    {%- set date = '([1-9][0-9]{3}-(' ~ days_28 ~ '|' ~ days_30 ~ '|' ~ days_31 ~ ')|' ~ leap_day ~ ')' -%}
    {%- set us_date = '(0?[1-9]|1[0-2])/(0?[1-9]|1[0-9]|2[0-8])/[1-9][0-9]{3}|(0?[13-9]|1[0-2])/(29|30)/[1-9][0-9]{3}|(0?[13578]|1[02])/31/[1-9][0-9]{3}|0?2/29/([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)' -%}
    {#- 24:00 ends a day and second 60 is a leap second: both are the instant after them, here as in ingestion. -#}
    {%- set time = '(([01]?[0-9]|2[0-3]):([0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?|59:60([.][0-9]{1,9})?)|24:00(:00([.]0{1,9})?)?)' -%}
    {%- set zone = ' ?(Z|z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?' -%}
    {%- set scientific = '[0-9]([.][0-9]{0,60})?[eE]([+]?(0?[0-9]|1[0-3])|-[0-9]{1,2})' -%}
    {%- set patterns = {
        'numeric': '^[+-]?([0-9]{1,60}([.][0-9]{0,60})?|[.][0-9]{1,60})([eE][+-]?[0-9]{1,2})?$',
        'amount': '^[+-]?([0-9]{1,14}([.][0-9]{0,60})?|[.][0-9]{1,60}|' ~ scientific ~ ')$',
        'integer': '^[+-]?[0-9]{1,16}$',
        'boolean': '^([tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|1|0)$',
        'date': '^' ~ date ~ '([Tt ]' ~ time ~ zone ~ ')?$',
        'timestamp': '^' ~ date ~ '([Tt ]' ~ time ~ zone ~ ')?$',
        'account_date': '^(' ~ date ~ '([Tt ]' ~ time ~ zone ~ ')?|' ~ us_date ~ ')$',
        'epoch': '^[0-9]{1,11}$',
        'too_fine': '[.][0-9]{19}[0-9]*[1-9]',
    } -%}
    {{- patterns[kind] -}}
{%- endmacro %}


{#- Exact numeric; scientific notation is understood, NaN and Infinity are not numbers here. -#}
{% macro to_numeric(text) -%}
    case when {{ is_castable(text, 'numeric') }} then {{ exact_from_text(text) }} end
{%- endmacro %}


{#- The same for an amount in major units, small enough that its minor units fit a bigint in every currency. -#}
{% macro to_amount(text) -%}
    case when {{ is_castable(text, 'amount') }} then {{ exact_from_text(text) }} end
{%- endmacro %}


{#- A text that is a number, exactly. A cast rounds what has more decimals than its type: here that stops the statement. -#}
{% macro exact_from_text(text) -%}
    {{ return(adapter.dispatch('exact_from_text', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__exact_from_text(text) -%}
    case
        when length({{ text }}) > 20 and {{ is_castable(text, 'too_fine') }}
            then {{ stop_with('a number of more than 19 decimals') }}
        when lower({{ text }}) like '%e%'
            then {{ times(
                'cast(split_part(lower(' ~ text ~ "), 'e', 1) as " ~ exact_number() ~ ')',
                power_of_ten('split_part(lower(' ~ text ~ "), 'e', 2)")
            ) }}
        else cast({{ text }} as {{ exact_number() }})
    end
{%- endmacro %}

{% macro postgres__exact_from_text(text) -%}
    cast({{ text }} as numeric)
{%- endmacro %}


{#- At most 16 digits: a hundred times as much fits a bigint. -#}
{% macro to_bigint(text) -%}
    case when {{ is_castable(text, 'integer') }} then cast({{ text }} as bigint) end
{%- endmacro %}


{#- true/false, T/F, 1/0. -#}
{% macro to_boolean(text) -%}
    case when {{ is_castable(text, 'boolean') }} then lower({{ text }}) in ('t', 'true', '1') end
{%- endmacro %}


{#- The date a text starts with (ISO 8601). -#}
{% macro to_date(text) -%}
    case when {{ is_castable(text, 'date') }} then cast(substr({{ text }}, 1, 10) as date) end
{%- endmacro %}


{#- An instant; a text without a zone is UTC. -#}
{% macro to_timestamp_utc(text) -%}
    {{ return(adapter.dispatch('to_timestamp_utc', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__to_timestamp_utc(text) -%}
    case
        when {{ is_castable(text, 'timestamp') }} and {{ text }} ~ '[Tt ].*([zZ]|[+-][0-9:]+)$'
            then cast({{ text }} as timestamp with time zone)
        when {{ is_castable(text, 'timestamp') }}
            then cast({{ text }} as timestamp) at time zone 'UTC'
    end
{%- endmacro %}


{#- A date as an ERP account prints it: ISO 8601, or month/day/year. -#}
{% macro to_account_date(text) -%}
    {{ return(adapter.dispatch('to_account_date', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__to_account_date(text) -%}
    case
        when {{ is_castable(text, 'account_date') }} and strpos({{ text }}, '/') > 0
            then to_date({{ text }}, 'MM/DD/YYYY')
        when {{ is_castable(text, 'account_date') }}
            then cast(substr({{ text }}, 1, 10) as date)
    end
{%- endmacro %}


{#- Seconds since 1970-01-01T00:00:00Z (text) as an instant. -#}
{% macro epoch_to_timestamp(text) -%}
    {{ return(adapter.dispatch('epoch_to_timestamp', 'tieout')(text)) }}
{%- endmacro %}

{% macro default__epoch_to_timestamp(text) -%}
    case
        when {{ is_castable(text, 'epoch') }}
            then timestamp with time zone '1970-01-01 00:00:00+00' + cast({{ text }} as bigint) * interval '1 second'
    end
{%- endmacro %}


{#- The first text that is not null. -#}
{% macro coalesced(texts) -%}
    coalesce({{ texts | join(', ') }})
{%- endmacro %}

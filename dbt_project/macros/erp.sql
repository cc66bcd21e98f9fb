{#-
    Lines that a later reading of their transaction no longer had, as a parenthesised subquery to stand in a `from`; one row a record_id.
    The ERP's list of deleted records knows transactions, not lines. The API source therefore reads every line of a changed transaction
    again and writes down with which change (`transactionlastmodifieddate`): a line last seen with an earlier change is gone.
    Lines that came without that time (CSV exports) are never in it.
-#}
{% macro erp_lines_gone(relation) -%}
(
        select readings.record_id
        from (
            select
                records.record_id,
                max(records.read_with) as line_read_with,
                max(max(records.read_with)) over (partition by records.transaction_id) as transaction_read_with
            from (
                select
                    lines.record_id,
                    {{ json_text('lines.payload', 'transaction') }} as transaction_id,
                    {{ to_timestamp_utc(json_text('lines.payload', 'transactionlastmodifieddate')) }} as read_with
                from {{ relation }} as lines
                {{ known_by_as_of('lines.known_at', 'where') }}
            ) as records
            group by records.record_id, records.transaction_id
        ) as readings
        where readings.line_read_with < readings.transaction_read_with
    )
{%- endmacro %}

with

records as (
    select * from {{ latest_version(source('erp', 'accountingperiod')) }} as latest
),

final as (
    select
        record_id as accounting_period_id,
        {{ json_text('payload', 'periodname') }} as period_name,
        {{ to_account_date(json_text('payload', 'startdate')) }} as start_on,
        {{ add_days(to_account_date(json_text('payload', 'enddate')), 1) }} as end_on,
        {{ to_boolean(json_text('payload', 'isposting')) }} as is_posting,
        {{ to_boolean(json_text('payload', 'isquarter')) }} as is_quarter,
        {{ to_boolean(json_text('payload', 'isyear')) }} as is_year,
        {{ to_boolean(json_text('payload', 'closed')) }} as is_closed,
        {{ to_boolean(json_text('payload', 'alllocked')) }} as is_all_locked,
        {{ to_boolean(json_text('payload', 'arlocked')) }} as is_ar_locked,
        {{ to_timestamp_utc(json_text('payload', 'lastmodifieddate')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final

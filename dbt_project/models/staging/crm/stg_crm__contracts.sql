with

records as (
    select * from {{ latest_version(source('crm', 'contract')) }} as latest
),

final as (
    select
        record_id as contract_id,
        {{ json_text('payload', 'ContractNumber') }} as contract_number,
        {{ crm_id_18(json_text('payload', 'AccountId')) }} as crm_account_id,
        {{ json_text('payload', 'Status') }} as status,
        {{ to_date(json_text('payload', 'StartDate')) }} as start_on,
        {{ add_days(to_date(json_text('payload', 'EndDate')), 1) }} as end_on,
        {{ to_bigint(json_text('payload', 'ContractTerm')) }} as term_months,
        {{ to_timestamp_utc(json_text('payload', 'SystemModstamp')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final

{{ config(indexes=[{'columns': ['statement_key'], 'unique': true}]) }}

with

statements as (
    select * from {{ ref('int_cash__bank_statements') }}
),

final as (
    select
        statement_key,
        bank_account_id,
        currency,
        statement_id,
        sequence_number,
        page_number,
        start_on,
        end_on,
        opening_balance_minor,
        entries_minor,
        closing_balance_minor,
        entry_count,
        verdict,
        verdict in ('first', 'continues') as is_in_order,
        previous_statement_key,
        previous_closing_minor,
        gap_minor,
        missing_statement_count,
        case
            when verdict not in ('first', 'continues')
                then
                    'account ' || bank_account_id || ' (' || currency || '): '
                    || case verdict
                        when 'number_gap'
                            then cast(missing_statement_count as text) || ' statement(s) before this one are missing'
                        when 'number_back' then 'its number is below that of the statement before it'
                        when 'duplicate_number' then 'another statement has its number'
                        when 'page_missing' then 'a page between it and the one before it is missing'
                        when 'overlap' then 'it begins before the one before it ends'
                        else 'it does not open with what the one before it closed with'
                    end
                    || coalesce(
                        '; it opens with ' || cast(opening_balance_minor as text)
                        || ', ' || previous_file_line || ' closed with ' || cast(previous_closing_minor as text)
                        || ', difference ' || cast(gap_minor as text) || ' in minor units',
                        ''
                    )
        end as finding,
        file_line
    from statements
)

select * from final

{{ config(indexes=[{'columns': ['statement_key'], 'unique': true}]) }}

with

statements as (
    select * from {{ ref('stg_bank__statements') }}
    where not is_deleted
),

entries as (
    select * from {{ ref('stg_bank__entries') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
),

sums as (
    select
        statement_key,
        count(*) as entry_count,
        cast(sum(amount_minor) as bigint) as entries_minor
    from entries
    group by statement_key
),

-- An account's own policy goes before the one for all.
counted as (
    select
        statements.statement_key,
        coalesce(own.value, common.value, 'every_statement') = 'every_statement' as numbers_count
    from statements
    left join policies as own
        on
            own.policy = 'bank_statement_numbers:' || statements.bank_account_id
            and statements.end_on > own.valid_from
            and (own.valid_to is null or statements.end_on <= own.valid_to)
    left join policies as common
        on
            common.policy = 'bank_statement_numbers'
            and statements.end_on > common.valid_from
            and (common.valid_to is null or statements.end_on <= common.valid_to)
),

placed as (
    select
        statements.*,
        extract(year from {{ add_days('statements.end_on', -1) }}) as statement_year,
        case when counted.numbers_count then statements.sequence_number end as counted_number,
        coalesce(statements.page_number, 1) as counted_page,
        coalesce(sums.entry_count, 0) as entry_count,
        coalesce(sums.entries_minor, 0) as entries_minor,
        {{ file_line('loads', 'statements.line_no') }} as file_line
    from statements
    inner join counted on statements.statement_key = counted.statement_key
    left join sums on statements.statement_key = sums.statement_key
    left join loads on statements.load_id = loads.load_id
),

-- The order is that of the days and numbers, whatever the order of delivery was.
chained as (
    select
        placed.*,
        row_number() over (
            partition by bank_account_id, currency, statement_year, counted_number, counted_page
            order by end_on, start_on, statement_key
        ) as copy_no,
        lag(statement_key) over account_days as previous_statement_key,
        lag(file_line) over account_days as previous_file_line,
        lag(closing_balance_minor) over account_days as previous_closing_minor,
        lag(counted_number) over account_days as previous_number,
        lag(counted_page) over account_days as previous_page,
        lag(is_closing_page) over account_days as is_previous_closing_page,
        lag(statement_year) over account_days as previous_year,
        lag(end_on) over account_days as previous_end_on
    from placed
    window account_days as (
        partition by bank_account_id, currency
        order by end_on, counted_number, counted_page, start_on, statement_key
    )
),

compared as (
    select
        chained.*,
        opening_balance_minor - previous_closing_minor as gap_minor,
        -- Numbers begin anew with the year, or when their five digits are used up.
        case
            when counted_number is null or previous_number is null then true
            when not is_previous_closing_page and counted_number = previous_number
                then counted_page = previous_page + 1
            else
                is_previous_closing_page = is_opening_page
                and (
                    counted_number = previous_number + 1
                    or (counted_number = 1 and (statement_year > previous_year or previous_number = 99999))
                )
        end as is_next_number
    from chained
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
        previous_statement_key,
        previous_closing_minor,
        gap_minor,
        case when counted_number > previous_number + 1 then counted_number - previous_number - 1 end
            as missing_statement_count,
        case
            when counted_number is not null and copy_no > 1 then 'duplicate_number'
            when previous_statement_key is null and is_opening_page then 'first'
            when previous_statement_key is null then 'page_missing'
            when not is_next_number and counted_number = previous_number then 'page_missing'
            when not is_next_number and counted_number < previous_number then 'number_back'
            when not is_next_number and counted_number > previous_number + 1 then 'number_gap'
            when not is_next_number then 'page_missing'
            when gap_minor = 0 then 'continues'
            when start_on < {{ add_days('previous_end_on', -1) }} then 'overlap'
            else 'balance_jump'
        end as verdict,
        previous_end_on,
        file_line,
        previous_file_line
    from compared
)

select * from final

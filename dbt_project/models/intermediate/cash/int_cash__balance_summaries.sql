{{ config(indexes=[{'columns': ['currency', 'start_on', 'end_on'], 'unique': true}]) }}

with

entries as (
    select * from {{ ref('stg_stripe__balance_summaries') }}
    where not is_deleted and start_on is not null and end_on is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

summaries as (
    select
        entries.currency,
        entries.start_on,
        entries.end_on,
        cast(sum(case when entries.category = 'starting_balance' then entries.net_minor end) as bigint)
            as opening_minor,
        cast(sum(case when entries.category = 'ending_balance' then entries.net_minor end) as bigint)
            as closing_minor,
        cast(
            sum(case when entries.category in ('starting_balance', 'ending_balance') then 0 else 1 end) as bigint
        ) as category_count,
        min({{ file_line('loads', 'entries.line_no') }}) as file_line
    from entries
    left join loads on entries.load_id = loads.load_id
    group by entries.currency, entries.start_on, entries.end_on
),

placed as (
    select
        summaries.*,
        lag(end_on) over currency_days as previous_end_on,
        lag(closing_minor) over currency_days as previous_closing_minor,
        lag(file_line) over currency_days as previous_file_line
    from summaries
    window currency_days as (partition by currency order by start_on, end_on)
),

-- Only a summary that ends where this one begins says what it begins with.
final as (
    select
        currency,
        start_on,
        end_on,
        opening_minor,
        closing_minor,
        category_count,
        case when previous_end_on = start_on then previous_closing_minor end as previous_closing_minor,
        file_line,
        case when previous_end_on = start_on then previous_file_line end as previous_file_line
    from placed
)

select * from final

{{ config(severity='warn') }}

-- What is to be booked needs an amount in the currency of the books: deliver the rate of the day.
select * from {{ ref('int_ledger__unconverted') }}

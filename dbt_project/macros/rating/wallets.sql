{#- Prepaid credit: wallets that pay what is due, in their order. -#}

{#-
    Set macro: what every wallet pays. `wallets` has line_id, wallet_id, balance, burn_no (order of use inside the line, from 1)
    and due_amount (the same on every wallet of a line). A wallet pays what the ones before it left, up to its balance;
    an overdrawn one pays nothing. Adds debit_amount and balance_after.
-#}
{% macro wallet_debits(wallets) -%}
    select
        paid.*,
        balance - debit_amount as balance_after
    from (
        select
            offered.*,
            greatest(least(greatest(balance, 0), due_amount - offered_before), 0) as debit_amount
        from (
            select
                wallets.*,
                coalesce(sum(greatest(balance, 0)) over (
                    partition by line_id order by burn_no rows between unbounded preceding and 1 preceding
                ), 0) as offered_before
            from {{ wallets }} as wallets
        ) as offered
    ) as paid
{%- endmacro %}

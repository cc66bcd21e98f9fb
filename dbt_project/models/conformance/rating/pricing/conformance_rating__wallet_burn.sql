{%- set sort_keys = 5 -%}
with

cases as (
    select
        case_id,
        {{ exact_of(json_text('inputs', 'due')) }} as due_amount,
        {%- for key in range(sort_keys) %}
        {{ json_text('inputs', 'order', key) }} as sort_key_{{ key }},
        {%- endfor %}
        {{ json_node('inputs', 'wallets') }} as wallets
    from {{ conformance_cases() }} as cases
),

given_wallets as (
    select
        cases.*,
        given.position as wallet_no,
        {{ json_text('given.element', 'id') }} as wallet_id,
        {{ exact_of(json_text('given.element', 'balance')) }} as balance,
        given.element as wallet
    from cases
    cross join {{ json_array_elements('cases.wallets', 'given') }}
),

-- A date sorts as its text does; everything else is a number.
keyed as (
    select
        {%- for key in range(sort_keys) %}
        case
            when sort_key_{{ key }} in ('priority', 'balance')
                then {{ exact_from_text(json_field('wallet', 'sort_key_' ~ key)) }}
        end as number_{{ key }},
        case
            when sort_key_{{ key }} not in ('priority', 'balance')
                then {{ in_byte_order(json_field('wallet', 'sort_key_' ~ key)) }}
        end as text_{{ key }},
        {%- endfor %}
        given_wallets.*
    from given_wallets
),

wallets as (
    select
        case_id as line_id,
        wallet_id,
        balance,
        due_amount,
        row_number() over (
            partition by case_id
            order by
                {%- for key in range(sort_keys) %}
                number_{{ key }} nulls last,
                text_{{ key }} nulls last,
                {%- endfor %}
                wallet_no
        ) as burn_no
    from keyed
),

debits as (
    {{ wallet_debits('wallets') }}
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'debits', {{ json_members('debits.wallet_id', text_of('debits.debit_amount'), 'debits.debit_amount > 0') }},
            'due', {{ text_of('max(cases.due_amount) - coalesce(sum(debits.debit_amount), 0)') }},
            'balances', {{ json_members(
                'debits.wallet_id', text_of('debits.balance_after'), 'debits.wallet_id is not null'
            ) }}
        ) as outputs
    from cases
    left join debits on cases.case_id = debits.line_id
    group by cases.case_id
)

select * from final

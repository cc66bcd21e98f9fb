with

cases as (
    select * from {{ conformance_cases() }} as cases
),

events as (
    select
        cases.case_id,
        given.element as event,
        {{ json_text('given.element', 'type') }} as event_type,
        {{ json_text('given.element', 'lot') }} as lot,
        {{ to_date(json_text('given.element', 'date')) }} as event_on,
        row_number() over (
            partition by cases.case_id order by {{ to_date(json_text('given.element', 'date')) }}, given.position
        ) as event_no
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'events'), 'given') }}
),

lots as (
    select
        bought.case_id as account_id,
        bought.event_no as lot_id,
        bought.event_no as bought_no,
        bought.event_on as bought_on,
        cast({{ json_text('bought.event', 'amount') }} as numeric) as amount,
        cast({{ json_text('bought.event', 'paid_units') }} as numeric)
        + coalesce(cast({{ json_text('bought.event', 'bonus_units') }} as numeric), 0) as units,
        {{ to_date(json_text('bought.event', 'expires')) }} as expires_on,
        coalesce(cast({{ json_text('bought.event', 'expected_breakage') }} as numeric), 0) as expected_breakage,
        expired.event_on as released_on
    from events as bought
    left join events as expired
        on bought.case_id = expired.case_id and bought.lot = expired.lot and expired.event_type = 'expire'
    where bought.event_type = 'purchase'
),

draws as (
    select
        case_id as account_id,
        event_no as draw_no,
        event_on as drawn_on,
        cast({{ json_text('event', 'units') }} as numeric) as units
    from events
    where event_type = 'draw'
),

prepaid as (
    {{ prepaid_postings('lots', 'draws') }}
),

postings as (
    select
        account_id as case_id,
        {{ month_start('posted_on') }} as month_on,
        account,
        amount
    from prepaid
),

movements as (
    {{ conformance_movements('postings') }}
),

final as (
    select
        cases.case_id,
        jsonb_build_object('movements', coalesce(movements.movements, jsonb_build_object())) as outputs
    from cases
    left join movements on cases.case_id = movements.case_id
)

select * from final

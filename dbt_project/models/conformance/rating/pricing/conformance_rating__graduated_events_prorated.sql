with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'tiers') }} as tiers,
        {{ json_node('inputs', 'events') }} as events,
        coalesce({{ json_text('inputs', 'zero_usage') }}, 'none') as zero_usage,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('inputs', 'round', 'mode') }} as round_mode
    from {{ conformance_cases() }} as cases
),

given_tiers as (
    select
        cases.case_id,
        tiers.position as tier_no,
        {{ exact_of(json_text('tiers.element', 'up_to')) }} as upper_bound,
        {{ exact_of("coalesce(" ~ json_text('tiers.element', 'unit_price') ~ ", '0')") }} as unit_amount,
        {{ exact_of("coalesce(" ~ json_text('tiers.element', 'flat_fee') ~ ", '0')") }} as flat_amount
    from cases
    cross join {{ json_array_elements('cases.tiers', 'tiers') }}
),

tiers as (
    select
        case_id as line_id,
        tier_no,
        unit_amount,
        flat_amount,
        upper_bound,
        coalesce(lag(upper_bound) over (partition by case_id order by tier_no), 0) as lower_bound
    from given_tiers
),

events as (
    select
        cases.case_id as line_id,
        events.position as event_no,
        {{ exact_of(json_text('events.element', 'full')) }} as quantity,
        {{ exact_of(json_text('events.element', 'prorated')) }} as prorated_quantity
    from cases
    cross join {{ json_array_elements('cases.events', 'events') }}
),

units as (
    {{ event_tier_splits('events', 'tiers') }}
),

splits as (
    select
        units.line_id,
        units.tier_no,
        units.tier_units,
        units.quantity as full_quantity,
        units.prorated_quantity,
        tiers.unit_amount
    from units
    inner join tiers on units.line_id = tiers.line_id and units.tier_no = tiers.tier_no
),

final_units as (
    select
        line_id,
        sum(quantity) as final_units
    from events
    group by line_id
),

lines as (
    select
        cases.case_id as line_id,
        final_units.final_units,
        cases.zero_usage,
        cases.round_digits,
        cases.round_mode
    from cases
    left join final_units on cases.case_id = final_units.line_id
),

amounts as (
    {{ prorated_event_amounts('lines', 'splits', 'tiers') }}
),

final as (
    select
        line_id as case_id,
        {{ json_object() }}('amount', cast(amount as text)) as outputs
    from amounts
)

select * from final

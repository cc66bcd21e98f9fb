with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'tiers') }} as tiers,
        {{ json_node('inputs', 'events') }} as events
    from {{ conformance_cases() }} as cases
),

given_tiers as (
    select
        cases.case_id,
        tiers.position as tier_no,
        {{ exact_of(json_text('tiers.element', 'up_to')) }} as upper_bound,
        {{ json_node('tiers.element', 'unit_price_by_dimension') }} as prices
    from cases
    cross join {{ json_array_elements('cases.tiers', 'tiers') }}
),

tiers as (
    select
        case_id as line_id,
        tier_no,
        upper_bound,
        coalesce(lag(upper_bound) over (partition by case_id order by tier_no), 0) as lower_bound
    from given_tiers
),

prices as (
    select
        given_tiers.case_id as line_id,
        given_tiers.tier_no,
        prices.key as dimension_value,
        {{ exact_of(json_scalar_text('prices.value')) }} as unit_amount
    from given_tiers
    cross join {{ json_each('given_tiers.prices', 'prices') }}
),

events as (
    select
        cases.case_id as line_id,
        events.position as event_no,
        {{ exact_of(json_text('events.element', 'quantity')) }} as quantity,
        {{ json_text('events.element', 'dimension') }} as dimension_value
    from cases
    cross join {{ json_array_elements('cases.events', 'events') }}
),

splits as (
    {{ event_tier_splits('events', 'tiers') }}
),

amounts as (
    {{ dimension_amounts('splits', 'prices') }}
),

totals as (
    select
        line_id,
        sum(tier_units) as units,
        sum(amount) as amount
    from amounts
    group by line_id
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'units', {{ text_of('coalesce(totals.units, 0)') }},
            'amount', {{ text_of('coalesce(totals.amount, 0)') }}
        ) as outputs
    from cases
    left join totals on cases.case_id = totals.line_id
)

select * from final

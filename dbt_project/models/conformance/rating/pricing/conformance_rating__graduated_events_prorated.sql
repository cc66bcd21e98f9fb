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
        {{ json_text('tiers.element', 'up_to') }} as up_to,
        coalesce({{ json_text('tiers.element', 'unit_price') }}, '0') as unit_price,
        coalesce({{ json_text('tiers.element', 'flat_fee') }}, '0') as flat_fee
    from cases
    cross join {{ json_array_elements('cases.tiers', 'tiers') }}
),

given_events as (
    select
        cases.case_id,
        events.position as event_no,
        {{ json_text('events.element', 'full') }} as full_quantity,
        {{ json_text('events.element', 'prorated') }} as prorated_quantity
    from cases
    cross join {{ json_array_elements('cases.events', 'events') }}
),

-- Units and money in whole parts of one denominator a case, so that a fraction stays exact.
given_units as (
    select
        case_id,
        up_to as units
    from given_tiers
    union all
    select
        case_id,
        full_quantity as units
    from given_events
),

unit_scales as (
    select
        case_id,
        {{ least_common_multiple_of(denominator_of('units')) }} as unit_scale
    from given_units
    group by case_id
),

money_scales as (
    select
        case_id,
        {{ least_common_multiple_of(denominator_of('unit_price')) }}
        * {{ least_common_multiple_of(denominator_of('flat_fee')) }} as money_scale
    from given_tiers
    group by case_id
),

scaled_tiers as (
    select
        given_tiers.case_id,
        given_tiers.tier_no,
        {{ in_scale('given_tiers.unit_price', 'money_scales.money_scale') }} as unit_amount,
        {{ in_scale('given_tiers.flat_fee', 'money_scales.money_scale') }} as flat_amount,
        {{ in_scale('given_tiers.up_to', 'unit_scales.unit_scale') }} as upper_bound
    from given_tiers
    inner join money_scales on given_tiers.case_id = money_scales.case_id
    inner join unit_scales on given_tiers.case_id = unit_scales.case_id
),

tiers as (
    select
        case_id as line_id,
        tier_no,
        unit_amount,
        flat_amount,
        upper_bound,
        coalesce(lag(upper_bound) over (partition by case_id order by tier_no), 0) as lower_bound
    from scaled_tiers
),

events as (
    select
        given_events.case_id as line_id,
        given_events.event_no,
        given_events.prorated_quantity,
        {{ in_scale('given_events.full_quantity', 'unit_scales.unit_scale') }} as quantity
    from given_events
    inner join unit_scales on given_events.case_id = unit_scales.case_id
),

units as (
    {{ event_tier_splits('events', 'tiers') }}
),

-- An event's prorated quantity over its full one, which is in parts as its units in tiers are.
splits as (
    select
        units.line_id,
        units.tier_no,
        units.tier_units,
        tiers.unit_amount,
        {{ numerator_of('units.prorated_quantity') }} * case when units.quantity < 0 then -1 else 1 end
            as share_numerator,
        {{ denominator_of('units.prorated_quantity') }} * abs(units.quantity) as share_denominator
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
        cases.zero_usage
    from cases
    left join final_units on cases.case_id = final_units.line_id
),

amounts as (
    {{ prorated_event_amounts('lines', 'splits', 'tiers') }}
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'amount', {{ ratio_text(
                'amounts.amount_numerator', times('amounts.amount_denominator', 'coalesce(money_scales.money_scale, 1)'),
                'cases.round_digits', 'cases.round_mode'
            ) }}
        ) as outputs
    from cases
    inner join amounts on cases.case_id = amounts.line_id
    left join money_scales on cases.case_id = money_scales.case_id
)

select * from final

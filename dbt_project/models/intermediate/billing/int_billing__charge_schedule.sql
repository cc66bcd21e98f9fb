with

charges as (
    select * from {{ ref('int_billing__charges') }}
),

metered_since as (
    select
        billing_system,
        subscription_id,
        min(valid_from) as metered_from
    from {{ ref('int_rating__metered_item_versions') }}
    group by billing_system, subscription_id
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
),

anchors as (
    select * from {{ ref('int_billing__anchors') }}
    where anchor_no > 1
),

pauses as (
    select * from {{ ref('int_billing__collection_pauses') }}
),

clock as (
    select as_of_at from {{ ref('int_clock__as_of') }}
),

changes as (
    select
        charges.*,
        billing_system = 'stripe' and line_kind in ('proration_credit', 'proration_charge') as is_change,
        sum(case when line_kind in ('proration_credit', 'proration_charge') then gross_exact else 0 end) over (
            partition by billing_system, subscription_id, billed_at
        ) as change_amount
    from charges
),

-- A change that costs more is invoiced at once, one that comes with a new anchor is invoiced with the new period; any
-- other one that costs less waits for the next boundary.
scheduled as (
    select
        changes.charge_id,
        changes.billing_system,
        changes.subscription_id,
        changes.line_kind,
        case
            when is_change and change_amount <= 0 and anchors.anchor_no is null then changes.period_end
            else changes.billed_at
        end as invoiced_at,
        is_change and change_amount > 0 as is_invoiced_at_once
    from changes
    left join anchors
        on
            changes.billing_system = anchors.billing_system
            and changes.subscription_id = anchors.subscription_id
            and changes.billed_at = anchors.valid_from
),

promised as (
    select
        scheduled.charge_id,
        scheduled.billing_system,
        scheduled.subscription_id,
        scheduled.invoiced_at,
        case
            when
                scheduled.line_kind in ('usage', 'late_usage_adjustment')
                or (
                    scheduled.billing_system = 'stripe'
                    and not scheduled.is_invoiced_at_once
                    and metered_since.metered_from < scheduled.invoiced_at
                )
                then {{ add_hours('scheduled.invoiced_at', 'conventions.usage_grace_hours') }}
            when scheduled.billing_system = 'stripe' then {{ add_hours('scheduled.invoiced_at', 1) }}
            else scheduled.invoiced_at
        end as expected_at
    from scheduled
    left join metered_since
        on
            scheduled.billing_system = metered_since.billing_system
            and scheduled.subscription_id = metered_since.subscription_id
    inner join conventions
        on
            scheduled.billing_system = conventions.billing_system
            and {{ utc_date('scheduled.invoiced_at') }} >= conventions.valid_from
            and ({{ utc_date('scheduled.invoiced_at') }} < conventions.valid_to or conventions.valid_to is null)
),

-- An invoice that is kept as a draft is not late before collection goes on; it may be finalized at any time before.
final as (
    select
        promised.charge_id,
        promised.invoiced_at,
        pauses.pause_behavior,
        case
            when pauses.pause_behavior = 'keep_as_draft'
                then greatest(
                    promised.expected_at, least(coalesce(pauses.valid_to, clock.as_of_at), clock.as_of_at)
                )
            else promised.expected_at
        end as expected_at
    from promised
    cross join clock
    left join pauses
        on
            promised.billing_system = pauses.billing_system
            and promised.subscription_id = pauses.subscription_id
            and promised.invoiced_at >= pauses.valid_from
            and (promised.invoiced_at < pauses.valid_to or pauses.valid_to is null)
)

select * from final

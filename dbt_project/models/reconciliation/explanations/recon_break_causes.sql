{%- set causes_of_one_kind = ['late_usage', 'provisioning', 'duplicates', 'exchange_rates', 'voided_invoices'] -%}
with

results as (
    select * from {{ ref('recon_results') }}
    where status in ('open', 'expected')
),

conventions as (
    select * from {{ ref('recon_explained_breaks') }}
),

expected as (
    select
        'B1' as control_id,
        tracking_key,
        unit_amount_minor,
        quantity,
        price_code
    from {{ ref('recon_b1__expected') }}
    union all
    select
        'B2' as control_id,
        tracking_key,
        unit_amount_minor,
        quantity,
        price_code
    from {{ ref('recon_b2__expected') }}
),

invoiced as (
    select
        'B1' as control_id,
        tracking_key,
        unit_amount_minor,
        price_code
    from {{ ref('recon_b1__invoiced') }}
    union all
    select
        'B2' as control_id,
        tracking_key,
        unit_amount_minor,
        price_code
    from {{ ref('recon_b2__invoiced') }}
),

by_convention as (
    select
        results.control_id,
        results.comparison,
        results.tracking_key,
        1 as place,
        case
            when conventions.explained_by like 'proration%' then 'CONFIG.proration'
            when conventions.explained_by like 'tax%' then 'CONFIG.tax'
            else 'CONTROL.tolerance_too_tight'
        end as cause,
        conventions.explained_by,
        conventions.explained_minor
    from results
    inner join conventions
        on results.control_id = conventions.control_id and results.tracking_key = conventions.tracking_key
    where results.outcome = 'AMOUNT'
),

-- Another price explains a line when the difference of the two, times the quantity, is the break to the minor unit.
by_price as (
    select
        results.control_id,
        results.comparison,
        results.tracking_key,
        2 as place,
        'MASTER.price_version' as cause,
        'price ' || coalesce(invoiced.price_code, 'of the invoice') || ' instead of '
        || coalesce(expected.price_code, 'the one agreed') as explained_by,
        results.amount_minor as explained_minor
    from results
    inner join expected
        on results.control_id = expected.control_id and results.tracking_key = expected.tracking_key
    inner join invoiced
        on results.control_id = invoiced.control_id and results.tracking_key = invoiced.tracking_key
    where
        results.break_class = 'PRICE_VERSION'
        and results.left_row_count = 1
        and results.right_row_count = 1
        and abs((expected.unit_amount_minor - invoiced.unit_amount_minor) * expected.quantity - results.amount_minor)
        <= 1
),

by_outcome as (
    select
        control_id,
        comparison,
        tracking_key,
        3 as place,
        case
            when status = 'expected' then 'TIMING.settlement'
            when outcome = 'CUTOFF' then 'TIMING.cutoff'
            else 'PARTNER.bank_fee'
        end as cause,
        case
            when status = 'expected' then 'the counterpart may come until ' || {{ date_text('deadline_on') }}
            when outcome = 'CUTOFF' then 'both sides agree but stand in different months'
            else 'the bank kept a charge that its entry names'
        end as explained_by,
        amount_minor as explained_minor
    from results
    where status = 'expected' or outcome = 'CUTOFF' or break_class = 'BANK_FEE'
),

{% for cause in causes_of_one_kind -%}
by_{{ cause }} as (
    select
        control_id,
        comparison,
        tracking_key,
        {{ loop.index + 3 }} as place,
        cause,
        explained_by,
        explained_minor
    from {{ ref('recon_cause__' ~ cause) }}
),

{% endfor -%}

found as (
    select * from by_convention
    union all
    select * from by_price
    union all
    select * from by_outcome
    {% for cause in causes_of_one_kind -%}
    union all
    select * from by_{{ cause }}
    {% endfor %}
),

numbered as (
    select
        found.*,
        row_number() over (partition by control_id, comparison, tracking_key order by place, explained_by) as rank_no
    from found
),

final as (
    select
        control_id,
        comparison,
        tracking_key,
        cause,
        explained_by,
        explained_minor
    from numbered
    where rank_no = 1
)

select * from final

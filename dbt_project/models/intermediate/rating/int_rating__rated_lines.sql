with

lines as (
    select * from {{ ref('int_rating__rateable_lines') }}
),

tier_totals as (
    select
        charge_id,
        basis,
        sum(amount_exact) as amount_exact
    from {{ ref('int_rating__tier_splits') }}
    group by charge_id, basis
),

priced as (
    select
        lines.*,
        case
            when lines.charge_model in ('graduated', 'volume') then coalesce(tier_totals.amount_exact, 0)
            when lines.charge_model = 'package'
                then {{ package_amount('lines.rated_quantity', 'lines.package_size', 'lines.unit_amount_minor') }}
            else {{ multiply('lines.rated_quantity', 'lines.unit_amount_minor') }}
        end as whole_amount_exact
    from lines
    left join tier_totals on lines.charge_id = tier_totals.charge_id and lines.basis = tier_totals.basis
),

final as (
    select
        priced.*,
        direction * {{ prorated_exact('whole_amount_exact', 'share_active', 'share_whole') }} as gross_exact,
        direction * {{ prorated_minor('whole_amount_exact', 'share_active', 'share_whole') }} as gross_minor
    from priced
)

select * from final

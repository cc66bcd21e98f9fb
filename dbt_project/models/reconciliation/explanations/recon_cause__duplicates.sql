with

results as (
    select * from {{ ref('recon_results') }}
    where status = 'open' and (left_row_count > 1 or right_row_count > 1) and left_row_count > 0 and right_row_count > 0
),

sides as (
    select
        control_id,
        comparison,
        tracking_key,
        amount_minor,
        left_row_count,
        right_row_count,
        {{ to_bigint(json_text(json_or_null('left_values'), 'amount_minor')) }} as left_minor,
        {{ to_bigint(json_text(json_or_null('right_values'), 'amount_minor')) }} as right_minor
    from results
    where break_class in ('DUPLICATE', 'DOUBLE_BILL', 'POSTED_TWICE', 'BT_TWICE')
),

-- Repetition explains a difference when a row of one side is worth what a row of the other is.
final as (
    select
        control_id,
        comparison,
        tracking_key,
        'DATA.duplicate_feed' as cause,
        'the same amount stands ' || cast(left_row_count as text) || ' times on the left side, '
        || cast(right_row_count as text) || ' times on the right' as explained_by,
        amount_minor as explained_minor
    from sides
    where
        left_row_count <> right_row_count
        and cast(left_minor as numeric) * right_row_count = cast(right_minor as numeric) * left_row_count
        and amount_minor <> 0
)

select * from final

with

records as (
    select * from {{ latest_version(source('stripe', 'coupons')) }} as latest
),

final as (
    select
        record_id as coupon_id,
        {{ json_text('payload', 'name') }} as name,
        {{ to_numeric(json_text('payload', 'percent_off')) }} as percent_off,
        {{ stripe_minor(json_text('payload', 'amount_off'), json_text('payload', 'currency')) }} as amount_off_minor,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ json_text('payload', 'duration') }} as duration,
        {{ to_bigint(json_text('payload', 'duration_in_months')) }} as duration_in_months,
        {{ to_boolean(json_text('payload', 'valid')) }} as is_valid,
        {{ epoch_to_timestamp(json_text('payload', 'redeem_by')) }} as redeem_by_at,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final

{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'M2',
        left=ref('recon_m2__catalogue'),
        right=ref('recon_m2__systems'),
        carry=['system', 'product_code', 'billing_interval', 'interval_count', 'tax_code', 'revenue_account', 'state'],
        max_left=none
    ) }}
),

-- In which currencies a system knows a product at all: one that lacks a currency lacks no product.
known as (
    select distinct
        left_product_code as product_code,
        left_system as system
    from compared
    where right_row_count is not null and left_product_code is not null
),

told as (
    select
        compared.*,
        coalesce(compared.left_system, compared.right_system) as system,
        known.product_code is not null as knows_product
    from compared
    left join known
        on
            compared.left_product_code = known.product_code
            and compared.left_system = known.system
),

named as (
    select
        told.*,
        case
            when outcome = 'MISSING_RIGHT' and left_state <> 'active' then null
            when outcome = 'MISSING_RIGHT' and knows_product then 'CURRENCY_SET'
            when outcome = 'MISSING_RIGHT' then 'MISSING_IN_' || upper(system)
            when outcome = 'MISSING_LEFT' then 'MISSING_IN_CATALOGUE'
            when outcome = 'QUANTITY' then 'AMOUNT'
            when outcome = 'MATCHED' and left_billing_interval <> right_billing_interval then 'INTERVAL'
            when outcome = 'MATCHED' and left_interval_count <> right_interval_count then 'INTERVAL'
            when outcome = 'MATCHED' and left_tax_code <> coalesce(right_tax_code, '') and system = 'stripe'
                then 'TAX_CODE'
            when outcome = 'MATCHED' and left_revenue_account <> coalesce(right_revenue_account, '') then 'REV_ACCOUNT'
            when outcome = 'MATCHED' and left_state = 'active' and right_state = 'inactive' then 'ACTIVE_FLAG'
            when outcome = 'MATCHED' and left_state = 'inactive' and right_state = 'active' then 'ACTIVE_FLAG'
            else {{ named_outcome() }}
        end as break_class
    from told
),

final as (
    {{ control_rows(
        'named',
        carry=['billing_interval', 'interval_count', 'tax_code', 'revenue_account', 'state'],
        counted='1'
    ) }}
)

select * from final

{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'M1',
        left=ref('recon_m1__stated_identities'),
        right=ref('recon_m1__agreed_identities'),
        carry=['attribute'],
        max_left=none,
        max_right=none
    ) }}
),

-- A tax id that agrees says more than a domain that does not: a company may have several domains.
agreed_tax_ids as (
    select left_account_id as account_id
    from compared
    where left_attribute = 'tax id' and outcome = 'MATCHED' and left_row_count > 1
),

named as (
    select
        compared.*,
        case
            when compared.outcome = 'QUANTITY' and compared.left_attribute = 'currency' then 'CURRENCY'
            when
                compared.outcome = 'QUANTITY' and compared.left_attribute = 'domain'
                and agreed_tax_ids.account_id is not null
                then null
            else {{ named_outcome({'QUANTITY': 'CONFLICT'}) }}
        end as break_class
    from compared
    left join agreed_tax_ids on compared.left_account_id = agreed_tax_ids.account_id
),

final as (
    {{ control_rows('named', carry=['attribute']) }}
)

select * from final

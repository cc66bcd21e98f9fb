with

exemptions as (
    select * from {{ ref('stg_tax__exemptions') }}
    where not is_deleted
),

-- Certificates may overlap: the earlier one ends where the next begins, so that a date has one exemption.
final as (
    select
        customer as account_id,
        jurisdiction,
        reason,
        certificate,
        valid_from,
        least(
            valid_to,
            lead(valid_from) over (partition by customer, jurisdiction order by valid_from, certificate)
        ) as valid_to
    from exemptions
)

select * from final

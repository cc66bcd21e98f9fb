{{ config(indexes=[{'columns': ['tracking_key'], 'unique': true}]) }}

with

compared as (
    {{ compare(
        'C7',
        left=ref('recon_c7__refunds'),
        right=ref('recon_c7__credit_notes'),
        carry=['invoice_id'],
        totals=['note_count'],
        max_right=none
    ) }}
),

named as (
    select
        compared.*,
        {{ named_outcome({'MISSING_RIGHT': 'REFUND_NO_CN', 'MISSING_LEFT': 'CN_NO_REFUND_OR_BALANCE'}) }}
            as break_class
    from compared
),

final as (
    {{ control_rows('named', carry=['invoice_id'], totals=['note_count']) }}
)

select * from final

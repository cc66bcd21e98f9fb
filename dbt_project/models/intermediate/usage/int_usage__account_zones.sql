{{ config(materialized='table', indexes=[{'columns': ['account_id'], 'unique': true}]) }}

with

accounts as (
    select * from {{ ref('stg_control_plane__accounts') }}
),

known_zones as (
    select distinct timezone
    from {{ ref('stg_ops__zone_offsets') }}
),

final as (
    select
        accounts.account_id,
        coalesce(known_zones.timezone, 'UTC') as timezone,
        known_zones.timezone is not null as is_known_zone,
        accounts.load_id
    from accounts
    left join known_zones on accounts.timezone = known_zones.timezone
)

select * from final

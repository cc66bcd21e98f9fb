{{ config(materialized='table', indexes=[{'columns': ['account_id'], 'unique': true}]) }}

with

accounts as (
    select * from {{ ref('stg_control_plane__accounts') }}
),

known_zones as (
    select zones.zone_name
    from {{ known_zones() }} as zones
),

final as (
    select
        accounts.account_id,
        coalesce(known_zones.zone_name, 'UTC') as timezone,
        known_zones.zone_name is not null as is_known_zone,
        accounts.load_id
    from accounts
    left join known_zones on accounts.timezone = known_zones.zone_name
)

select * from final

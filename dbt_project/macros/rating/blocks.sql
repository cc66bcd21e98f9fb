{#- Prices of blocks: whole blocks of units, tier after tier, or all at the price of the tier that the usage reaches. -#}

{#-
    Set macro: the blocks of every tier. `unit_tiers` has a row a line, unit of measure and tier: the keys of a line and unit
    (`keys`), tier_no, block_mode (all_tiers or top_tier), quantity, block_size, max_blocks (null: unbounded; the last tier always
    is), block_amount. Adds block_count and amount.
-#}
{% macro block_counts(unit_tiers, keys='line_id, unit_name') -%}
    {%- set blocks_left = package_count('quantity - lower_bound', 'block_size', '0', "'up'") -%}
    select
        counts.*,
        {{ times('block_count', 'block_amount') }} as amount
    from (
        select
            bounds.*,
            case
                when block_mode = 'all_tiers' and is_last_tier then {{ blocks_left }}
                when block_mode = 'all_tiers' then least({{ blocks_left }}, max_blocks)
                when
                    block_mode = 'top_tier'
                    and (quantity > lower_bound or lower_bound = 0)
                    and (quantity <= upper_bound or is_last_tier)
                    then {{ package_count('quantity', 'block_size', '0', "'up'") }}
                else 0
            end as block_count
        from (
            select
                widths.*,
                coalesce(lag(upper_bound) over unit_order, case when tier_no = 1 then 0 else quantity end) as lower_bound,
                lead(tier_no) over unit_order is null as is_last_tier
            from (
                select
                    unit_tiers.*,
                    case
                        when count(case when max_blocks is null then 1 end) over reached = 0
                            then sum({{ times('block_size', 'max_blocks') }}) over reached
                    end as upper_bound
                from {{ unit_tiers }} as unit_tiers
                window reached as (
                    partition by {{ keys }} order by tier_no rows between unbounded preceding and current row
                )
            ) as widths
            window unit_order as (partition by {{ keys }} order by tier_no)
        ) as bounds
    ) as counts
{%- endmacro %}

{#-
    Set macro: the tier of every line whose limits hold for all its units; the last tier where none does. `unit_limits`
    has a row a line, tier and unit of measure: line_id, tier_no, quantity, limit_quantity (null: unbounded). Gives
    line_id and tier_no.
-#}
{% macro capacity_tiers(unit_limits) -%}
    select
        line_id,
        coalesce(min(case when holds then tier_no end), max(tier_no)) as tier_no
    from (
        select
            line_id,
            tier_no,
            bool_and(limit_quantity is null or coalesce(quantity, 0) <= limit_quantity) as holds
        from {{ unit_limits }}
        group by line_id, tier_no
    ) as tiers
    group by line_id
{%- endmacro %}

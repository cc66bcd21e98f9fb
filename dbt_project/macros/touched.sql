{#-
    The window of the running build. The launcher writes one row to ops.builds (status running) before it starts dbt, so the
    window reaches the models as data: no variable changes, dbt keeps its parsed project.
-#}

{#- Loads the running build must look at, as a parenthesised subquery: one row a load (load_id, load_seq, system, object, delivered_on). -#}
{% macro touched_loads(system=none) -%}
(
        select
            loads.load_id,
            loads.load_seq,
            loads.system,
            loads.object,
            loads.delivered_on
        from {{ ref('stg_ops__loads') }} as loads
        inner join {{ ref('stg_ops__builds') }} as builds
            on
                builds.status = 'running'
                and (
                    (loads.load_seq > builds.from_load_seq and loads.load_seq <= builds.to_load_seq)
                    or (loads.delivered_on >= builds.window_start and loads.delivered_on < builds.window_end)
                )
        {%- if system is not none %}
        where loads.system = '{{ system }}'
        {%- endif %}
    )
{%- endmacro %}

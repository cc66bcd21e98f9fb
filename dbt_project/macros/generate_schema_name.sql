{#-
    Models land exactly in the schema their folder names: no prefix of the target. TIEOUT_SCRATCH is set while a closed month is
    built again (tieout close reproduce): it stands before the schema of every model and source, so that nothing else is touched.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('TIEOUT_SCRATCH', '') }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{#-
    A CRM record id as 18 characters: the 15-character form is case-sensitive, the last three characters spell which letters are capitals
    (five a character, first letter lowest). Other lengths pass unchanged.
-#}
{% macro crm_id_18(id) -%}
    case
            when length({{ id }}) = 15
                then {{ id }}
                {%- for block in range(3) %}
                || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
                {%- for place in range(5) %}
                    + case when strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ', substr({{ id }}, {{ 5 * block + place + 1 }}, 1)) > 0 then {{ 2 ** place }} else 0 end
                {%- endfor %}, 1)
                {%- endfor %}
            else {{ id }}
        end
{%- endmacro %}

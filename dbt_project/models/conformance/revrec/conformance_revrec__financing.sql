with

advances as (
    select
        case_id as advance_id,
        cast({{ json_text('inputs', 'advance') }} as numeric) as advance,
        cast({{ json_text('inputs', 'annual_rate') }} as numeric) as annual_rate,
        cast({{ json_text('inputs', 'years') }} as integer) as years
    from {{ conformance_cases() }} as cases
),

financed as (
    {{ financed_advances('advances') }}
),

final as (
    select
        advance_id as case_id,
        jsonb_build_object(
            'revenue', cast(max(balance) filter (where year_no = last_year_no) as text),
            'interest', cast(sum(interest) as text)
        ) as outputs
    from (
        select
            financed.*,
            max(year_no) over (partition by advance_id) as last_year_no
        from financed
    ) as financed
    group by advance_id
)

select * from final

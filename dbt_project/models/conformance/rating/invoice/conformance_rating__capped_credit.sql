with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'potential')) }} as potential,
        {{ denominator_of(json_text('inputs', 'potential')) }} as potential_denominator,
        {{ numerator_of(json_text('inputs', 'paid')) }} as paid,
        {{ denominator_of(json_text('inputs', 'paid')) }} as paid_denominator,
        coalesce({{ numerator_of(json_text('inputs', 'already_credited')) }}, 0) as credited,
        {{ denominator_of(json_text('inputs', 'already_credited')) }} as credited_denominator
    from {{ conformance_cases() }} as cases
),

widened as (
    select
        case_id,
        potential * paid_denominator * credited_denominator as potential,
        paid * potential_denominator * credited_denominator as paid,
        credited * potential_denominator * paid_denominator as credited,
        potential_denominator * paid_denominator * credited_denominator as denominator
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'credit', {{ ratio_text(capped_credit('potential', 'paid', 'credited'), 'denominator') }}
        ) as outputs
    from widened
)

select * from final

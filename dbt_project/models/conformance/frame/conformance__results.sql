with

cases as (
    select * from {{ source('conformance', 'cases') }}
),

operations as (
    select * from {{ source('conformance', 'operations') }}
),

outputs as (
    select * from {{ source('conformance', 'outputs') }}
),

stops as (
    select * from {{ source('conformance', 'stops') }}
),

expected as (
    select * from {{ json_leaves(source('conformance', 'cases'), 'expected') }} as leaves
),

got as (
    select * from {{ json_leaves(source('conformance', 'outputs'), 'outputs') }} as leaves
),

pairs as (
    select
        expected.case_id,
        expected.path,
        expected.leaf as expected_leaf,
        got.leaf as got_leaf,
        got.case_id is not null as is_computed,
        {{ is_exact_number('expected.leaf') }} and {{ is_exact_number('got.leaf') }} as are_numbers,
        cast(cases.compare_round -> expected.output ->> 'digits' as integer) as digits,
        cases.compare_round -> expected.output ->> 'mode' as mode
    from expected
    inner join cases on expected.case_id = cases.case_id
    left join got on expected.case_id = got.case_id and expected.path = got.path
    where cases.is_compared_whole or not expected.is_inner_count
),

numbers as (
    select
        pairs.*,
        case when are_numbers then {{ numerator_of('expected_leaf') }} end as expected_numerator,
        case when are_numbers then {{ denominator_of('expected_leaf') }} end as expected_denominator,
        case when are_numbers then {{ numerator_of('got_leaf') }} end as got_numerator,
        case when are_numbers then {{ denominator_of('got_leaf') }} end as got_denominator
    from pairs
),

compared as (
    select
        case_id,
        path,
        expected_leaf,
        got_leaf,
        case
            when not is_computed then false
            when not are_numbers then coalesce(expected_leaf = got_leaf, expected_leaf is null and got_leaf is null)
            when mode is null then expected_numerator * got_denominator = got_numerator * expected_denominator
            else
                {{ round_ratio_as('expected_numerator', 'expected_denominator', 'digits', 'mode') }}
                = {{ round_ratio_as('got_numerator', 'got_denominator', 'digits', 'mode') }}
        end as is_equal
    from numbers
),

-- What an output has beside what is expected of it, where it is compared whole.
surplus as (
    select
        got.case_id,
        got.path,
        cast(null as text) as expected_leaf,
        got.leaf as got_leaf,
        false as is_equal
    from got
    inner join cases on got.case_id = cases.case_id
    left join expected on got.case_id = expected.case_id and got.path = expected.path
    where cases.is_compared_whole and cases.expected ? got.output and expected.case_id is null
),

findings as (
    select * from compared
    union all
    select * from surplus
),

judged as (
    select
        case_id,
        bool_and(is_equal) as is_equal,
        jsonb_agg(
            jsonb_build_object('output', path, 'expected', expected_leaf, 'got', got_leaf)
            order by path
        ) filter (where not is_equal) as differences
    from findings
    group by case_id
),

final as (
    select
        cases.case_id,
        cases.op,
        case
            when operations.op is null or stops.needs_digits then 'skipped'
            when outputs.case_id is not null and judged.is_equal then 'passed'
            else 'failed'
        end as status,
        case
            when operations.op is null then 'unknown ' || cases.word_for_op || ' ' || cases.op
            when stops.case_id is not null then stops.reason
            when outputs.case_id is null then 'nothing was computed'
            when judged.case_id is null then 'the case expects nothing'
        end as reason,
        judged.differences
    from cases
    left join operations on cases.op = operations.op
    left join outputs on cases.case_id = outputs.case_id
    left join stops on cases.case_id = stops.case_id
    left join judged on cases.case_id = judged.case_id
)

select * from final

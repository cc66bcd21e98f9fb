with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'mode') }} as block_mode,
        {{ json_node('inputs', 'tiers') }} as tiers,
        {{ json_node('inputs', 'usage') }} as usage_quantities,
        {{ exact_of("coalesce(" ~ json_text('inputs', 'already_billed') ~ ", '0')") }} as already_billed,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('inputs', 'round', 'mode') }} as round_mode
    from {{ conformance_cases() }} as cases
),

usage_quantities as (
    select
        cases.case_id,
        quantities.key as unit_name,
        {{ exact_of(json_scalar_text('quantities.value')) }} as quantity
    from cases
    cross join {{ json_each('cases.usage_quantities', 'quantities') }}
),

tiers as (
    select
        cases.case_id,
        cases.block_mode,
        tiers.position as tier_no,
        tiers.element as tier
    from cases
    cross join {{ json_array_elements('cases.tiers', 'tiers') }}
),

unit_tiers as (
    select
        tiers.case_id as line_id,
        tiers.block_mode,
        tiers.tier_no,
        blocks.position as unit_no,
        {{ json_text('blocks.element', 'unit') }} as unit_name,
        usage_quantities.quantity,
        {{ exact_of(json_text('blocks.element', 'size')) }} as block_size,
        {{ exact_of(json_text('blocks.element', 'max_blocks')) }} as max_blocks,
        {{ exact_of(json_text('blocks.element', 'price')) }} as block_amount
    from tiers
    cross join {{ json_array_elements(json_node('tiers.tier', 'blocks'), 'blocks') }}
    inner join usage_quantities
        on
            tiers.case_id = usage_quantities.case_id
            and usage_quantities.unit_name = {{ json_text('blocks.element', 'unit') }}
),

blocks as (
    {{ block_counts('unit_tiers') }}
),

unit_limits as (
    select
        tiers.case_id as line_id,
        tiers.tier_no,
        usage_quantities.quantity,
        {{ exact_of(json_scalar_text('limits.value')) }} as limit_quantity
    from tiers
    cross join {{ json_each(json_node('tiers.tier', 'limits'), 'limits') }}
    left join usage_quantities
        on tiers.case_id = usage_quantities.case_id and limits.key = usage_quantities.unit_name
),

chosen as (
    {{ capacity_tiers('unit_limits') }}
),

amounts as (
    select
        line_id,
        amount
    from blocks
    union all
    select
        chosen.line_id,
        {{ exact_of(json_text('tiers.tier', 'price')) }} as amount
    from chosen
    inner join tiers on chosen.line_id = tiers.case_id and chosen.tier_no = tiers.tier_no
),

totals as (
    select
        line_id,
        sum(amount) as amount
    from amounts
    group by line_id
),

listed as (
    select
        line_id,
        {{ json_list(
            json_list_of(['unit_name', text_of('tier_no'), text_of('block_count')]),
            'first_unit_no, unit_name, tier_no'
        ) }} as blocks
    from (
        select
            blocks.*,
            min(unit_no) over (partition by line_id, unit_name) as first_unit_no
        from blocks
    ) as ordered
    where block_count > 0
    group by line_id
),

rounded as (
    select
        cases.case_id,
        cases.already_billed,
        {{ round_as('coalesce(totals.amount, 0)', 'cases.round_digits', 'cases.round_mode') }} as amount
    from cases
    left join totals on cases.case_id = totals.line_id
),

final as (
    select
        rounded.case_id,
        {{ json_object() }}(
            'amount', {{ text_of('rounded.amount') }},
            'delta', {{ text_of('rounded.amount - rounded.already_billed') }},
            'blocks', coalesce(listed.blocks, {{ json_list_of([]) }})
        ) as outputs
    from rounded
    left join listed on rounded.case_id = listed.line_id
)

select * from final

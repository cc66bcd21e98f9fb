{#-
    Matching of money received with what it may pay, where no key is shared. Relations (names of CTEs):

    receipts:   receipt_id, currency, amount_minor, received_on, words (words_of what the bank says), party
    items:      item_id, currency, amount_minor, from_on, until_on (days on which it may be paid), party
    naming:     item_id, reference (words_of it): what a payer may write to name the item; several an item

    `party` is the customer, or the group of companies it belongs to; null when unknown.

    Applied is only what is certain:
      1. reference and amount: the text names the item, the amounts are equal, the payer is not known to be another, and
         receipt and item are each other's only such pair;
      2. customer and amount: among what is left, the payer owns the item, the amounts are equal, each is the other's
         only such pair, and the text names no other item of the payer;
      3. remittance: among what is left, the text names several items, and exactly one set of them (at most 12 are
         tried) adds up to the amount.
    A tie is never broken. Gives receipt_id, item_id, match_rule, used_minor, solution_count.
-#}
{% macro matched_receipts(receipts, items, naming) -%}
    with recursive by_amount as {{ once() }} (
        select
            receipts.receipt_id,
            receipts.words,
            receipts.party as payer,
            items.item_id,
            items.party as owner,
            items.currency,
            items.amount_minor
        from {{ receipts }} as receipts
        inner join {{ items }} as items
            on
                receipts.currency = items.currency
                and receipts.amount_minor = items.amount_minor
                and receipts.received_on >= items.from_on
                and receipts.received_on <= items.until_on
    ),

    named_pairs as (
        select distinct
            by_amount.receipt_id,
            by_amount.item_id,
            by_amount.amount_minor
        from by_amount
        inner join {{ naming }} as naming on by_amount.item_id = naming.item_id
        where
            {{ names('by_amount.words', 'naming.reference') }}
            and coalesce(by_amount.payer = by_amount.owner, true)
    ),

    counted_named as (
        select
            named_pairs.*,
            count(*) over (partition by receipt_id) as item_count,
            count(*) over (partition by item_id) as receipt_count
        from named_pairs
    ),

    first_matches as {{ once() }} (
        select
            receipt_id,
            item_id,
            amount_minor
        from counted_named
        where item_count = 1 and receipt_count = 1
    ),

    of_payer as (
        select
            by_amount.*,
            count(*) over (partition by by_amount.receipt_id) as item_count,
            count(*) over (partition by by_amount.item_id) as receipt_count
        from by_amount
        left join first_matches as taken_receipts on by_amount.receipt_id = taken_receipts.receipt_id
        left join first_matches as taken_items on by_amount.item_id = taken_items.item_id
        where
            by_amount.payer = by_amount.owner
            and taken_receipts.receipt_id is null
            and taken_items.item_id is null
    ),

    contradicted as (
        select distinct of_payer.receipt_id
        from of_payer
        inner join {{ items }} as others
            on
                of_payer.payer = others.party
                and of_payer.currency = others.currency
                and of_payer.item_id <> others.item_id
        inner join {{ naming }} as naming on others.item_id = naming.item_id
        where of_payer.item_count = 1 and of_payer.receipt_count = 1 and {{ names('of_payer.words', 'naming.reference') }}
    ),

    second_matches as {{ once() }} (
        select
            of_payer.receipt_id,
            of_payer.item_id,
            of_payer.amount_minor
        from of_payer
        left join contradicted on of_payer.receipt_id = contradicted.receipt_id
        where of_payer.item_count = 1 and of_payer.receipt_count = 1 and contradicted.receipt_id is null
    ),

    taken as {{ once() }} (
        select * from first_matches
        union all
        select * from second_matches
    ),

    remitted as (
        select distinct
            receipts.receipt_id,
            receipts.amount_minor as receipt_minor,
            items.item_id,
            items.amount_minor
        from {{ receipts }} as receipts
        left join taken as taken_receipts on receipts.receipt_id = taken_receipts.receipt_id
        inner join {{ items }} as items
            on
                receipts.currency = items.currency
                and receipts.amount_minor > items.amount_minor
                and receipts.received_on >= items.from_on
                and receipts.received_on <= items.until_on
                and coalesce(receipts.party = items.party, true)
        left join taken as taken_items on items.item_id = taken_items.item_id
        inner join {{ naming }} as naming on items.item_id = naming.item_id
        where
            taken_receipts.receipt_id is null
            and taken_items.item_id is null
            and {{ names('receipts.words', 'naming.reference') }}
    ),

    {{ subset_sums('remitted', 'receipt_id', 'receipt_minor', 'item_id', 'amount_minor') }},

    -- Two remittances that claim one item are a tie.
    third_matches as (
        select
            group_id as receipt_id,
            member_id as item_id,
            amount_minor,
            count(*) over (partition by member_id) as receipt_count
        from only_sums
    ),

    sole_remittances as (
        select receipt_id
        from third_matches
        group by receipt_id
        having max(receipt_count) = 1
    )

    select
        receipt_id,
        item_id,
        'reference and amount' as match_rule,
        amount_minor as used_minor,
        1 as solution_count
    from first_matches
    union all
    select
        receipt_id,
        item_id,
        'customer and amount' as match_rule,
        amount_minor as used_minor,
        1 as solution_count
    from second_matches
    union all
    select
        third_matches.receipt_id,
        third_matches.item_id,
        'remittance' as match_rule,
        third_matches.amount_minor as used_minor,
        1 as solution_count
    from third_matches
    inner join sole_remittances on third_matches.receipt_id = sole_remittances.receipt_id
{%- endmacro %}


{#- Whether words (words_of) name a reference (words_of): as words of its own, or written without blanks. References of
    fewer than four characters name nothing. -#}
{% macro names(words, reference) -%}
    (
        length({{ reference }}) >= 6
        and (
            strpos({{ words }}, {{ reference }}) > 0
            or strpos({{ words }}, ' ' || replace({{ reference }}, ' ', '') || ' ') > 0
        )
    )
{%- endmacro %}


{#-
    CTEs (the last one: only_sums) that find, in every group of candidates, the sets of two or more whose amounts add up
    to the group's amount. Groups of more than 12 candidates are left alone; `only_sums` has one row a member of the
    set, for groups with exactly one; `sum_counts` how many sets a group has. Stands in a `with recursive`.
-#}
{% macro subset_sums(candidates, group_id, group_minor, member_id, amount_minor) -%}
    numbered as {{ once() }} (
        select
            {{ group_id }} as group_id,
            {{ group_minor }} as group_minor,
            {{ member_id }} as member_id,
            {{ amount_minor }} as amount_minor,
            row_number() over (partition by {{ group_id }} order by {{ member_id }}) as place,
            count(*) over (partition by {{ group_id }}) as candidate_count
        from {{ candidates }}
    ),

    sums (group_id, group_minor, last_place, sum_minor, member_count, members) as (
        select
            group_id,
            group_minor,
            place,
            cast(amount_minor as numeric),
            1,
            '|' || cast(place as text) || '|'
        from numbered
        where candidate_count between 2 and 12
        union all
        select
            sums.group_id,
            sums.group_minor,
            numbered.place,
            sums.sum_minor + numbered.amount_minor,
            sums.member_count + 1,
            sums.members || cast(numbered.place as text) || '|'
        from sums
        inner join numbered on sums.group_id = numbered.group_id and sums.last_place < numbered.place
    ),

    exact_sums as (
        select
            sums.*,
            count(*) over (partition by group_id) as sum_count
        from sums
        where sum_minor = group_minor and member_count > 1
    ),

    sum_counts as (
        select
            group_id,
            max(sum_count) as sum_count
        from exact_sums
        group by group_id
    ),

    only_sums as (
        select
            numbered.group_id,
            numbered.member_id,
            numbered.amount_minor
        from exact_sums
        inner join numbered
            on
                exact_sums.group_id = numbered.group_id
                and strpos(exact_sums.members, '|' || cast(numbered.place as text) || '|') > 0
        where exact_sums.sum_count = 1
    )
{%- endmacro %}

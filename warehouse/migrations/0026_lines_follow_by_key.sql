-- The line before the first of a posting is looked up by its key. As a join it could be planned over the whole month for
-- every line, and the time of a posting grew with the square of its lines.
create or replace function ledger.take_lines() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    line record;
    missing text;
begin
    -- The share lock makes a close wait for this transaction; a close that came first makes this statement wait, and
    -- the row is then read again as it left it.
    for line in
        select periods.entity, periods.period, periods.status
        from ledger.periods as periods
        where (periods.entity, periods.period) in (select entity, posted_period from new_lines)
        order by periods.entity, periods.period
        for share
    loop
        if line.status = 'closed' then
            raise exception 'Month % of % is closed: nothing can be posted into it.', ledger.month_text(line.period),
                line.entity
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'Late facts post into the open month: tieout close run. To change this one: tieout close '
                'reopen.';
        end if;
    end loop;

    select string_agg(distinct lines.account, ', ' order by lines.account) into missing
    from (select distinct entity, account, posted_period from new_lines) as lines
    where not exists (
        select from ledger.account_mappings as mappings
        where mappings.entity = lines.entity and mappings.account = lines.account
            and mappings.valid_from <= lines.posted_period
    );
    if missing is not null then
        raise exception 'Accounts without a GL account: %.', missing
        using errcode = 'object_not_in_prerequisite_state', hint = 'Map them: tieout close accounts --from FILE.';
    end if;

    with chained as (
        select lines.entity, lines.posted_period, lines.sequence, lines.hash_prev, lines.hash,
            lag(lines.sequence) over positions as sequence_before, lag(lines.hash) over positions as hash_before,
            ledger.line_text(
                lines.entity, lines.posted_period, lines.sequence, lines.original_period, lines.entry_key,
                    lines.revision,
                lines.line_ref, lines.source_system, lines.source_id, lines.rule, lines.rule_version, lines.customer_id,
                lines.customer_sequence, lines.invoice_id, lines.invoice_line_id, lines.booked_on, lines.account,
                lines.currency, lines.amount_minor, lines.functional_currency, lines.functional_minor
            ) as content
        from new_lines as lines
        window positions as (partition by lines.entity, lines.posted_period order by lines.sequence)
    )
    select chained.entity, chained.posted_period, chained.sequence into line
    from chained
    where chained.hash is distinct from ledger.linked(chained.hash_prev, chained.content)
        or (chained.sequence_before is not null and chained.sequence <> chained.sequence_before + 1)
        or chained.hash_prev is distinct from coalesce(
            chained.hash_before,
            (
                select earlier.hash
                from ledger.journal_lines as earlier
                where earlier.entity = chained.entity and earlier.posted_period = chained.posted_period
                    and earlier.sequence = chained.sequence - 1
            ),
            case when chained.sequence = 1 then ledger.genesis(chained.entity, chained.posted_period) end
        )
    order by 1, 2, 3
    limit 1;
    if line.entity is not null then
        raise exception 'Line % of % in % does not follow from the line before it.', line.sequence, line.entity,
            ledger.month_text(line.posted_period)
        using errcode = 'integrity_constraint_violation';
    end if;

    insert into ledger.unchecked_postings (entity, posting_no)
    select distinct entity, posting_no from new_lines
    on conflict do nothing;
    return null;
end
$$;

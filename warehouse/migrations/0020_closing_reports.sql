-- What the lines alone cannot say later: obligations, planned revenue, ageing, recurring revenue, breaks, policies, as
-- they stood when a month was closed. Written by the statement that closes the month; their digest is part of its event,
-- and so of the chain.
create table ledger.closing_reports (
    entity text not null,
    event_no bigint not null,
    report text not null check (report <> ''),
    row_no bigint not null check (row_no > 0),
    content jsonb not null,
    primary key (entity, event_no, report, row_no),
    foreign key (entity, event_no) references ledger.period_events
);
comment on table ledger.closing_reports is
'Grain: entity, event_no (a closing), report, row_no. Rows of the reports of a month as it was closed '
'(recon_closing_reports). Amounts in minor units. Append-only.';

create trigger stays_as_it_is before update or delete or truncate on ledger.closing_reports
for each statement execute function ledger.refuse_change();
alter table ledger.closing_reports enable always trigger stays_as_it_is;

create function ledger.report_text(report text, row_no bigint, content jsonb) returns text
language sql stable parallel safe
return json_build_array(report, row_no::text, content::text)::text;
comment on function ledger.report_text is 'A row of a report as the digest of its closing sees it.';

create function ledger.reports_sha256(which_entity text, which_event bigint) returns text
language sql stable
set search_path = pg_catalog
return (
    select encode(sha256(convert_to(coalesce(string_agg(
        ledger.report_text(reports.report, reports.row_no, reports.content), chr(10)
        order by reports.report collate "C", reports.row_no
    ), ''), 'UTF8')), 'hex')
    from ledger.closing_reports as reports
    where reports.entity = which_entity and reports.event_no = which_event
);
comment on function ledger.reports_sha256 is 'Digest of the reports of a closing, as its event keeps it.';

-- Reports come with their closing, whole, or not at all.
create function ledger.weigh_reports() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    odd record;
begin
    select events.event_no, events.period, events.entity into odd
    from (select distinct entity, event_no from new_rows) as given
    inner join ledger.period_events as events on given.entity = events.entity and given.event_no = events.event_no
    where events.event <> 'closed'
        or events.evidence -> 'reports' ->> 'sha256' is distinct from ledger.reports_sha256(events.entity, events.event_no)
    limit 1;
    if odd.event_no is not null then
        raise exception 'These are not the reports that % of % was closed with.', ledger.month_text(odd.period),
            odd.entity
        using errcode = 'restrict_violation', hint = 'Reports are kept by tieout close run alone.';
    end if;
    return null;
end
$$;
create trigger belong_to_their_closing after insert on ledger.closing_reports
referencing new table as new_rows
for each statement execute function ledger.weigh_reports();
alter table ledger.closing_reports enable always trigger belong_to_their_closing;

grant insert on ledger.closing_reports to tieout_closer;
grant execute on function ledger.report_text(text, bigint, jsonb), ledger.reports_sha256(text, bigint)
to tieout_closer, tieout_transformer, tieout_auditor;

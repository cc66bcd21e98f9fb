"""The books: what is posted stays posted, balances, and stands in a chain, whoever writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.close.posting import PeriodClosed, open_months, post
from tests.warehouse.ledger_rows import TOTALS, fact, map_accounts, month, prepare, rows, say
from warehouse.connection import ROLES, connect

pytestmark = pytest.mark.warehouse

Refused = psycopg.errors.ObjectNotInPrerequisiteState
Unsound = psycopg.errors.IntegrityConstraintViolation

CLOSE = (
    "insert into ledger.period_events (entity, period, event, preparer, approver, code_version)"
    " values ('main', %(month)s, 'closing', 'anna', null, null), ('main', %(month)s, 'closed', 'anna', 'ben', 'v1')"
)


def posted(through: str = "2026-03", entity: str = "main", first: str | None = None) -> list:
    with connect("closer") as closer:
        open_months(closer, entity, month(through), "anna", first=month(first) if first else None)
        return post(closer, entity, month(through), "anna", "v1")


def close(which: str) -> None:
    with connect("closer") as closer:
        closer.execute(CLOSE, {"month": month(which)})


@pytest.fixture
def books(warehouse: str) -> Iterator[psycopg.Connection]:
    """A warehouse with an empty table of facts, and the superuser's connection."""
    prepare()
    with psycopg.connect(warehouse, autocommit=True) as superuser:
        superuser.execute("set timezone to 'UTC'")
        yield superuser


def test_what_the_rules_say_is_posted_once_and_a_replay_posts_nothing(books):
    say(fact("in_1", 12000), fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue"))
    (march,) = posted()
    assert (march.lines, march.entries, march.late_lines) == (4, 2, 0)
    before = rows("select * from ledger.journal_lines order by sequence")
    assert posted() == []
    assert rows("select * from ledger.journal_lines order by sequence") == before
    assert rows("select count(*) from ledger.postings") == [(1,)]


READ = """
    select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables
    where schemaname = 'ledger' and relname = 'journal_lines'
"""


def test_posting_many_lines_reads_each_a_few_times_and_not_all_for_each(books):
    entries = 1500
    say(*(fact(f"in_{number}", number + 1, customer=f"acct_{number}") for number in range(entries)))
    (march,) = posted()
    assert march.lines == 2 * entries
    books.execute("select pg_stat_force_next_flush()")
    ((read,),) = books.execute(READ).fetchall()
    assert read <= 10 * march.lines


def test_the_server_knows_how_many_lines_are_due_before_it_numbers_them(books):
    say(*(fact(f"in_{number}", number + 1) for number in range(200)))
    with connect("closer") as closer:
        open_months(closer, "main", month("2026-03"), "anna")
        (march,) = post(closer, "main", month("2026-03"), "anna", "v1")
        known = closer.execute("select reltuples from pg_class where oid = 'pg_temp.due_lines'::regclass").fetchone()
        assert known == (march.lines,) == (400,)
        assert post(closer, "main", month("2026-03"), "anna", "v1") == []


def test_a_fact_that_changes_posts_its_difference_and_leaves_what_was_posted(books):
    say(fact("in_1", 12000))
    posted()
    before = rows("select * from ledger.journal_lines order by sequence")
    say(fact("in_1", 11000))
    posted()
    assert rows("select * from ledger.journal_lines order by sequence limit 2") == before
    assert rows("select revision, account, amount_minor from ledger.journal_lines order by sequence offset 2") == [
        (2, "accounts_receivable", -1000),
        (2, "deferred_revenue", 1000),
    ]


def test_a_fact_that_is_no_longer_so_is_taken_back(books):
    say(fact("in_1", 12000), fact("in_2", 500))
    posted()
    say(fact("in_2", 500))
    posted()
    assert rows(
        "select source_id, sum(amount_minor)::int from ledger.journal_lines where account = 'revenue' or"
        " account = 'deferred_revenue' group by 1 order by 1"
    ) == [("in_1", 0), ("in_2", -500)]


def test_planned_months_wait_for_their_month(books):
    plan = [
        fact("in_1", 100, month=planned, rule="schedule", debit="deferred_revenue", credit="revenue")
        for planned in ("2026-03", "2026-04", "2026-05")
    ]
    say(*plan)
    assert [one.lines for one in posted("2026-03")] == [2]
    assert [(one.period, one.lines) for one in posted("2026-04")] == [(month("2026-04"), 2)]


def test_every_open_month_gets_its_own_facts(books):
    say(fact("in_1", 100, month="2026-01"), fact("in_2", 200, month="2026-02"), fact("in_3", 300, month="2026-03"))
    assert [one.period for one in posted("2026-03")] == [month("2026-01"), month("2026-02"), month("2026-03")]


def test_a_late_fact_of_a_closed_month_posts_to_the_earliest_open_one_and_keeps_its_own_month(books):
    say(fact("in_1", 12000))
    posted()
    close("2026-03")
    closed = rows("select * from ledger.journal_lines order by sequence")
    say(fact("in_1", 12000), fact("in_9", 700), fact("in_2", 10, month="2026-04"))
    (april,) = posted("2026-04")
    assert (april.lines, april.late_lines) == (4, 2)
    assert rows("select * from ledger.journal_lines where posted_period = '2026-03-01' order by sequence") == closed
    assert rows(
        "select distinct posted_period, original_period from ledger.journal_lines where source_id = 'in_9'"
    ) == [(month("2026-04"), month("2026-03"))]


def test_posting_a_closed_month_is_refused_with_what_to_do_instead(books):
    say(fact("in_1", 12000))
    posted()
    close("2026-03")
    with pytest.raises(PeriodClosed, match=r"2026-03 of main is closed \(anna, approved by ben, .*Late facts go to"):
        posted()


def test_lines_cannot_be_put_into_a_closed_month_by_anybody(books):
    say(fact("in_1", 12000), fact("in_2", 1, month="2026-04"))
    posted("2026-04")
    close("2026-03")
    copy = APPEND.format(period="2026-03-01")
    for role in (None, "owner", "closer"):
        with (
            connect(role) as writer,
            pytest.raises(Refused, match="2026-03 of main is closed"),
        ):
            writer.execute(copy)
    for role in ("transformer", "loader", "analyst", "auditor"):
        with connect(role) as writer, pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute(copy)


# A line that is well formed but for its place: copied from another month under another key.
APPEND = """
    insert into ledger.journal_lines (
        entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system, source_id, rule,
        rule_version, customer_sequence, account, currency, amount_minor, functional_currency, functional_minor,
        posting_no, hash_prev, hash
    )
    select
        entity, '{period}', 99, '2026-03-01', 'other', 1, '', source_system, source_id, rule,
        rule_version, 99, account, currency, amount_minor, functional_currency, functional_minor, posting_no, hash, hash
    from ledger.journal_lines
    limit 1
"""
KEPT = ("period_events", "account_mappings", "postings", "journal_lines", "balances")


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("statement", ["update {} set entity = entity", "delete from {}", "truncate {} cascade"])
def test_nobody_changes_what_was_written_not_even_owner_and_superuser(books, table, statement):
    refused = (psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)
    for role in [None, *ROLES]:
        with connect(role) as writer, pytest.raises(refused) as refusal:
            writer.execute(statement.format(f"ledger.{table}"))
        if role in {None, "owner"}:
            assert "append-only" in str(refusal.value)
    books.execute("set session_replication_role to replica")
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        books.execute(statement.format(f"ledger.{table}"))


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.periods set status = 'open'",
        "delete from ledger.periods",
        "truncate ledger.periods cascade",
        "insert into ledger.periods values ('main', '2030-01-01', 'open')",
    ],
)
def test_the_status_of_a_month_changes_by_an_event_alone(books, statement):
    say(fact("in_1", 1))
    posted()
    with pytest.raises(psycopg.errors.RestrictViolation, match=r"(event alone|append-only)"):
        books.execute(statement)
    for role in ("closer", "transformer"):
        with connect(role) as writer, pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute(statement)


@pytest.mark.parametrize(
    ("account", "amount", "functional", "says"),
    [
        ("revenue", 99, 100, r"in_1\|invoice\|1\|2026-03 does not balance in its currency usd: .* are 1 minor"),
        ("revenue", 100, 99, r"does not balance in its functional currency eur: .* are 1 minor"),
    ],
)
def test_an_entry_that_does_not_balance_is_refused_at_commit(books, account, amount, functional, says):
    debit, credit = fact("in_1", 100)
    say([debit, (*credit[:14], -amount, "eur", -functional)])
    with pytest.raises(Unsound, match=says):
        posted()
    assert rows("select count(*) from ledger.journal_lines") == [(0,)]


def test_the_balance_is_weighed_at_commit_so_an_entry_may_come_in_several_statements(books):
    """One statement a line, in one transaction: refused with one of them, taken with both."""
    say(fact("in_1", 100))
    for lines, taken in ((1, False), (2, True)):
        with connect("closer") as closer:
            open_months(closer, "main", month("2026-03"), "anna")
            closer.execute(
                "insert into ledger.postings (entity, through_period, posted_by, code_version)"
                " values ('main', '2026-03-01', 'anna', 'v')"
            )
            for number in range(1, lines + 1):
                closer.execute(ONE_LINE, {"number": number})
            if taken:
                closer.commit()
            else:
                with pytest.raises(Unsound, match="does not balance"):
                    closer.commit()
    assert rows("select count(*) from ledger.journal_lines") == [(2,)]


ONE_LINE = """
    with made as (
        select
            'main' as entity, date '2026-03-01' as posted_period, %(number)s::bigint as sequence,
            case %(number)s when 1 then 100 else -100 end::bigint as amount,
            case %(number)s when 1 then 'cash' else 'revenue' end as account
    ), chained as (
        select made.*, coalesce(
            (select hash from ledger.journal_lines where sequence = made.sequence - 1),
            ledger.genesis(entity, posted_period)
        ) as hash_prev
        from made
    )
    insert into ledger.journal_lines (
        entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system, source_id, rule,
        rule_version, customer_sequence, account, currency, amount_minor, functional_currency, functional_minor,
        posting_no, hash_prev, hash
    )
    select
        entity, posted_period, sequence, posted_period, 'key', 1, '', 's', 'i', 'r', 1, sequence, account, 'usd',
        amount, 'usd', amount, 1, hash_prev, ledger.linked(hash_prev, ledger.line_text(
            entity, posted_period, sequence, posted_period, 'key', 1, '', 's', 'i', 'r', 1, null, sequence, null, null,
            null, account, 'usd', amount, 'usd', amount
        ))
    from chained
"""


def test_an_account_without_a_gl_account_holds_the_posting_and_is_named(books):
    say(fact("in_1", 100, credit="goodwill"), fact("in_2", 100, credit="barter"))
    with pytest.raises(Refused, match="without a GL account: barter, goodwill"):
        posted()
    map_accounts(accounts=["goodwill", "barter"], valid_from="2026-04-01")
    with pytest.raises(Refused, match="without a GL account: barter, goodwill"):
        posted()
    map_accounts(accounts=["goodwill", "barter"], valid_from="2026-03-01")
    assert [one.lines for one in posted()] == [4]


def test_a_closed_month_keeps_the_gl_accounts_it_was_closed_under(books):
    say(fact("in_1", 100))
    posted()
    close("2026-03")
    with pytest.raises(Refused, match="cannot be mapped anew from 2026-02"):
        map_accounts(accounts=["cash"], valid_from="2026-02-01")
    map_accounts(accounts=["cash"], valid_from="2026-04-01")


def test_ids_follow_from_what_a_line_says(books):
    facts = [fact("in_1", 100), fact("in_2", 300, customer=None)]
    say(*facts)
    posted()
    ids = rows("select line_id from ledger.journal_lines order by line_id")
    assert len(set(ids)) == 4
    said = ["main", "stripe|in_1|invoice|1|2026-03", "1", "", "accounts_receivable", "usd", "eur", "acct_1", "in_1"]
    expected = "\x1f".join([*said, "\x1e"])
    assert hashlib.md5(expected.encode()).hexdigest() in {one[0].hex for one in ids}  # noqa: S324  an id, not a secret


def test_every_customer_has_a_sequence_without_gap(books):
    say(fact("in_1", 1), fact("in_2", 2, customer="acct_2"), fact("in_3", 3), fact("in_4", 4, customer=None))
    posted()
    say(fact("in_1", 5), fact("in_2", 6, customer="acct_2"), fact("in_3", 3), fact("in_4", 8, customer=None))
    posted()
    assert rows(
        "select customer_id, count(*), min(customer_sequence), max(customer_sequence),"
        " count(distinct customer_sequence) from ledger.journal_lines group by 1 order by 1"
    ) == [("acct_1", 6, 1, 6, 6), ("acct_2", 4, 1, 4, 4), (None, 4, 1, 4, 4)]


def test_a_line_that_does_not_follow_from_the_one_before_it_is_refused(books):
    say(fact("in_1", 100))
    posted()
    with (
        connect("closer") as closer,
        pytest.raises(Unsound, match="does not follow"),
    ):
        closer.execute(APPEND.format(period="2026-03-01"))


FIELDS = (
    "entity, to_char(posted_period, 'YYYY-MM'), sequence::text, to_char(original_period, 'YYYY-MM'), entry_key,"
    " revision::text, line_ref, source_system, source_id, rule, rule_version::text, customer_id,"
    " customer_sequence::text, invoice_id, invoice_line_id, booked_on::text, account, currency,"
    " amount_minor::text, functional_currency, functional_minor::text, hash"
)


def test_the_chain_can_be_recomputed_by_anybody_from_the_lines_alone(books):
    say(fact('in_"1"\\\t', 100), fact("in_2 é €", 300, customer=None), fact("in_3", 1, currency="jpy"))
    posted()
    head = hashlib.sha256(json.dumps(["main", "2026-03"]).encode()).digest()
    for *fields, found in rows(f"select {FIELDS} from ledger.journal_lines order by sequence"):
        head = hashlib.sha256(head + json.dumps(fields, ensure_ascii=False).encode()).digest()
        assert found == head


def event(kind, which, preparer="anna", approver=None, reason=None, code="v1"):
    with connect("closer") as closer:
        closer.execute(
            "insert into ledger.period_events (entity, period, event, preparer, approver, reason, code_version)"
            " values ('main', %s, %s, %s, %s, %s, %s)",
            (month(which), kind, preparer, approver, reason, code),
        )


@pytest.mark.parametrize("approver", [None, "", "anna", " Anna "])
def test_who_prepared_a_close_cannot_approve_it(books, approver):
    event("opened", "2026-03")
    event("closing", "2026-03")
    with pytest.raises(psycopg.errors.CheckViolation, match="closing_and_reopening_take_two_people"):
        event("closed", "2026-03", approver=approver)
    assert rows("select status from ledger.periods") == [("closing",)]


def test_a_month_is_closed_once(books):
    event("opened", "2026-03")
    close("2026-03")
    with pytest.raises(Refused, match="2026-03 of main is closed already"):
        close("2026-03")
    with pytest.raises(Refused, match="only a month that is closing"):
        event("closed", "2026-03", approver="ben")


def test_a_month_is_reopened_by_two_people_who_say_why(books):
    event("opened", "2026-03")
    close("2026-03")
    with pytest.raises(psycopg.errors.CheckViolation, match="reopening_says_why"):
        event("reopened", "2026-03", approver="ben")
    with pytest.raises(psycopg.errors.CheckViolation, match="two_people"):
        event("reopened", "2026-03", approver="anna", reason="credit note")
    event("reopened", "2026-03", approver="ben", reason="credit note")
    close("2026-03")
    assert [row[0] for row in rows("select event from ledger.period_events order by event_no")] == [
        "opened", "closing", "closed", "reopened", "closing", "closed",
    ]  # fmt: skip


def test_months_open_and_close_in_order_and_reopen_from_the_last_one_back(books):
    event("opened", "2026-02")
    with pytest.raises(Refused, match="after 2026-02 of main comes 2026-03, not 2026-04"):
        event("opened", "2026-04")
    event("opened", "2026-03")
    with pytest.raises(Refused, match="2026-02 of main is not closed yet"):
        close("2026-03")
    close("2026-02")
    close("2026-03")
    with pytest.raises(Refused, match="2026-03 of main is closed"):
        event("reopened", "2026-02", approver="ben", reason="late")
    with pytest.raises(Refused, match="never opened"):
        event("closing", "2026-05")


def test_a_close_records_the_balances_counted_by_the_database(books):
    say(fact("in_1", 100, month="2026-03"), fact("in_2", 40, month="2026-04", functional=41))
    posted("2026-04")
    close("2026-03")
    close("2026-04")
    assert rows(
        "select account, movement_minor, balance_minor, functional_movement_minor, functional_balance_minor"
        " from ledger.balances where period = '2026-04-01' order by account"
    ) == [("accounts_receivable", 40, 140, 41, 141), ("deferred_revenue", -40, -140, -41, -141)]
    ((lines, head, digest),) = rows(
        "select line_count, chain_head, trial_balance_sha256 from ledger.period_events"
        " where event = 'closed' and period = '2026-04-01'"
    )
    balances = [
        ["accounts_receivable", "usd", "eur", "140", "141"],
        ["deferred_revenue", "usd", "eur", "-140", "-141"],
    ]
    text = "\n".join(json.dumps(one) for one in balances)
    assert lines == 2
    assert [(head,)] == rows("select hash from ledger.journal_lines order by posted_period desc, sequence desc limit 1")
    assert digest == hashlib.sha256(text.encode()).digest()


AMOUNTS = st.integers(min_value=1, max_value=10**12)
MONTHS = st.sampled_from(["2026-01", "2026-02", "2026-03", "2026-04"])
WORLD = st.lists(st.tuples(MONTHS, AMOUNTS, st.sampled_from(["usd", "jpy"])), min_size=1, max_size=6)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=WORLD, data=st.data())
def test_any_order_and_any_split_of_arrival_gives_the_same_totals(books, world, data):
    """Facts become known in any order, are corrected, and months are closed at any moment in between."""
    entity = f"e{data.draw(st.integers(0, 10**9))}_{len(rows('select from ledger.periods'))}"
    map_accounts(entity)
    final = [
        fact(f"in_{number}", amount, month=when, currency=currency, entity=entity)
        for number, (when, amount, currency) in enumerate(world)
    ]
    arrivals = data.draw(st.permutations(range(len(final))))
    known: dict[int, list] = {}
    closed = 0
    for position, number in enumerate(arrivals):
        when, amount, currency = world[number]
        wrong = data.draw(st.booleans())
        known[number] = (
            fact(f"in_{number}", amount + 7, month=when, currency=currency, entity=entity) if wrong else final[number]
        )
        through = data.draw(st.integers(max(closed + 1, 1), 5))
        say(*known.values())
        posted(f"2026-{through:02d}", entity, "2026-01")
        first = rows("select min(period) from ledger.periods where entity = %s and status <> 'closed'", entity)[0][0]
        if data.draw(st.booleans()) and first.month < 5 and position < len(final) - 1:
            with connect("closer") as closer:
                closer.execute(CLOSE.replace("'main'", f"'{entity}'"), {"month": first})
            closed = first.month
    before = rows(
        "select posted_period, sequence, hash from ledger.journal_lines where entity = %s order by 1, 2", entity
    )
    say(*final)
    posted("2026-05", entity, "2026-01")
    totals = TOTALS.replace("group by", f"where entity = '{entity}' group by", 1)
    expected: dict[tuple, int] = {}
    for when, amount, currency in world:
        for account, sign in (("accounts_receivable", 1), ("deferred_revenue", -1)):
            key = (month(when), account, currency)
            expected[key] = expected.get(key, 0) + sign * amount
    assert {row[:3]: row[3] for row in rows(totals)} == expected
    after = rows(
        "select posted_period, sequence, hash from ledger.journal_lines where entity = %s order by 1, 2", entity
    )
    assert set(before) <= set(after)

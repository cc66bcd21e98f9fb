"""Closing a month: one transaction, two people, gates, digests; a verification that names what was tampered with."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.close.accounts import STANDARD, add, in_force, read
from orchestration.close.closing import CloseRefused, GatesOpen, close_month, plan, post_month, reopen
from orchestration.close.posting import PeriodClosed
from orchestration.close.verification import verify
from tests.warehouse.ledger_rows import ACCOUNTS, fact, month, prepare, rows, say, tampering
from warehouse.connection import connect
from warehouse.errors import WriterBusy
from warehouse.lock import writer_lock

pytestmark = pytest.mark.warehouse

MARCH, APRIL, MAY = month("2026-03"), month("2026-04"), month("2026-05")
EVERYTHING = """
    select
        (select jsonb_agg(to_jsonb(lines) order by posted_period, sequence) from ledger.journal_lines as lines),
        (select jsonb_agg(to_jsonb(events) order by event_no) from ledger.period_events as events),
        (select jsonb_agg(to_jsonb(periods) order by period) from ledger.periods as periods),
        (select jsonb_agg(to_jsonb(balances) order by event_no, account) from ledger.balances as balances)
"""


@pytest.fixture
def books(warehouse: str) -> str:
    """A built warehouse with an invoice of March, and its superuser's URL."""
    prepare()
    say(fact("in_1", 12000), fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue"))
    return warehouse


def hold(gate: str, *, entity: str | None = None) -> None:
    """Give a gate a row to look at in March."""
    with connect("transformer") as transformer:
        if entity is None:
            transformer.execute(
                "insert into reconciliation.recon_close_gate values (%s, %s, 'B1', 'usd', 'open breaks', 3, 4242)",
                (MARCH, gate),
            )
        else:
            transformer.execute(
                "insert into reconciliation.recon_ledger_gate values (%s, %s, %s, 'usd', 'invoice in_9', 1, 100)",
                (entity, MARCH, gate),
            )


def test_closing_posts_locks_and_records_who_from_what_and_with_which_digests(books):
    closed = close_month("main", MARCH, "anna", "ben")
    assert (closed.preparer, closed.approver, closed.line_count) == ("anna", "ben", 4)
    assert [(one.period, one.lines) for one in closed.posted] == [(MARCH, 4)]
    assert rows("select period, status from ledger.periods order by 1") == [(MARCH, "closed"), (APRIL, "open")]
    assert rows("select encode(hash, 'hex') from ledger.journal_lines order by sequence desc limit 1") == [
        (closed.chain_head,)
    ]
    ((evidence,),) = rows("select evidence from ledger.period_events where event = 'closed'")
    assert {gate["status"] for gate in evidence["gates"]} == {"passed"}
    assert evidence["deliveries"] == {}


def test_a_plan_says_what_would_be_posted_and_changes_nothing(books):
    before = rows(EVERYTHING)
    planned = plan("main", MARCH)
    assert [(one.period, one.lines, one.entries) for one in planned.posted] == [(MARCH, 4, 2)]
    assert planned.open_gates == []
    assert rows(EVERYTHING) == before


def test_a_gate_that_cannot_be_asked_of_the_month_says_why_and_opens_as_soon_as_it_has_a_row(books):
    with connect("transformer") as transformer:
        transformer.execute(
            "insert into reconciliation.recon_unchecked_gates values ('main', %s, 'transfer', 'no lines of the ERP')",
            (MARCH,),
        )
    unchecked = {gate.name: gate.because for gate in plan("main", MARCH).gates if gate.status == "not checked"}
    assert unchecked == {"transfer": "no lines of the ERP"}
    hold("transfer", entity="main")
    assert [gate.name for gate in plan("main", MARCH).open_gates] == ["transfer"]


def test_the_fifteen_gates_are_all_asked(books):
    assert {gate.number for gate in plan("main", MARCH).gates} == set(range(1, 16))


@pytest.mark.parametrize(("gate", "entity"), [("open breaks", None), ("invoices", "main")])
def test_an_open_gate_keeps_the_month_open_and_nothing_posted(books, gate, entity):
    hold(gate, entity=entity)
    before = rows(EVERYTHING)
    with pytest.raises(
        GatesOpen, match=rf"2026-03 is not ready, nothing was posted or closed\. Open gates: {gate} \(1\)"
    ):
        close_month("main", MARCH, "anna", "ben")
    assert rows(EVERYTHING) == before


def test_gates_of_another_entity_do_not_count(books):
    hold("invoices", entity="other")
    assert close_month("main", MARCH, "anna", "ben").line_count == 4


def test_a_waived_gate_keeps_its_reason_in_the_record_of_the_closing(books):
    hold("open breaks")
    closed = close_month("main", MARCH, "anna", "ben", {"open breaks": "clears in May"})
    assert [(gate.name, gate.because) for gate in closed.gates if gate.status == "waived"] == [
        ("open breaks", "clears in May")
    ]
    ((evidence,),) = rows("select evidence -> 'gates' from ledger.period_events where event = 'closed'")
    assert [gate for gate in evidence if gate["status"] == "waived"] == [
        {
            "gate_no": 14,
            "gate": "open breaks",
            "status": "waived",
            "because": "clears in May",
            "reasons": ["usd: open breaks"],
        }
    ]


def test_a_gate_that_is_not_open_cannot_be_waived(books):
    with pytest.raises(CloseRefused, match="Nothing to waive: cash"):
        close_month("main", MARCH, "anna", "ben", {"cash": "just in case"})


def test_a_month_is_closed_once(books):
    close_month("main", MARCH, "anna", "ben")
    before = rows(EVERYTHING)
    with pytest.raises(PeriodClosed, match=r"2026-03 of main is closed \(anna, approved by ben"):
        close_month("main", MARCH, "carl", "dora")
    assert rows(EVERYTHING) == before


def test_who_prepares_cannot_approve(books):
    for preparer, approver in (("anna", "anna"), ("anna", " ANNA "), ("anna", "")):
        with pytest.raises(CloseRefused, match="take two people"):
            close_month("main", MARCH, preparer, approver)
    assert rows("select count(*) from ledger.periods") == [(0,)]


def test_months_close_in_order(books):
    say(fact("in_1", 12000), fact("in_2", 5, month="2026-04"))
    with pytest.raises(CloseRefused, match="Months are closed in order: 2026-03 of main is not closed yet"):
        close_month("main", APRIL, "anna", "ben")


def test_nothing_built_nothing_closed(warehouse):
    with pytest.raises(CloseRefused, match="Nothing is built yet"):
        plan("main", MARCH)


def test_a_close_and_a_build_do_not_run_together(books):
    with writer_lock(holder="tieout build"), pytest.raises(WriterBusy, match="tieout build has been writing since"):
        close_month("main", MARCH, "anna", "ben")


def test_late_facts_never_move_a_closed_month(books):
    """Late usage, a late refund and a correction arrive after March was closed: its lines, head and balances stay."""
    close_month("main", MARCH, "anna", "ben")
    of_march = (
        "select jsonb_agg(to_jsonb(lines) order by sequence) from ledger.journal_lines as lines"
        " where posted_period = '2026-03-01'"
    )
    frozen = rows(of_march)
    say(
        fact("in_1", 11500),
        fact("in_1", 958, rule="schedule", debit="deferred_revenue", credit="revenue"),
        fact("use_7", 700, rule="unbilled", debit="accounts_receivable", credit="revenue"),
        fact("re_1", 300, rule="refund", debit="refunds", credit="cash", month="2026-04"),
    )
    closed = close_month("main", APRIL, "anna", "ben")
    assert [(one.period, one.lines, one.late_lines) for one in closed.posted] == [(APRIL, 8, 6)]
    assert rows(of_march) == frozen
    assert verify().faults == []
    assert rows(
        "select account, sum(balance_minor)::int from ledger.balances where period = '2026-04-01' group by 1 order by 1"
    ) == [
        ("accounts_receivable", 12200),
        ("cash", -300),
        ("deferred_revenue", -10542),
        ("refunds", 300),
        ("revenue", -1658),
    ]


def test_a_reopened_month_takes_late_facts_again_and_keeps_its_first_digests(books):
    first = close_month("main", MARCH, "anna", "ben")
    with pytest.raises(CloseRefused, match="needs a reason"):
        reopen("main", MARCH, "carl", "dora", " ")
    with pytest.raises(CloseRefused, match="take two people"):
        reopen("main", MARCH, "carl", "carl", "credit note")
    reopen("main", MARCH, "carl", "dora", "credit note of a big customer")
    say(fact("in_1", 9000), fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue"))
    second = close_month("main", MARCH, "anna", "ben")
    assert [(one.period, one.lines, one.late_lines) for one in second.posted] == [(MARCH, 2, 0)]
    assert second.chain_head != first.chain_head
    assert rows(
        "select event, preparer, approver, reason, encode(chain_head, 'hex') from ledger.period_events"
        " where period = '2026-03-01' and event in ('closed', 'reopened') order by event_no"
    ) == [
        ("closed", "anna", "ben", None, first.chain_head),
        ("reopened", "carl", "dora", "credit note of a big customer", None),
        ("closed", "anna", "ben", None, second.chain_head),
    ]
    assert verify().faults == []


def test_posting_without_closing_leaves_the_month_open(books):
    assert [one.lines for one in post_month("main", MARCH, "anna")] == [4]
    assert post_month("main", MARCH, "anna") == []
    assert rows("select status from ledger.periods") == [("open",)]


TAMPERED = {
    "an amount": (
        "update ledger.journal_lines set amount_minor = amount_minor + 1 where sequence = 2",
        "line 2",
        "what it says is not what was posted",
    ),
    "a line and its hash": (
        "update ledger.journal_lines set account = 'cash', hash = sha256('x') where sequence = 2",
        "line 2",
        "what it says is not what was posted",
    ),
    "a line taken out": ("delete from ledger.journal_lines where sequence = 3", "line 4", "line 3 is missing"),
    "the end cut off": (
        "delete from ledger.journal_lines where sequence > 2",
        "the month",
        "it was closed with 4 lines and has 2",
    ),
    "who approved": (
        "update ledger.period_events set approver = 'mallory' where event = 'closed'",
        "event 3",
        "what it says is not what was recorded",
    ),
    "an event taken out": ("delete from ledger.period_events where event = 'closing'", "event 3", "event 2 is missing"),
}


@pytest.mark.parametrize("what", list(TAMPERED))
def test_verification_names_the_first_link_that_somebody_broke(books, what):
    close_month("main", MARCH, "anna", "ben")
    assert verify().faults == []
    statement, where, problem = TAMPERED[what]
    with tampering(books) as superuser:
        superuser.execute(statement)
    first = verify().faults[0]
    assert first.where.startswith(where)
    assert first.problem == problem
    assert (first.entity, first.period) == ("main", "2026-03")


def test_a_journal_forged_whole_is_told_by_the_digest_of_its_closing(books):
    """Somebody rewrites every line with hashes that fit; the event still holds the head that was true."""
    close_month("main", MARCH, "anna", "ben")
    with tampering(books) as superuser:
        superuser.execute(FORGE)
    assert {fault.problem for fault in verify().faults} == {
        "its last line is not the one it closed with",
        "its balances are not those it closed with",
    }


FORGE = """
    do $$
    declare
        head bytea := ledger.genesis('main', '2026-03-01');
        one ledger.journal_lines;
    begin
        for one in select * from ledger.journal_lines order by sequence loop
            one.amount_minor := one.amount_minor * 2;
            one.functional_minor := one.functional_minor * 2;
            update ledger.journal_lines
            set amount_minor = one.amount_minor, functional_minor = one.functional_minor, hash_prev = head,
                hash = ledger.linked(head, ledger.line_text(
                    one.entity, one.posted_period, one.sequence, one.original_period, one.entry_key, one.revision,
                    one.line_ref, one.source_system, one.source_id, one.rule, one.rule_version, one.customer_id,
                    one.customer_sequence, one.invoice_id, one.invoice_line_id, one.booked_on, one.account,
                    one.currency, one.amount_minor, one.functional_currency, one.functional_minor
                ))
            where sequence = one.sequence
            returning hash into head;
        end loop;
    end
    $$
"""


def test_a_posting_in_flight_makes_the_close_wait_and_is_in_it(books):
    """F9: who inserts first holds the month; the close goes on when that transaction is over, and counts its lines."""
    post_month("main", MARCH, "anna")
    say(
        fact("in_1", 12000),
        fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue"),
        fact("in_2", 7),
    )
    closed = []
    with connect("closer") as inserting:
        from orchestration.close.posting import post

        post(inserting, "main", MARCH, "carl", "v")
        thread = threading.Thread(target=lambda: closed.append(close_month("main", MARCH, "anna", "ben")))
        thread.start()
        wait_until_somebody_waits()
        assert closed == []
        inserting.commit()
    thread.join()
    assert closed[0].line_count == 6
    with connect("closer") as late, pytest.raises(PeriodClosed):
        post(late, "main", MARCH, "carl", "v")


def test_an_insert_that_comes_while_a_close_runs_waits_and_is_then_refused(books):
    """F9, the other way round: the close came first, the insert is told that the month is closed."""
    post_month("main", MARCH, "anna")
    told: list[BaseException] = []

    def insert():
        try:
            with connect("closer") as writer:
                writer.execute(A_LINE_MORE)
        except psycopg.Error as refused:
            told.append(refused)

    with connect("closer") as closing:
        closing.execute(
            "insert into ledger.period_events (entity, period, event, preparer, approver, code_version) values"
            " ('main', %(month)s, 'closing', 'anna', null, null), ('main', %(month)s, 'closed', 'anna', 'ben', 'v')",
            {"month": MARCH},
        )
        thread = threading.Thread(target=insert)
        thread.start()
        wait_until_somebody_waits()
        assert told == []
        closing.commit()
    thread.join()
    assert "2026-03 of main is closed" in str(told[0])
    assert rows("select count(*) from ledger.journal_lines") == [(4,)]


A_LINE_MORE = """
    insert into ledger.journal_lines (
        entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system, source_id, rule,
        rule_version, customer_sequence, account, currency, amount_minor, functional_currency, functional_minor,
        posting_no, hash_prev, hash
    )
    select
        entity, posted_period, 5, original_period, 'other', 1, '', source_system, source_id, rule, rule_version, 99,
        account, currency, amount_minor, functional_currency, functional_minor, posting_no, hash, hash
    from ledger.journal_lines
    where sequence = 4
"""


def wait_until_somebody_waits() -> None:
    """Until a session of the closer waits for a lock."""
    with connect("auditor", autocommit=True) as auditor:
        for _ in range(2000):
            waiting = auditor.execute(
                "select count(*) from pg_locks where not granted and database = (select oid from pg_database where"
                " datname = current_database()) or (not granted and locktype in ('transactionid', 'tuple'))"
            ).fetchone()
            if waiting and waiting[0]:
                return
            auditor.execute("select pg_sleep(0.005)")
    raise AssertionError("nobody waited")


def test_accounts_come_from_a_file_and_are_added_once(warehouse, tmp_path):
    assert add("main", read(STANDARD), "anna") == 20
    assert add("main", read(STANDARD), "anna") == 0
    file = tmp_path / "chart.csv"
    file.write_text("account,valid_from,gl_account,gl_name\ncash,2026-04,1011,New bank\n")
    assert add("main", read(file), "anna") == 1
    held = [(f"{row['valid_from']:%Y-%m}", row["gl_account"]) for row in in_force("main") if row["account"] == "cash"]
    assert held == [("2000-01", "1010"), ("2026-04", "1011")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("account,gl_account\n", ":1: the columns are account,valid_from,gl_account,gl_name"),
        ("account,valid_from,gl_account,gl_name\ncash,2026-13,1,a\n", ":2: valid_from is a month, YYYY-MM"),
        ("account,valid_from,gl_account,gl_name\ncash,2026-01,,a\n", ":2: gl_account: four filled columns"),
    ],
)
def test_a_chart_that_cannot_be_read_names_file_and_line(tmp_path, text, says):
    file = tmp_path / "chart.csv"
    file.write_text(text)
    with pytest.raises(CloseRefused, match=r"chart\.csv") as refused:
        read(file)
    assert says in str(refused.value)


def test_every_account_of_the_rules_stands_in_the_standard_chart():
    assert set(ACCOUNTS) <= {one.account for one in read(STANDARD)}


def run(*arguments: str):
    return CliRunner().invoke(app, ["close", *arguments])


def test_the_command_plans_closes_refuses_and_verifies(books):
    hold("open breaks")
    planned = run("plan", "--period", "2026-03")
    assert planned.exit_code == 3
    assert "14  open        open breaks: Are the open breaks" in planned.output
    assert "B1 open breaks: 3 for USD 42.42" in planned.output
    assert "what to do: tieout breaks" in planned.output
    refused = run("run", "--period", "2026-03", "--preparer", "anna", "--approver", "ben", "--no-rebuild")
    assert refused.exit_code == 3
    closed = run(
        "run", "--period", "2026-03", "--preparer", "anna", "--approver", "ben", "--no-rebuild",
        "--waive", "open breaks=clears in May", "--json",
    )  # fmt: skip
    assert closed.exit_code == 0, closed.output
    record = json.loads(closed.output)
    assert (record["period"], record["line_count"], record["approver"]) == ("2026-03", 4, "ben")
    again = run("run", "--period", "2026-03", "--preparer", "anna", "--approver", "ben", "--no-rebuild")
    assert again.exit_code == 1
    verified = run("verify")
    assert verified.exit_code == 0
    assert record["chain_head"] in verified.output
    with tampering(books) as superuser:
        superuser.execute("update ledger.journal_lines set amount_minor = 1 where sequence = 1")
    broken = run("verify", "--json")
    assert broken.exit_code == 3
    assert json.loads(broken.output)["faults"][0]["where"].startswith("line 1")

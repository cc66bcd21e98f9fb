"""A closed month built again: what it is built from, what it is compared with, and what is named when it differs.

What dbt builds in the scratch schemas stands here as a table of facts; tests/e2e/test_three_closes.py builds it for
real.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from ingestion.landing import load_landing
from orchestration.cli import app
from orchestration.close import reproduction
from orchestration.close.closing import CloseRefused, close_month, post_month, reopen
from orchestration.close.reproduction import Reproduction, ReproductionFailed, reproduce
from orchestration.close.scratch import ScratchBusy, scratch_schemas
from tests.dbt.model_queries import expression
from tests.warehouse.landed import put
from tests.warehouse.ledger_rows import Fact, fact, month, prepare, rows, say, tampering
from warehouse.connection import connect
from warehouse.lock import REPRODUCTION_LOCK

pytestmark = pytest.mark.warehouse

MARCH, APRIL, MAY = month("2026-03"), month("2026-04"), month("2026-05")
INVOICE = fact("in_1", 12000)
EARNED = fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue")
SCHEMAS = "select nspname from pg_namespace where starts_with(nspname, 'reproduction_')"
DUE = "{{ ledger_differences('intermediate.int_ledger__entries', 'reproduction_ledger.journal_lines') }}"


@pytest.fixture
def books(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A built warehouse with an invoice of March; building again gives what the facts say at that moment."""
    prepare()
    say(INVOICE, EARNED)

    def build(_: object) -> None:
        with connect("transformer") as transformer:
            view = sql.Identifier("reproduction_ledger", "reproduction__due_lines")
            query = f"select * from {expression(DUE).strip()} as differences"
            transformer.execute(sql.SQL("create view {} as ").format(view) + sql.SQL(query))  # type: ignore[arg-type]

    monkeypatch.setattr(reproduction, "_build", build)
    return warehouse


def close_and_reproduce(period: Any = MARCH) -> Reproduction:
    close_month("main", period, "anna", "ben")
    return reproduce("main", period)


def kept() -> list[tuple[Any, ...]]:
    """What the books keep of reproductions."""
    return rows(
        "select period, reproduction_no, event_no, is_identical, line_count, difference_count, first_difference"
        " from ledger.reproductions order by period, reproduction_no"
    )


def later(*facts: Sequence[Fact]) -> None:
    """More facts than there were when March closed."""
    say(INVOICE, EARNED, *facts)


def test_a_month_whose_snapshot_says_the_same_is_identical_line_by_line_and_leaves_nothing_behind(books):
    found = close_and_reproduce()
    assert (found.is_identical, found.by_line, found.line_count, found.difference_count) == (True, True, 4, 0)
    assert rows(SCHEMAS) == []
    assert [(row[0], row[1], row[3:]) for row in kept()] == [(MARCH, 1, (True, 4, 0, None))]
    assert reproduce("main", MARCH).is_identical
    assert [row[1] for row in kept()] == [1, 2]


def test_what_months_after_it_and_before_it_hold_does_not_count(books):
    close_month("main", MARCH, "anna", "ben")
    later(fact("in_2", 500, month="2026-03"), fact("in_3", 700, month="2026-04"))
    close_month("main", APRIL, "anna", "ben")
    assert reproduce("main", APRIL).is_identical
    say(INVOICE, EARNED)
    assert reproduce("main", MARCH).is_identical


def test_a_fact_that_says_something_else_names_the_first_line_with_both_texts(books):
    close_month("main", MARCH, "anna", "ben")
    say(fact("in_1", 12000), fact("in_1", 1001, rule="schedule", debit="deferred_revenue", credit="revenue"))
    found = reproduce("main", MARCH)
    assert not found.is_identical
    assert found.difference_count == 2
    assert found.first_difference is not None
    assert found.first_difference.where == "line 3"
    assert '"1000"' in str(found.first_difference.posted)
    assert '"1001"' in str(found.first_difference.built)
    assert kept()[0][3:6] == (False, 4, 2)


def test_a_fact_that_is_there_no_more_leaves_a_line_without_its_like(books):
    close_month("main", MARCH, "anna", "ben")
    say(INVOICE)
    found = reproduce("main", MARCH)
    assert found.first_difference is not None
    assert (found.first_difference.where, found.first_difference.built) == ("line 3", None)


def test_a_posted_line_that_was_tampered_with_is_named(books):
    close_month("main", MARCH, "anna", "ben")
    with tampering(books) as superuser:
        superuser.execute("update ledger.journal_lines set customer_id = 'acct_9' where sequence = 2")
    found = reproduce("main", MARCH)
    assert found.first_difference is not None
    assert found.first_difference.where == "line 2"
    assert "acct_9" in str(found.first_difference.posted)


def test_a_posted_hash_that_was_tampered_with_is_named(books):
    close_month("main", MARCH, "anna", "ben")
    with tampering(books) as superuser:
        superuser.execute("update ledger.journal_lines set hash = sha256('x') where sequence = 4")
    found = reproduce("main", MARCH)
    assert (found.first_difference is not None, found.difference_count) == (True, 0)
    assert str(found.first_difference).startswith("hash of line 4: ")


def test_balances_that_the_month_did_not_close_with_are_named(books):
    close_month("main", MARCH, "anna", "ben")
    later(fact("in_3", 700, month="2026-04"))
    close_month("main", APRIL, "anna", "ben")
    with tampering(books) as superuser:
        superuser.execute(
            "update ledger.journal_lines set account = 'cash'"
            " where posted_period = '2026-03-01' and account = 'accounts_receivable'"
        )
    say(
        fact("in_1", 12000, debit="cash"),
        fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue"),
        fact("in_3", 700, month="2026-04"),
    )
    found = reproduce("main", APRIL)
    assert str(found.first_difference).startswith("hash of the balances at the month's end: ")


def test_a_month_that_was_posted_in_several_runs_is_compared_by_entry(books):
    post_month("main", MARCH, "anna")
    later(fact("in_2", 500))
    found = close_and_reproduce()
    assert (found.is_identical, found.by_line, found.line_count) == (True, False, 6)
    later(fact("in_2", 501))
    found = reproduce("main", MARCH)
    assert str(found.first_difference) == (
        "entry stripe|in_2|invoice|1|2026-03, accounts_receivable: posted 500 usd (500 eur) minor units, "
        "built again 501 usd (501 eur) minor units"
    )


def test_a_month_that_was_opened_and_closed_again_is_built_as_of_its_last_closing(books):
    close_month("main", MARCH, "anna", "ben")
    reopen("main", MARCH, "carl", "dora", "credit note of 12 March")
    later(fact("in_2", 500))
    assert close_and_reproduce().is_identical


def test_a_month_without_lines_is_identical_when_nothing_is_due(books):
    close_month("main", MARCH, "anna", "ben")
    assert close_and_reproduce(APRIL).is_identical
    say(INVOICE, EARNED, fact("in_3", 700, month="2026-04"))
    assert not reproduce("main", APRIL).is_identical


@pytest.mark.parametrize(("period", "state"), [(MARCH, "is open"), (MAY, "was never opened")])
def test_a_month_that_is_not_closed_is_refused(books, period, state):
    post_month("main", MARCH, "anna")
    with pytest.raises(CloseRefused, match=rf"{state}: only a closed month has a snapshot"):
        reproduce("main", period)
    assert kept() == []


def test_two_reproductions_at_once_are_refused(books):
    close_month("main", MARCH, "anna", "ben")
    with connect() as other:
        other.execute("select pg_advisory_lock(%s)", (REPRODUCTION_LOCK,))
        with pytest.raises(ScratchBusy, match="Another month is being built again right now"):
            reproduce("main", MARCH)


def test_what_a_failed_build_left_behind_is_dropped(books, monkeypatch):
    close_month("main", MARCH, "anna", "ben")

    def fail(_: object) -> None:
        raise ReproductionFailed("The month could not be built again.\nstg_erp__items: syntax error")

    monkeypatch.setattr(reproduction, "_build", fail)
    with pytest.raises(ReproductionFailed, match="stg_erp__items"):
        reproduce("main", MARCH)
    assert rows(SCHEMAS) == []
    assert kept() == []


def test_the_scratch_schemas_show_what_was_loaded_by_then_and_nothing_later(warehouse, tmp_path):
    put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1","balance":110}\n{"id":\n')
    load_landing(tmp_path)
    ((first,),) = rows("select max(load_seq) from ops.loads")
    put(tmp_path, "stripe/customers/2026-10-29/b.jsonl", '{"id":"cus_1","balance":999}\n{"id":"cus_2"}\n{"id":\n')
    load_landing(tmp_path)
    counts = """
        select
            (select count(*) from {0}raw.stripe__customers), (select count(*) from {0}ops.loads),
            (select count(*) from {0}quarantine.records), (select count(*) from {0}raw.usage__events)
    """
    cut = {"entity": "main", "period": MARCH, "load_seq": first, "last_posting": 0, "posting": None}
    with scratch_schemas(cut), connect("transformer") as transformer:
        assert transformer.execute(counts.format("reproduction_").encode()).fetchone() == (1, 1, 1, 0)
        assert transformer.execute(counts.format("").encode()).fetchone() == (3, 2, 2, 0)


def test_results_of_reproductions_are_append_only(books):
    close_and_reproduce()
    for statement in ("update ledger.reproductions set is_identical = false", "delete from ledger.reproductions"):
        with psycopg.connect(books) as superuser, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            superuser.execute(statement.encode())


def test_the_command_says_identical_and_names_the_other_version(books, monkeypatch):
    close_month("main", MARCH, "anna", "ben")
    monkeypatch.setattr(reproduction, "code_version", lambda: "9.9.9+later")
    said = CliRunner().invoke(app, ["close", "reproduce", "2026-03"])
    assert said.exit_code == 0, said.output
    assert "Identical." in said.output
    assert "built again with 9.9.9+later" in said.output


def test_a_plan_builds_the_last_closed_month_again_when_it_is_asked_to(books):
    close_month("main", MARCH, "anna", "ben")
    planned = CliRunner().invoke(app, ["close", "plan", "--period", "2026-04", "--reproduce"])
    assert planned.exit_code == 0, planned.output
    assert [(row[0], row[3]) for row in kept()] == [(MARCH, True)]


def test_the_command_ends_with_3_and_names_the_line_that_differs(books):
    close_month("main", MARCH, "anna", "ben")
    say(INVOICE)
    said = CliRunner().invoke(app, ["close", "reproduce", "--period", "2026-03"])
    assert said.exit_code == 3, said.output
    assert "First: line 3" in said.output
    assert CliRunner().invoke(app, ["close", "reproduce"]).exit_code == 2

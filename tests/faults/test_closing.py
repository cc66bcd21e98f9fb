"""F3, F15: whatever breaks in a close, the month is open or closed and never half; a restored backup is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from orchestration.close.closing import Closed, CloseRefused, close_month, post_month
from orchestration.close.posting import LOCK, PeriodClosed
from orchestration.close.verification import verify
from tests.conftest import PASSWORD
from tests.faults.cut import Cut
from tests.warehouse.ledger_rows import fact, map_accounts, month, prepare, rows, say
from warehouse.binaries import shipped
from warehouse.connection import connect
from warehouse.digest import digest_tables

pytestmark = pytest.mark.warehouse

MARCH = month("2026-03")
# Everything that a close writes; a month that was never touched has nothing of it.
STATE = """
    select
        (select jsonb_agg(jsonb_build_array(
            posted_period, sequence, original_period, rule, account, amount_minor, customer_sequence
        ) order by sequence) from ledger.journal_lines where entity = %(entity)s),
        (select jsonb_agg(jsonb_build_array(period, status) order by period)
            from ledger.periods where entity = %(entity)s),
        (select jsonb_agg(jsonb_build_array(event, period, preparer, approver, line_count) order by event_no)
            from ledger.period_events where entity = %(entity)s),
        (select jsonb_agg(jsonb_build_array(account, balance_minor) order by account)
            from ledger.balances where entity = %(entity)s),
        (select count(*) from ledger.postings where entity = %(entity)s)
"""
UNTOUCHED = (None, None, None, None, 0)


def state(url: str, entity: str) -> tuple:
    with psycopg.connect(url) as connection:
        return connection.execute(STATE, {"entity": entity}).fetchone()


def books_of(entity: str) -> None:
    """An entity whose March is ready to close."""
    map_accounts(entity)
    say(
        fact("in_1", 12000, entity=entity),
        fact("in_1", 1000, rule="schedule", debit="deferred_revenue", credit="revenue", entity=entity),
    )


def attempt(entity: str) -> Closed | None:
    """What a close says that may be cut: done, or a problem that a person is told."""
    try:
        return close_month(entity, MARCH, "anna", "ben")
    except (CloseRefused, psycopg.OperationalError):
        return None


def cuts_of_a_close(warehouse: str, monkeypatch: pytest.MonkeyPatch, step: int) -> int:
    """Cut before and after every message of the client and before every answer of the server; the number of cuts.

    A position that a close does not reach fails.
    """
    prepare()
    books_of("counted")
    with Cut(warehouse, at=10**9, reply_at=10**9) as counting:
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", counting.url)
        assert attempt("counted") is not None
        counting.settle()
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", warehouse)
    undisturbed = state(warehouse, "counted")
    cuts = [{"at": at, "after": after} for at in range(1, counting.messages + 1) for after in (False, True)]
    cuts += [{"reply_at": at} for at in range(1, counting.replies + 1)]
    closed_at_once = told_closed = 0
    for number, cut in enumerate(cuts[::step]):
        entity = f"e{number}"
        books_of(entity)
        with Cut(warehouse, **cut) as proxy:
            monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", proxy.url)
            said = attempt(entity)
            proxy.settle()
            monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", warehouse)
        assert proxy.cut, cut
        with connect("closer") as waiting:  # the server may still be at it
            waiting.execute(LOCK, {"entity": entity})
        left = state(warehouse, entity)
        assert left in (UNTOUCHED, undisturbed), cut
        if said is not None:
            assert left == undisturbed, cut
            closed_at_once += 1
        if left == UNTOUCHED:
            assert close_month(entity, MARCH, "anna", "ben").line_count == 4
        else:
            told_closed += 1
            with pytest.raises(PeriodClosed, match="anna, approved by ben"):
                close_month(entity, MARCH, "anna", "ben")
        assert state(warehouse, entity) == undisturbed, cut
    assert verify().faults == []
    # a lost answer to the commit is settled by looking, so nobody is told of a failure that was none
    assert told_closed == closed_at_once > 0
    return len(cuts[::step])


def test_a_close_cut_at_a_message_is_done_or_not_begun(warehouse, monkeypatch):
    assert cuts_of_a_close(warehouse, monkeypatch, 7) > 10


@pytest.mark.long
def test_a_close_cut_at_any_message_is_done_or_not_begun(warehouse, monkeypatch):
    assert cuts_of_a_close(warehouse, monkeypatch, 1) > 70


CHILD = """
from datetime import date
from orchestration.close.closing import close_month
print("starting", flush=True)
close_month("main", date(2026, 3, 1), "anna", "ben")
"""


def test_a_close_that_is_killed_leaves_the_month_open_and_the_next_one_closes_it(warehouse):
    prepare()
    books_of("main")
    with connect("closer") as holding:
        holding.execute(LOCK, {"entity": "main"})
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "TIEOUT_WAREHOUSE_URL": warehouse},
            stdout=subprocess.PIPE,
        )
        with psycopg.connect(warehouse, autocommit=True) as superuser:
            while not superuser.execute(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            ).fetchone()[0]:
                assert child.poll() is None
                superuser.execute("select pg_sleep(0.01)")
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
    with psycopg.connect(warehouse, autocommit=True) as superuser:
        while superuser.execute(
            "select count(*) from pg_stat_activity where application_name = 'tieout writer: tieout close run'"
            " and datname = current_database()"
        ).fetchone()[0]:
            superuser.execute("select pg_sleep(0.01)")
    assert state(warehouse, "main") == UNTOUCHED
    assert close_month("main", MARCH, "anna", "ben").line_count == 4


def test_a_restored_backup_has_the_same_books_and_goes_on_refusing(warehouse, cluster, tmp_path, monkeypatch):
    """F15: pg_dump and pg_restore; every digest of the ledger is equal, the chains hold, the rules are there again."""
    prepare()
    books_of("main")
    close_month("main", MARCH, "anna", "ben")
    say(fact("in_1", 9000), fact("in_2", 5, month="2026-04"))
    post_month("main", month("2026-04"), "anna")
    dump = tmp_path / "tieout.dump"
    programs = shipped().bin
    environment = {**os.environ, "PGPASSWORD": PASSWORD}
    subprocess.run(
        [programs / "pg_dump", "-Fc", "-f", dump, "-d", warehouse], env=environment, check=True, capture_output=True
    )
    with connect("auditor") as auditor:
        before = digest_tables(auditor, ["ledger"])
    with cluster.database() as restored:
        subprocess.run(
            [programs / "pg_restore", "--exit-on-error", "-d", restored, dump],
            env=environment,
            check=True,
            capture_output=True,
        )
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", restored)
        with connect("auditor") as auditor:
            assert digest_tables(auditor, ["ledger"]) == before
        assert verify().faults == []
        assert [found.line_count for found in verify().months] == [4]
        with connect("owner") as owner, pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("delete from ledger.journal_lines")
        with pytest.raises(PeriodClosed):
            close_month("main", MARCH, "anna", "ben")
        assert close_month("main", month("2026-04"), "anna", "ben").line_count == 6
        assert rows("select count(*) from ledger.journal_lines") == [(10,)]

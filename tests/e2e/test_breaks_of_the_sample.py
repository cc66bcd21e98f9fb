"""Breaks of the sample company after their build: on record, alive in every control, and heard by the close gate."""

from __future__ import annotations

from uuid import uuid4

import pytest

from orchestration.breaks.controls import control_numbers, over_materiality
from orchestration.breaks.recording import record_run
from orchestration.breaks.telling import Said, tell
from orchestration.breaks.verification import verify
from warehouse.connection import connect

pytestmark = pytest.mark.warehouse

KNOWN = "select break_id, version, first_seen, status from recon.breaks order by break_id"
OPEN = """
    select break_id, signature, severity
    from reconciliation.recon_break_register
    where control_id = %s and is_unexplained
"""
GATE = "select count(*) from reconciliation.recon_gate__breaks where control_id = %s"


def rows(query: str, *parameters: object) -> list[tuple]:
    with connect("auditor", autocommit=True) as auditor:
        return auditor.execute(query.encode(), parameters).fetchall()


def record_another_build() -> dict[str, int]:
    """Record what the last build found once more, as a build would that found the same."""
    build_id = uuid4()
    with connect("transformer") as transformer:
        transformer.execute(
            "insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status)"
            " select %s, 'test', max(load_seq), max(load_seq), 'v1', 'running' from ops.loads",
            (build_id,),
        )
        transformer.commit()
        return record_run(transformer, build_id).events


def test_ten_runs_that_find_the_same_keep_every_break_as_it_is(copy_of_sample):
    record_another_build()
    found = "select break_id, status from reconciliation.recon_breaks order by break_id"
    live = "select break_id, status from recon.breaks where resolution is null order by break_id"
    assert rows(live) == rows(found) != []
    before = rows(KNOWN)
    assert [record_another_build() for _ in range(10)] == [{}] * 10
    assert rows(KNOWN) == before
    assert verify().broken == []


def test_the_canary_of_every_control_is_found_and_counted_nowhere(copy_of_sample):
    health = "select tracking_key from reconciliation.recon_p2__control_health where outcome = 'MATCHED'"
    states = "select control_id from reconciliation.recon_control_states where state = 'ran' and control_id <> 'P2'"
    assert sorted(rows(health)) == sorted(rows(states)) != []
    for table in ("recon_results", "recon_sides", "recon_breaks"):
        assert rows(f"select count(*) from reconciliation.{table} where tracking_key = 'canary'") == [(0,)], table
    numbers = control_numbers()["recon_c4__payouts_to_bank"]
    assert (
        numbers["break_count"]
        == rows("select count(*) from reconciliation.recon_breaks where control_id = 'C4' and status = 'open'")[0][0]
    )
    assert "difference" in numbers


def test_explained_and_resolved_breaks_let_the_month_close_and_expired_ones_do_not(copy_of_sample):
    record_another_build()
    assert rows(GATE, "C4") != [(0,)]
    breaks = rows(OPEN, "C4")
    with connect("closer") as closer:
        for place, (break_id, signature, severity) in enumerate(breaks):
            if place % 2:
                said = Said(break_id, "forced", "anna", signature, severity, approver="ben", reason="written off")
            else:
                said = Said(
                    break_id,
                    "explained",
                    "anna",
                    signature,
                    severity,
                    reason="arrives in December",
                    cause="TIMING.settlement",
                    evidence="ticket 12",
                    expires_on=rows("select as_of_on from intermediate.int_clock__as_of")[0][0],
                )
            tell(closer, said)
    assert rows(GATE, "C4") == [(0,)]
    assert "C4" not in over_materiality()
    with connect("transformer") as transformer:
        transformer.execute(
            "update intermediate.int_clock__as_of set as_of_on = as_of_on + 1, as_of_at = as_of_at + interval '1 day'"
        )
    assert rows(GATE, "C4") != [(0,)]
    assert record_another_build()["expired"] == len(breaks[::2])

"""Quarantined records are read again after a fix: they land once, as a load of their own, or stay with a reason."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from ingestion import retry as retrying
from ingestion.landing import load_landing
from ingestion.retry import retry
from tests.warehouse.landed import DAY, METERS, digests, event, load_all, put, query, small_landing

NEW_METER = """meters:
  - {meter_code: seats, event_type: seat, aggregation: sum, quantity_field: seats}
"""
OPEN = """
    select reason, line_no from quarantine.records as records
    where not exists (
        select from quarantine.retried as retried
        where retried.load_id = records.load_id and retried.line_no = records.line_no
    )
    order by line_no
"""
IDENTITY = "select file_name, rows_in, accepted, duplicate, quarantined, late_excluded from ops.loads"


def of_seats(number, seats=1):
    return event(number, type="seat", data={"seats": seats})


def with_unknown_meter(landing):
    """Four events of a meter that the catalogue does not have: two alike, and one with a quantity that is none."""
    put(landing, "catalog/meters/meters.yaml", METERS)
    put(landing, "usage/events/u.jsonl", "".join([event(1), of_seats(2), of_seats(3), of_seats(3), of_seats(4, "x")]))
    load_all(landing)
    return landing


def declare_the_meter(landing):
    put(landing, "catalog/meters/more.yaml", NEW_METER)


def summary(results):
    return [(one.status, one.records, one.accepted, one.duplicate, one.still_wrong, one.unchanged) for one in results]


def test_after_a_new_meter_events_land_with_their_lines_as_a_load_that_names_the_first(warehouse, tmp_path):
    with_unknown_meter(tmp_path)
    declare_the_meter(tmp_path)
    assert summary(retry(tmp_path)) == [("retried", 4, 2, 1, 1, 0)]
    lineage = """
        select events.event_id, events.quantity, events.line_no, loads.file_name, first_load.file_name,
            events.delivered_on = first_load.delivered_on
        from raw.usage__events as events
        inner join ops.loads as loads on events.load_id = loads.load_id
        inner join ops.loads as first_load on loads.retry_of = first_load.load_id
        order by events.line_no
    """
    assert query(warehouse, lineage) == [
        ("e2", 1, 2, "u.jsonl#retry-1", "u.jsonl", True),
        ("e3", 1, 3, "u.jsonl#retry-1", "u.jsonl", True),
    ]
    assert query(warehouse, OPEN) == [("bad_quantity", 5)]
    outcomes = "select line_no, outcome from quarantine.retried order by 1"
    assert query(warehouse, outcomes) == [(2, "accepted"), (3, "accepted"), (4, "duplicate"), (5, "quarantined")]
    assert query(warehouse, IDENTITY + " where retry_of is not null") == [("u.jsonl#retry-1", 4, 2, 1, 1, 0)]


def test_a_retry_without_a_fix_changes_nothing_and_neither_does_a_second_one(warehouse, tmp_path):
    with_unknown_meter(tmp_path)
    before = digests(warehouse)
    assert summary(retry(tmp_path)) == [("unchanged", 4, 0, 0, 0, 4)]
    assert digests(warehouse) == before
    declare_the_meter(tmp_path)
    retry(tmp_path)
    after = digests(warehouse)
    assert summary(retry(tmp_path)) == [("unchanged", 1, 0, 0, 0, 1)]
    assert digests(warehouse) == after


def test_retries_at_the_same_time_land_every_record_once(warehouse, tmp_path):
    with_unknown_meter(tmp_path)
    declare_the_meter(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: retry(tmp_path), range(4)))
    assert sorted(one.accepted for found in results for one in found) == [0, 0, 0, 2]
    assert query(warehouse, "select count(*) from raw.usage__events") == [(3,)]


def test_a_retried_record_cannot_land_again_even_past_the_loader(warehouse, tmp_path):
    with_unknown_meter(tmp_path)
    declare_the_meter(tmp_path)
    retry(tmp_path)
    again = "insert into quarantine.retried select * from quarantine.retried limit 1"
    with psycopg.connect(warehouse) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(again)


def test_a_changed_setting_lets_late_events_in(warehouse, tmp_path, monkeypatch):
    small_landing(tmp_path)
    load_all(tmp_path)
    monkeypatch.setenv("TIEOUT_MAX_AGE_DAYS", "4000")
    assert summary(retry(tmp_path, reason="late_excluded")) == [("retried", 1, 1, 0, 0, 0)]
    assert query(warehouse, "select occurred_on::text from raw.usage__events where occurred_on < '2025-01-01'") == [
        ("2024-01-01",)
    ]


def test_only_the_records_that_were_named_are_retried(warehouse, tmp_path):
    with_unknown_meter(tmp_path)
    put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1"}\n{"id":\n')
    load_all(tmp_path)
    declare_the_meter(tmp_path)
    assert [(one.system, one.status) for one in retry(tmp_path, system="stripe")] == [("stripe", "unchanged")]
    assert retry(tmp_path, object_name="events", reason="json") == []
    assert query(warehouse, "select count(*) from quarantine.retried") == [(0,)]
    (load_id,) = query(warehouse, "select load_id from ops.loads where file_name = 'u.jsonl'")[0]
    assert summary(retry(tmp_path, load_id=load_id)) == [("retried", 4, 2, 1, 1, 0)]


def test_corrected_code_lets_documents_in_from_the_delivered_file_wherever_it_stands_now(
    warehouse, tmp_path, monkeypatch
):
    path = put(tmp_path, "crm/Account/a.csv", "Id,Name\n001A0000006Vm9r,Acme\n1,Odd\n")
    load_all(tmp_path)
    path.rename(put(tmp_path, f"crm/Account/{DAY}/moved.csv", ""))
    from ingestion.registry import OBJECTS

    spec = OBJECTS["crm", "Account"]
    monkeypatch.setitem(OBJECTS, ("crm", "Account"), replaced(spec, id_form=str))
    assert summary(retry(tmp_path)) == [("retried", 1, 1, 0, 0, 0)]
    assert query(warehouse, "select record_id, line_no from raw.crm__account order by 2") == [
        ("001A0000006Vm9rIAC", 2),
        ("1", 3),
    ]


def replaced(spec, **changes):
    from dataclasses import replace

    return replace(spec, **changes)


def test_without_the_file_a_document_comes_from_what_quarantine_kept_of_it(warehouse, tmp_path, monkeypatch):
    put(tmp_path, "crm/Account/a.csv", "Id,Name\n001A0000006Vm9r,Acme\n1,Odd\n1,2,3\n")
    load_all(tmp_path)
    shutil.rmtree(tmp_path / "crm")
    from ingestion.registry import OBJECTS

    monkeypatch.setitem(OBJECTS, ("crm", "Account"), replaced(OBJECTS["crm", "Account"], id_form=str))
    (found,) = retry(tmp_path)
    assert summary([found]) == [("retried", 2, 1, 0, 0, 1)]
    assert "of 1 of 2 records quarantine does not keep the whole text" in found.detail
    assert query(warehouse, "select payload->>'Name', line_no from raw.crm__account order by 2") == [
        ("Acme", 2),
        ("Odd", 3),
    ]


@pytest.mark.parametrize(
    ("path", "kept"), [("usage/events/u.jsonl", "declared fields"), ("bank/statements/b.csv", "whole")]
)
def test_without_the_file_what_cannot_be_read_again_says_so(warehouse, tmp_path, path, kept):
    with_unknown_meter(tmp_path)
    put(tmp_path, "bank/statements/_profile.yaml", BANK_PROFILE)
    put(tmp_path, "bank/statements/b.csv", BANK_BROKEN)
    load_all(tmp_path)
    declare_the_meter(tmp_path)
    shutil.rmtree(tmp_path / path.split("/")[0])
    found = [one for one in retry(tmp_path) if one.system == path.split("/")[0]]
    assert [one.status for one in found] == ["not_possible"]
    assert kept in found[0].detail
    assert "put the delivered file back" in found[0].detail


BANK_PROFILE = """account: "1"
currency: eur
booking_date_column: Date
date_format: "%Y-%m-%d"
amount_column: Amount
balance_column: Balance
decimal_mark: "."
"""
BANK_BROKEN = "Date,Amount,Balance\n2026-10-27,1.00,101.00\n2026-10-27,1.00,999.00\n"


def test_a_file_whose_lines_cannot_be_told_apart_any_more_is_left_alone(warehouse, tmp_path, monkeypatch):
    with_unknown_meter(tmp_path)
    declare_the_meter(tmp_path)
    original = retrying.usage.read

    def one_event_less(*arguments):
        for part in original(*arguments):
            part.accepted = part.accepted.slice(1)
            yield part

    monkeypatch.setattr(retrying.usage, "read", one_event_less)
    (found,) = retry(tmp_path)
    assert (found.status, "had 5 records" in found.detail) == ("not_possible", True)
    assert query(warehouse, "select count(*) from quarantine.retried") == [(0,)]


def test_what_holds_a_card_number_is_never_taken_from_the_redacted_text(warehouse, tmp_path):
    put(tmp_path, "stripe/charges/a.jsonl", '{"id":"ch_1","note":"4242 4242 4242 4242"}\n{"id":"ch_2"}\n')
    load_all(tmp_path)
    assert [one.status for one in retry(tmp_path)] == ["unchanged"]
    shutil.rmtree(tmp_path / "stripe")
    assert [one.status for one in retry(tmp_path)] == ["not_possible"]
    assert query(warehouse, "select record_id from raw.stripe__charges") == [("ch_2",)]


def test_loading_and_retrying_in_either_order_leaves_every_event_once(warehouse, tmp_path):
    with_unknown_meter(tmp_path)
    declare_the_meter(tmp_path)
    retry(tmp_path)
    load_landing(tmp_path)
    retry(tmp_path)
    counted = "select event_id, count(*) from raw.usage__events group by 1 order by 1"
    assert query(warehouse, counted) == [("e1", 1), ("e2", 1), ("e3", 1)]

"""Controls of usage: every class on a row or two, beside what looks like one and is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.small_rows import SmallWorld

DAYS = "account_id meter_code usage_on event_count quantity_sum late_count evidence"
SIDE = "tracking_key row_id account_id currency amount_minor quantity business_on due_on evidence"
RESUMMED = "occurred_on source account_id event_type timezone usage_on load_id event_count quantity_sum quantity_max"
METERS = (
    "event_type meter_code aggregation multiplier:numeric bucket_minutes:bigint window_start group_fields filter_values"
    " is_detailed"
)
LATE = "account_id meter_code usage_on occurred_at recorded_at quantity"
FIRST_LOAD, SECOND_LOAD = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry."""
    with psycopg.connect(module_warehouse) as connection:
        yield SmallWorld(connection)


def day(account: str, usage_on: str, count: int, quantity: int, **other: Any) -> dict[str, Any]:
    """Usage of a meter on a local day."""
    return {
        "account_id": account,
        "meter_code": "calls",
        "usage_on": usage_on,
        "event_count": count,
        "quantity_sum": quantity,
        "late_count": 0,
        "evidence": account,
        **other,
    }


def said_of_aggregates(world: SmallWorld, events: list[dict[str, Any]], aggregates: list[dict[str, Any]]) -> Any:
    """What U3 says of events summed again and of the aggregates."""
    world.table("recon_resummed_days", DAYS, *events)
    world.table("recon_u3__resummed_days", DAYS, *events)
    world.table("recon_u3__closings", "period load_seq")
    world.table("recon_aggregated_days", DAYS, *aggregates)
    return world.breaks(
        "recon_u3__events_to_aggregates", ("recon_u3__day_cells", "recon_u3__events", "recon_u3__aggregates")
    )


def test_aggregates_hold_the_events_day_by_day(world: SmallWorld) -> None:
    assert {
        key: said
        for key, (said, _) in said_of_aggregates(
            world,
            [
                day("tied", "2026-10-01", 5, 50),
                day("stale", "2026-10-01", 5, 50),
                day("unseen", "2026-10-01", 5, 50),
                day("drifted", "2026-10-01", 5, 50),
                day("too many", "2026-10-01", 5, 50),
                day("moved", "2026-10-01", 5, 50),
                day("moved", "2026-10-02", 3, 30),
                day("closed", "2026-10-01", 2, 20, late_count=1),
                day("tied", "2026-09-01", 5, 50),
            ],
            [
                day("tied", "2026-10-01", 5, 50),
                day("stale", "2026-10-01", 4, 40),
                day("drifted", "2026-10-01", 5, 51),
                day("too many", "2026-10-01", 6, 60),
                day("orphan", "2026-10-01", 1, 10),
                day("moved", "2026-10-01", 4, 40),
                day("moved", "2026-10-02", 4, 40),
                day("closed", "2026-10-01", 2, 20),
                day("tied", "2026-09-01", 5, 50),
            ],
        ).items()
    } == {
        "stale|calls|2026-10-01": "AGG_STALE",
        "unseen|calls|2026-10-01": "AGG_STALE",
        "drifted|calls|2026-10-01": "AGG_DRIFT",
        "too many|calls|2026-10-01": "AGG_DRIFT",
        "orphan|calls|2026-10-01": "AGG_ORPHAN",
        "moved|calls|2026-10-01": "BOUNDARY",
        "moved|calls|2026-10-02": "BOUNDARY",
        "closed|calls|2026-10-01": "LATE_POST_CLOSE",
    }
    assert world.statuses("recon_u3__events_to_aggregates")["calls|2026-09-01"] == "matched", (
        "a month that agrees is a row"
    )


def test_errors_that_cancel_out_in_the_sum_of_a_month_are_found_all_the_same(world: SmallWorld) -> None:
    found = said_of_aggregates(
        world,
        [day("one", "2026-10-01", 5, 50), day("other", "2026-10-01", 5, 50)],
        [day("one", "2026-10-01", 6, 60), day("other", "2026-10-01", 4, 40)],
    )
    assert set(found) == {"one|calls|2026-10-01", "other|calls|2026-10-01"}


def test_the_external_meter_has_what_was_used(world: SmallWorld) -> None:
    parts = "after_cut_off_quantity too_old_quantity copied_quantity last_quantity"
    world.table("recon_u4__counted", f"{SIDE} {parts}")
    world.table("recon_u4__metered", f"{SIDE} {parts}")
    dates = {"business_on": "2026-10-01", "due_on": "2026-10-02"}
    ours: dict[str, dict[str, Any]] = {
        "tied": {},
        "not sent": {},
        "short": {},
        "over": {},
        "too late": {"too_old_quantity": 4},
        "all too late": {"too_old_quantity": 10},
        "sent again": {"copied_quantity": 3},
        "overwritten": {"last_quantity": 2},
        "after the bill": {"after_cut_off_quantity": 5},
        "all after the bill": {"quantity": 0, "after_cut_off_quantity": 5},
        "nothing": {"quantity": 0},
        "today": {"due_on": "2026-11-09"},
    }
    for key, changes in ours.items():
        row = {"tracking_key": key, "row_id": key, "quantity": 10, "copied_quantity": 0, **dates}
        world.rows("recon_u4__counted", {**row, "after_cut_off_quantity": 0, "too_old_quantity": 0, **changes})
    for key, quantity in {
        "tied": 10,
        "short": 9,
        "over": 11,
        "too late": 6,
        "sent again": 13,
        "overwritten": 2,
        "after the bill": 15,
        "all after the bill": 5,
        "unknown customer": 7,
    }.items():
        world.rows("recon_u4__metered", {"tracking_key": key, "row_id": key, "quantity": quantity, **dates})
    control = "recon_u4__usage_to_external_meter"
    assert {key: said for key, (said, _) in world.breaks(control, ()).items()} == {
        "not sent": "NOT_SENT",
        "short": "METER_SHORT",
        "over": "METER_OVER",
        "too late": "TOO_LATE",
        "all too late": "TOO_LATE",
        "sent again": "RESEND_DUP",
        "overwritten": "WINDOW_OVERWRITE",
        "after the bill": "POST_FINAL",
        "all after the bill": "POST_FINAL",
        "unknown customer": "METER_OVER",
    }
    assert world.statuses(control)["today"] == "expected"


def test_late_usage_is_awaited_from_the_meter_only_when_it_came_before_the_bill(world: SmallWorld) -> None:
    world.execute("alter table stg_ops__loads add load_seq bigint")
    world.rows(
        "stg_ops__loads",
        {"load_seq": 1, "load_id": FIRST_LOAD, "object": "events", "file_name": "first", "delivered_on": "2026-10-02"},
        {
            "load_seq": 2,
            "load_id": SECOND_LOAD,
            "object": "events",
            "file_name": "second",
            "delivered_on": "2026-11-04",
        },
    )
    for table, columns in {
        "int_usage__meters": METERS,
        "stg_catalog__meters": "meter_code stripe_meter_id",
        "int_customers__crosswalk": "account_id stripe_customer_id",
        "recon_resummed_usage": RESUMMED,
        "int_usage__late_events": LATE,
        "int_rating__usage_periods": "billing_system account_id meter_code usage_from:date usage_until:date cut_off_at",
        "int_usage__event_repeats": "account_id event_type occurred_on quantity copy_no is_conflict",
    }.items():
        world.table(table, columns)
    for meter, aggregation in (("calls", "sum"), ("documents", "count"), ("users", "unique_count")):
        world.rows("int_usage__meters", {"event_type": meter, "meter_code": meter, "aggregation": aggregation})
        world.rows("stg_catalog__meters", {"meter_code": meter, "stripe_meter_id": f"mtr_{meter}"})
        for load, count, quantity in ((FIRST_LOAD, 4, 40), (SECOND_LOAD, 3, 33)):
            world.rows(
                "recon_resummed_usage",
                {
                    "occurred_on": "2026-10-01",
                    "account_id": "a",
                    "event_type": meter,
                    "load_id": load,
                    "event_count": count,
                    "quantity_sum": quantity,
                },
            )
        world.rows(
            "int_rating__usage_periods",
            {
                "billing_system": "stripe",
                "account_id": "a",
                "meter_code": meter,
                "usage_from": "2026-10-01",
                "usage_until": "2026-11-01",
                "cut_off_at": "2026-11-03 00:00+00",
            },
        )
        for recorded, quantity in (
            ("2026-11-02 12:00+00", 20),
            ("2026-11-03 00:00+00", 3),
            ("2026-11-09 00:00+00", 10),
        ):
            world.rows(
                "int_usage__late_events",
                {
                    "account_id": "a",
                    "meter_code": meter,
                    "usage_on": "2026-10-01",
                    "occurred_at": "2026-10-01 09:00+00",
                    "recorded_at": recorded,
                    "quantity": quantity,
                },
            )
    world.rows("int_customers__crosswalk", {"account_id": "a", "stripe_customer_id": "cus_a"})
    world.model("recon_u4__usage_days")
    rows = {row[1]: row for row in world.select("recon_u4__usage_days")}
    assert set(rows) == {"calls", "documents"}, "a unique count cannot be worked out from sums"
    assert rows["calls"][5:7] == (60, 13), "73 in all, 13 of them recorded at or after the cut-off"
    assert rows["documents"][5:7] == (5, 2), "7 in all, 2 of them recorded at or after the cut-off"


def test_usage_is_covered_by_a_contract_of_its_day(world: SmallWorld) -> None:
    world.table("int_usage__account_zones", "account_id timezone", {"account_id": "tied", "timezone": "Asia/Tokyo"})
    world.table(
        "tz_transitions",
        "zone from_utc:timestamptz to_utc:timestamptz utc_offset:bigint",
        {"zone": "Asia/Tokyo", "from_utc": "1970-01-01 00:00+00", "to_utc": "2200-01-01 00:00+00", "utc_offset": 32400},
    )
    world.table(
        "int_catalog__prices",
        "plan_code meter_code kind",
        {"plan_code": "team", "kind": "recurring"},
        {"meter_code": "calls", "kind": "usage"},
    )
    world.table("int_customers__crosswalk", "account_id status plan_code")
    world.table("int_usage__daily", "account_id meter_code usage_on event_count")
    world.table(
        "int_rating__metered_item_versions", "account_id meter_code valid_from:timestamptz valid_to:timestamptz"
    )
    plans = {"free": "free", "tester": "team"}
    used = {
        "tied": ["2026-10-01", "2026-10-31"],
        "upgraded": ["2026-10-05", "2026-10-20"],
        "set up": ["2026-09-30"],
        "too early": ["2026-09-29", "2026-10-02"],
        "too late": ["2026-10-20", "2026-10-21"],
        "never": ["2026-10-05"],
        "free": ["2026-10-05"],
        "tester": ["2026-10-05"],
    }
    for account, days in used.items():
        status = "test" if account == "tester" else "active"
        world.rows(
            "int_customers__crosswalk",
            {"account_id": account, "status": status, "plan_code": plans.get(account, "team")},
        )
        for usage_on in days:
            row = {"account_id": account, "usage_on": usage_on, "event_count": 2}
            world.rows("int_usage__daily", {**row, "meter_code": "calls"}, {**row, "meter_code": "not priced"})
    contracts = [
        ("tied", "2026-10-01 00:00+09", None),
        ("upgraded", "2026-10-01", "2026-10-10"),
        ("upgraded", "2026-10-10", None),
        ("set up", "2026-10-01 12:00+00", None),
        ("too early", "2026-10-01", None),
        ("too late", "2026-10-01", "2026-10-20 13:05+00"),
    ]
    for account, start, end in contracts:
        world.rows(
            "int_rating__metered_item_versions",
            {
                "account_id": account,
                "meter_code": "calls",
                "valid_from": start,
                "valid_to": end,
            },
        )
    found = world.breaks(
        "recon_u5__usage_to_contracts", ("recon_u5__usage_months", "recon_u5__used", "recon_u5__contracted")
    )
    assert {key: said for key, (said, _) in found.items()} == {
        "too early|calls|2026-09-01": "WRONG_PERIOD",
        "too late|calls|2026-10-01": "WRONG_PERIOD",
        "never|calls|2026-10-01": "UNBILLABLE_USAGE",
        "tester|calls|2026-10-01": "TEST_ACCT_USAGE",
    }


def test_a_meter_that_is_silent_for_longer_than_ever_is_found(world: SmallWorld) -> None:
    world.table("int_clock__as_of", "as_of_at as_of_on", {"as_of_at": "2026-11-10", "as_of_on": "2026-11-10"})
    world.table(
        "int_catalog__prices", "price_code meter_code kind", {"price_code": "p", "meter_code": "calls", "kind": "usage"}
    )
    world.table(
        "int_billing__subscription_item_versions",
        "subscription_item_id account_id price_code status valid_from:timestamptz valid_to:timestamptz",
    )
    world.table("int_usage__daily", "account_id meter_code usage_on event_count")
    habits = {
        "daily, silent": ("2026-09-01", 30, 1),
        "daily, going on": ("2026-10-11", 30, 1),
        "every tenth day": ("2026-04-24", 20, 10),
        "a few days": ("2026-09-01", 5, 1),
        "ended": ("2026-09-01", 30, 1),
    }
    for account, (first, count, step) in habits.items():
        world.rows(
            "int_billing__subscription_item_versions",
            {
                "subscription_item_id": account,
                "account_id": account,
                "price_code": "p",
                "status": "active",
                "valid_from": "2026-01-01",
                "valid_to": "2026-10-05" if account == "ended" else None,
            },
        )
        for number in range(count):
            world.execute(
                "insert into int_usage__daily values (%s, 'calls', cast(%s as date) + cast(%s as integer), 1)",
                (account, first, number * step),
            )
    found = world.breaks("recon_u5__contracts_to_usage", ("recon_u5__live_meters", "recon_u5__meters_in_use"))
    assert found == {"daily, silent|calls": ("ZERO_USAGE", None)}


def test_a_file_that_is_delivered_again_under_another_name_is_found(world: SmallWorld) -> None:
    world.execute("drop table stg_ops__loads")
    world.table("stg_ops__loads", "load_id load_seq system object delivered_on file_name content_sha256 rows_in")
    for number, (delivered, name, content) in enumerate(
        [
            ("2026-10-01", "a", "x"),
            ("2026-10-02", "b", "y"),
            ("2026-10-03", "a again", "x"),
            ("2026-10-03", "empty", ""),
        ]
    ):
        world.rows(
            "stg_ops__loads",
            {
                "load_id": f"00000000-0000-0000-0000-00000000000{number}",
                "load_seq": number,
                "system": "usage",
                "object": "events",
                "delivered_on": delivered,
                "file_name": name,
                "content_sha256": content,
                "rows_in": 0 if name == "empty" else 5,
            },
        )
    models = ("recon_u1__event_files", "recon_u1__files", "recon_u1__contents")
    assert world.breaks("recon_u1__files_to_contents", models) == {
        "usage|events|2026-10-01|a": ("FILE_REPLAY", None),
    }

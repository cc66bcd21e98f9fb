"""What a trace says, and how loudly."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from orchestration.commands.traced_event import said_of
from orchestration.commands.traced_line import as_record, plain, verdict
from orchestration.tracing.events import EventTrace, PeriodTrace
from orchestration.tracing.lines import Agreement, ChargeTrace, LineTrace, UsageTrace, write_events
from orchestration.tracing.lookup import NothingToTrace, closest
from orchestration.words import exact_money

DAY = {
    "usage_on": date(2026, 10, 3),
    "meter_code": "calls",
    "left_out_because": None,
    "is_claimed": True,
    "item_count": 1,
}
COPY = {"event_type": "com.acme.call", "account_id": "acct_1"}
LINE = {"billed_as": "usage", "invoice_line_id": "il_1"}

IN_LAKE = UsageTrace({}, [], [], [], [], [], in_lake=True)


def printed(renderable: Any) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def line_trace(traced: str, charged: str, loads: int = 0) -> LineTrace:
    check = Agreement("quantity charged", Decimal(traced), Decimal(charged))
    usage = UsageTrace({}, [], [], [], [], [check])
    return LineTrace("il_1", [], [ChargeTrace({}, [], [], [], [], [], [], [], usage)], loads)


def event_trace(day: dict[str, Any] | None = None, *periods: PeriodTrace, carried: int = 0) -> EventTrace:
    return EventTrace([COPY], None if day is None else DAY | day, list(periods), carried)


def period(charge: str | None = "charge", *lines: dict[str, Any], in_time: bool = True) -> PeriodTrace:
    return PeriodTrace({"charge_id": charge, "is_known_in_time": in_time}, list(lines))


def test_events_that_give_what_was_charged_are_said_to_be_equal_and_nothing_more():
    said = printed(verdict(line_trace("30353", "30353.0")))
    assert "equal" in said
    assert "NOT" not in said
    assert line_trace("30353", "30353.0").adds_up


def test_events_that_do_not_add_up_are_said_so_in_capitals_with_the_difference():
    found = line_trace("30352.5", "30353")
    said = printed(verdict(found))
    assert not found.adds_up
    assert "(0.5)  NOT EQUAL" in said
    assert "THE EVENTS DO NOT ADD UP TO WHAT WAS CHARGED." in said


def test_what_landed_after_the_build_is_named_beside_the_check():
    assert "2 loads landed after the last build" in printed(verdict(line_trace("1", "2", loads=2)))


def test_events_in_the_lake_are_said_to_be_unchecked_and_not_to_add_up():
    found = LineTrace("il_1", [], [ChargeTrace({}, [], [], [], [], [], [], [], IN_LAKE)], 0)
    assert "NOT computed again" in printed(verdict(found))
    assert as_record(found)["adds_up"] is None
    with pytest.raises(NothingToTrace, match="The events of il_1 lie in the lake"):
        write_events(None, found, Path("nowhere.csv"))
    assert not list(Path().glob("nowhere.csv*"))


@pytest.mark.parametrize(
    ("event", "state", "says"),
    [
        (event_trace(), "not built", "landed after the last build"),
        (event_trace({"left_out_because": "filtered out by the meter"}), "not measured", "filtered out"),
        (event_trace({"is_claimed": False}), "no meter", "claims the event type com.acme.call"),
        (event_trace({"item_count": 0}), "no subscription item", "No subscription item of acct_1 meters calls"),
        (event_trace({}), "no period", "no billing period of theirs holds 2026-10-03"),
        (event_trace({}, carried=2), "carried over", "level that 2 periods start with"),
        (event_trace({}, period(None)), "not complete", "not complete yet"),
        (event_trace({}, period("charge", LINE | {"invoice_line_id": None})), "not invoiced", "not yet invoiced"),
        (event_trace({}, period("charge", LINE)), "invoiced", "Rated and invoiced"),
        (event_trace({}, period("charge", LINE, in_time=False)), "late, not billed", "on no invoice"),
        (
            event_trace({}, period("charge", LINE, LINE | {"billed_as": "late_usage_adjustment"}, in_time=False)),
            "invoiced late",
            "adjustment on a later invoice",
        ),
    ],
)
def test_an_event_ends_in_one_state_and_the_sentence_says_why(event, state, says):
    assert event.state == state
    assert says in said_of(event)


def test_the_closest_ids_begin_alike_and_the_most_alike_comes_first():
    assert closest("il_17", ["il_2", "il_16", "xx_17", "il_171"]) == ["il_171", "il_16", "il_2"]


def test_amounts_and_exact_numbers_are_text_for_another_program():
    row = {"net_minor": -12, "rate": Decimal("0.19"), "line_no": 7, "on": date(2026, 10, 1), "is_billed": True}
    at = {"at": datetime(2026, 10, 1, tzinfo=UTC), "tiers": [{"amount_exact": Decimal("1.50"), "cap_minor": None}]}
    assert json.loads(json.dumps(plain(row | at))) == {
        "net_minor": "-12",
        "rate": "0.19",
        "line_no": 7,
        "on": "2026-10-01",
        "is_billed": True,
        "at": "2026-10-01T00:00:00+00:00",
        "tiers": [{"amount_exact": "1.50", "cap_minor": None}],
    }


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "shown"),
    [
        ("19672.3850", "usd", 2, "USD 196.72385"),
        ("0.85", "usd", 2, "USD 0.0085"),
        ("1250.000", "usd", 2, "USD 12.50"),
        ("-14775.0416", "jpy", 0, "JPY (14,775.0416)"),
        ("-0.5", "usd", 2, "USD (0.005)"),
        (None, "usd", 2, "-"),
    ],
)
def test_amounts_that_were_not_rounded_show_all_their_digits(minor, currency, exponent, shown):
    assert exact_money(None if minor is None else Decimal(minor), currency, exponent) == shown

"""What explains a break explains it to the minor unit, and what only looks like it explains nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.small_rows import SmallWorld

RESULTS = (
    "control_id comparison tracking_key status outcome break_class left_row_count right_row_count currency amount_minor"
    " quantity_delta:numeric left_values right_values"
)
EXPECTED = "charge_id charge_key billing_system account_id price_code line_kind quantity period_start:timestamptz"


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry."""
    with psycopg.connect(module_warehouse) as connection:
        yield SmallWorld(connection)


def differing(
    key: str, break_class: str, outcome: str = "QUANTITY", control: str = "B1", **other: Any
) -> dict[str, Any]:
    """An open break of one row on each side."""
    return {
        "control_id": control,
        "comparison": "c",
        "tracking_key": key,
        "status": "open",
        "outcome": outcome,
        "break_class": break_class,
        "left_row_count": 1,
        "right_row_count": 1,
        "currency": "eur",
        **other,
    }


def explained(world: SmallWorld, model: str) -> dict[str, tuple[str, int]]:
    """Words and amount of every break that the model explains."""
    world.model(model)
    return {row[2]: (row[4], row[5]) for row in world.select(model)}


def test_repetition_explains_what_stands_more_often_with_the_same_amount(world: SmallWorld) -> None:
    def doubled(key: str, left: int, right: int, rows: tuple[int, int], **other: Any) -> dict[str, Any]:
        return differing(
            key,
            "DOUBLE_BILL",
            "DUPLICATE",
            amount_minor=left - right,
            left_values=f'{{"amount_minor" : "{left}"}}',
            right_values=f'{{"amount_minor" : "{right}"}}',
            left_row_count=rows[0],
            right_row_count=rows[1],
            **other,
        )

    world.table(
        "recon_results",
        RESULTS,
        doubled("twice", 100, 200, (1, 2)),
        doubled("twice, of another amount", 100, 190, (1, 2)),
        doubled("thrice against two", 200, 300, (2, 3)),
        doubled("of another kind", 100, 200, (1, 2)) | {"break_class": "CURRENCY"},
        differing("nothing on the left", "DOUBLE_BILL", "DUPLICATE", left_row_count=0, right_row_count=2),
        doubled("equal", 200, 200, (1, 2)),
    )
    assert explained(world, "recon_cause__duplicates") == {
        "twice": ("the same amount stands 1 times on the left side, 2 times on the right", -100),
        "thrice against two": ("the same amount stands 2 times on the left side, 3 times on the right", -100),
    }


def test_late_usage_explains_a_line_that_counts_exactly_it_and_no_more_than_it_is_worth(world: SmallWorld) -> None:
    keys = ("counts the late", "counts half of it", "no late usage", "with a discount")
    deltas = dict(zip(keys, ("-5", "-2", "-5", "-5"), strict=True))
    world.table(
        "recon_results",
        RESULTS,
        *[differing(key, "QTY", quantity_delta=deltas[key], amount_minor=-50) for key in keys[:3]],
        differing("with a discount", "QTY", quantity_delta="-5", amount_minor=-45),
        differing("of the other system", "QTY", control="B2", quantity_delta="-5", amount_minor=-50),
    )
    world.table(
        "int_billing__expected_invoice_lines",
        EXPECTED,
        *[
            {"charge_id": key, "charge_key": key, "billing_system": "stripe", "line_kind": "usage"}
            for key in (*keys, "of the other system")
        ],
    )
    world.table(
        "int_rating__late_usage_adjustments",
        "charge_id quantity_as_invoiced:numeric quantity_as_now_known:numeric gross_as_invoiced_minor"
        " gross_as_now_known_minor",
        *[
            {
                "charge_id": key,
                "quantity_as_invoiced": 10,
                "quantity_as_now_known": 10 if key == "no late usage" else 15,
                "gross_as_invoiced_minor": 100,
                "gross_as_now_known_minor": 150,
            }
            for key in (*keys, "of the other system")
        ],
    )
    late = "the line counts usage that was recorded after the cut-off of its period"
    assert explained(world, "recon_cause__late_usage") == {
        "counts the late": (late, -50),
        "with a discount": (late, -50),
    }


def test_a_line_that_bills_what_was_provisioned_says_so(world: SmallWorld) -> None:
    keys = ("as provisioned", "as nobody says", "at another price", "provisioned later")
    world.table(
        "recon_results",
        RESULTS,
        differing("as provisioned", "QTY", quantity_delta="-2", amount_minor=-200),
        differing("as nobody says", "QTY", quantity_delta="-1", amount_minor=-100),
        differing("at another price", "QTY", quantity_delta="-2", amount_minor=-260),
        differing("provisioned later", "QTY", quantity_delta="-2", amount_minor=-200),
    )
    world.table(
        "int_billing__expected_invoice_lines",
        EXPECTED,
        *[
            {
                "charge_id": key,
                "charge_key": key,
                "billing_system": "stripe",
                "account_id": key,
                "price_code": "seat",
                "line_kind": "recurring",
                "quantity": 10,
                "period_start": "2026-10-01 00:00+00",
            }
            for key in keys
        ],
    )
    world.table(
        "int_billing__charges",
        "charge_id unit_amount_minor",
        *[{"charge_id": key, "unit_amount_minor": "100"} for key in keys],
    )
    world.table(
        "int_catalog__prices",
        "price_code kind plan_code",
        {"price_code": "seat", "kind": "recurring", "plan_code": "team"},
    )
    world.table(
        "stg_catalog__plan_features",
        "plan_code feature_code quantity is_deleted",
        {"plan_code": "team", "feature_code": "seats", "quantity": 1, "is_deleted": False},
    )
    world.table(
        "stg_control_plane__entitlements",
        "account_id feature_code quantity valid_from_at valid_to_at is_deleted",
        *[
            {
                "account_id": key,
                "feature_code": "seats",
                "quantity": 12,
                "valid_from_at": "2026-10-02" if key == "provisioned later" else "2026-01-01",
                "is_deleted": False,
            }
            for key in keys
        ],
    )
    assert explained(world, "recon_cause__provisioning") == {
        "as provisioned": ("billed as provisioned: 12 of seats", -200)
    }


def test_a_conversion_at_the_rate_of_another_day_names_the_day(world: SmallWorld) -> None:
    world.table(
        "recon_results",
        RESULTS,
        differing("of the day before", "FX", "AMOUNT", "C2", currency="usd", amount_minor=20),
        differing("of no day", "FX", "AMOUNT", "C2", currency="usd", amount_minor=50),
        differing("from yen", "FX", "AMOUNT", "C2", currency="usd", amount_minor=1),
    )
    charges = (("of the day before", "eur", 1000), ("of no day", "eur", 1000), ("from yen", "jpy", 1000))
    world.table(
        "stg_stripe__charges",
        "charge_id currency amount_minor amount_captured_minor created_at is_deleted",
        *[
            {
                "charge_id": key,
                "currency": currency,
                "amount_minor": minor,
                "created_at": "2026-10-05",
                "is_deleted": False,
            }
            for key, currency, minor in charges
        ],
    )
    world.table(
        "int_cash__balance_transactions",
        "source_id currency amount_minor",
        *[
            {"source_id": key, "currency": "usd", "amount_minor": minor}
            for key, minor in (("of the day before", 1080), ("of no day", 1050), ("from yen", 660))
        ],
    )
    world.table(
        "int_fx__daily_rates",
        "rate_on from_currency to_currency rate_numerator:numeric rate_denominator:numeric",
        *[
            {
                "rate_on": day,
                "from_currency": currency,
                "to_currency": "usd",
                "rate_numerator": n,
                "rate_denominator": d,
            }
            for day, currency, n, d in (
                ("2026-10-04", "eur", 108, 100),
                ("2026-10-05", "eur", 11, 10),
                ("2026-09-01", "eur", 105, 100),
                ("2026-10-06", "jpy", 66, 10000),
            )
        ],
    )
    words = "converted at the published rate of {} instead of the rate stated"
    assert explained(world, "recon_cause__exchange_rates") == {
        "of the day before": (words.format("2026-10-04"), 20),
        "from yen": (words.format("2026-10-06"), 1),
    }


def test_a_charge_that_stood_on_a_void_invoice_names_it_and_a_reissued_one_is_no_break(world: SmallWorld) -> None:
    world.table(
        "recon_results",
        RESULTS,
        differing("voided", "UNBILLED", "MISSING_RIGHT", amount_minor=500, right_row_count=0),
        differing("never billed", "UNBILLED", "MISSING_RIGHT", amount_minor=500, right_row_count=0),
        differing("void in part", "UNBILLED", "MISSING_RIGHT", amount_minor=500, right_row_count=0),
    )
    world.table(
        "int_billing__invoice_lines",
        "billing_system charge_key invoice_id invoice_status currency net_minor",
        *[
            {
                "billing_system": "stripe",
                "charge_key": key,
                "invoice_id": "in_1",
                "invoice_status": status,
                "currency": "eur",
                "net_minor": minor,
            }
            for key, status, minor in (
                ("voided", "void", 500),
                ("void in part", "void", 400),
                ("never billed", "draft", 500),
            )
        ],
    )
    words = "invoice in_1 was voided and not issued again"
    assert explained(world, "recon_cause__voided_invoices") == {"voided": (words, 500), "void in part": (words, 400)}


SIDES = "control_id comparison side tracking_key row_id currency amount_minor quantity business_on"


def closing_world(world: SmallWorld, sides: list[tuple[str, str, str, int]], results: list[dict[str, Any]]) -> None:
    """Rows of both sides (side, key, currency, minor units) and what a comparison said of their keys."""
    world.table(
        "recon_sides",
        SIDES,
        *[
            {
                "control_id": "B1",
                "comparison": "c",
                "side": side,
                "tracking_key": key,
                "row_id": f"{side}{number}",
                "currency": currency,
                "amount_minor": minor,
                "business_on": "2026-10-05",
            }
            for number, (side, key, currency, minor) in enumerate(sides)
        ],
    )
    world.table(
        "recon_results",
        RESULTS + " account_id left_ids right_ids business_on deadline_on",
        *[{**result, "business_on": "2026-10-05"} for result in results],
    )
    world.table("recon_break_causes", "control_id comparison tracking_key cause explained_by explained_minor")
    world.table("recon_break_classes", "control_id break_class class_family cause")
    world.table("recon_monthly_billings", "period_month:date currency billed_minor")
    world.table("int_clock__as_of", "as_of_at", {"as_of_at": "2026-11-09"})
    world.execute("alter table recon_controls add owner text, add severity_base text, add over_billing_side text")
    world.execute("update recon_controls set severity_base = 'S3'")
    world.model("recon_control_totals")


def breaks_of(world: SmallWorld) -> dict[str, tuple[Any, ...]]:
    """Class, currency, amount and severity of every open break."""
    world.model("recon_breaks")
    world.execute(
        "create temp view said as select tracking_key, break_class, currency, amount_minor, severity from recon_breaks"
    )
    return {row[0]: row[1:] for row in world.select("said")}


def test_what_no_key_says_of_a_difference_is_a_break_of_its_own(world: SmallWorld) -> None:
    matched = differing("tied", "", "MATCHED", amount_minor=0) | {"status": "matched", "break_class": None}
    closing_world(
        world,
        [
            ("left", "tied", "eur", 100),
            ("right", "tied", "eur", 100),
            ("left", "short", "eur", 100),
            ("right", "short", "eur", 70),
            # Two rows that the comparison lost.
            ("left", "nobody's", "eur", 9),
            ("right", "nobody's", "usd", 4),
        ],
        [matched, differing("short", "AMOUNT", "AMOUNT", amount_minor=30)],
    )
    assert breaks_of(world) == {
        "short": ("AMOUNT", "eur", 30, "S3"),
        "residue|c|2026-10|eur": ("RESIDUE", "eur", 9, "S1"),
        "residue|c|2026-10|usd": ("RESIDUE", "usd", -4, "S1"),
    }


def test_a_wrong_currency_is_one_break_and_no_residue(world: SmallWorld) -> None:
    closing_world(
        world,
        [("left", "mixed", "eur", 100), ("right", "mixed", "usd", 110)],
        [differing("mixed", "CURRENCY", "CURRENCY", amount_minor=100)],
    )
    assert breaks_of(world) == {"mixed": ("CURRENCY", "eur", 100, "S3")}


def test_a_side_of_two_currencies_is_a_break_without_an_amount_and_no_residue(world: SmallWorld) -> None:
    closing_world(
        world,
        [("left", "mixed", "eur", 100), ("left", "mixed", "usd", 50), ("right", "mixed", "eur", 100)],
        [differing("mixed", "CURRENCY", "CURRENCY", amount_minor=None)],
    )
    assert breaks_of(world) == {"mixed": ("CURRENCY", "eur", None, "S3")}

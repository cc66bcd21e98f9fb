"""Every charge model from the catalogue and raw usage to the expected invoice line: the cases of charge_models.yml."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from ingestion.formats import catalogue
from ingestion.formats.streams import Source
from ingestion.records import Record
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.dbt.raw_rows import load_documents, load_events

DOCUMENT = yaml.safe_load(Path(__file__).with_name("charge_models.yml").read_text())
CASES: dict[str, dict[str, Any]] = DOCUMENT["cases"]
START = datetime(2026, 3, 1, tzinfo=UTC)
DELIVERED = date(2026, 3, 31)
LAST_DELIVERY = date(2026, 4, 10)
PRICE = {
    "kind": "usage",
    "meter_code": "units",
    "billing_timing": "in_arrears",
    "currency": "usd",
    "interval": "month",
    "interval_count": 1,
    "valid_from": "2026-01-01",
}
CONVENTION = {
    "billing_system": "stripe",
    "valid_from": "2020-01-01",
    "proration_unit": "second",
    "rounding_mode": "half_up",
    "tax_rounding": "per_line",
    "discount_order": "percent_then_fixed",
    "usage_window": "local_day",
    "usage_grace_hours": 48,
    "payment_grace_days": 3,
    "due_days": 0,
}


def entries(folder: Path, name: str, written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of a catalogue file as they land; every one of them must be accepted."""
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({name: written}, sort_keys=False))
    found = list(catalogue.read(Source(file, str(file)), name))
    refused = [item for item in found if not isinstance(item, Record)]
    assert refused == []
    return [item.fields for item in found if isinstance(item, Record)]


def load_reference(connection: psycopg.Connection[Any], folder: Path) -> None:
    """Catalogue, one account a case, and its subscription of one metered item."""
    prices = [
        {"price_code": name, "stripe_price_id": f"price_{name}", **PRICE, **case["price"]}
        for name, case in CASES.items()
    ]
    catalog = {
        "meters": ("meter_code", DOCUMENT["meters"]),
        "prices": ("price_code", prices),
        "conventions": ("billing_system", [CONVENTION]),
    }
    for name, (key, written) in catalog.items():
        found = entries(folder, name, written)
        records = [{"record_id": entry[key], "payload": entry} for entry in found]
        load_documents(connection, f"catalog__{name}", DELIVERED, records)
    accounts = [{"account_id": name, "timezone": "UTC", "stripe_customer_id": f"cus_{name}"} for name in CASES]
    load_documents(
        connection,
        "control_plane__accounts",
        DELIVERED,
        [{"record_id": account["account_id"], "payload": account} for account in accounts],
    )
    subscriptions = [
        {
            "id": f"sub_{name}",
            "customer": f"cus_{name}",
            "status": "active",
            "currency": "usd",
            "start_date": int(START.timestamp()),
            "billing_cycle_anchor": int(START.timestamp()),
            "items": {"data": [{"id": f"si_{name}", "price": {"id": f"price_{name}"}}]},
        }
        for name in CASES
    ]
    load_documents(
        connection,
        "stripe__subscriptions",
        DELIVERED,
        [{"record_id": subscription["id"], "payload": subscription} for subscription in subscriptions],
    )


def events() -> Iterator[dict[str, Any]]:
    """Usage of all cases."""
    types = {meter["meter_code"]: meter["event_type"] for meter in DOCUMENT["meters"]}
    for name, case in CASES.items():
        for number, (day, hour, quantity, *more) in enumerate(case["events"]):
            region, delay = [*more, None, None][:2]
            at = START + timedelta(days=day - 1, hours=hour, minutes=number)
            event = {
                "id": f"{name}-{number}",
                "type": types[case["price"].get("meter_code", "units")],
                "account": name,
                "at": at,
                "recorded": at + timedelta(seconds=delay or 1),
                "quantity": quantity,
            }
            yield event | ({"dimensions": {"region": region}} if region else {})


@pytest.fixture(scope="module")
def built(cluster: ScratchCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse in which the cases were landed and rated."""
    with scratch_dbt.warehouse(cluster) as connection:
        load_reference(connection, tmp_path_factory.mktemp("catalogue"))
        load_events(connection, LAST_DELIVERY, list(events()))
        connection.execute(
            """
            insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status)
            select %s, 'test', 0, max(load_seq), 'test', 'running' from ops.loads
            """,
            (uuid4(),),
        )
        scratch_dbt.build("seed", "currencies")
        scratch_dbt.build(
            "run",
            "+fct_expected_invoice_lines",
            "+fct_rated_charges",
            "+fct_rated_charge_tiers",
            "+fct_charge_events",
            "+int_rating__quantities_of_events",
        )
        yield connection


def as_numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Values that compare as numbers."""
    return {name: Decimal(value) for name, value in row.items() if value is not None}


@pytest.mark.parametrize("name", CASES)
def test_a_month_costs_what_its_charge_model_says(built: psycopg.Connection[Any], name: str) -> None:
    expected = as_numbers(CASES[name]["expect"])
    with built.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select * from marts.fct_rated_charges where price_code = %s", (name,)).fetchall()
    assert [(row["line_kind"], row["period_start"], row["period_end"]) for row in rows] == [
        ("usage", START, START.replace(month=4))
    ]
    assert as_numbers({column: rows[0][column] for column in expected}) == expected


@pytest.mark.parametrize("name", CASES)
def test_the_expected_invoice_line_is_the_rated_charge(built: psycopg.Connection[Any], name: str) -> None:
    found = built.execute(
        "select gross_minor, net_minor, total_minor from marts.fct_expected_invoice_lines where price_code = %s",
        (name,),
    ).fetchall()
    gross = CASES[name]["expect"]["gross_minor"]
    assert found == [(gross, gross, gross)]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "tiers" in case])
def test_a_tiered_charge_keeps_its_split(built: psycopg.Connection[Any], name: str) -> None:
    found = built.execute(
        """
        select tiers.tier_no, tiers.tier_quantity, tiers.amount_exact
        from marts.fct_rated_charge_tiers as tiers
        inner join marts.fct_rated_charges as charges on tiers.charge_id = charges.charge_id
        where charges.price_code = %s
        order by tiers.part_no, tiers.tier_no
        """,
        (name,),
    ).fetchall()
    assert found == [(tier, Decimal(quantity), Decimal(amount)) for tier, quantity, amount in CASES[name]["tiers"]]


@pytest.mark.parametrize("name", CASES)
def test_the_events_alone_give_the_quantity_in_time_and_with_what_came_late(
    built: psycopg.Connection[Any], name: str
) -> None:
    ((charged, late, in_time, known),) = built.execute(
        """
        select
            charges.quantity, charges.late_quantity, as_invoiced.quantity,
            coalesce(as_now_known.quantity, as_invoiced.quantity)
        from marts.fct_rated_charges as charges
        inner join intermediate.int_rating__quantities_of_events as as_invoiced
            on charges.subscription_item_id = as_invoiced.subscription_item_id
            and charges.period_start = as_invoiced.period_start and as_invoiced.basis = 'as_invoiced'
        left join intermediate.int_rating__quantities_of_events as as_now_known
            on charges.subscription_item_id = as_now_known.subscription_item_id
            and charges.period_start = as_now_known.period_start and as_now_known.basis = 'as_now_known'
        where charges.price_code = %s
        """,
        (name,),
    ).fetchall()
    assert (in_time, known) == (charged, charged + late)


COUNTS_AS = {
    "in_office_hours_of_one_region": [
        ("charged", None),
        ("left_out", "outside the hours of the meter"),
        ("left_out", "filtered out by the meter"),
        ("charged", None),
        ("left_out", "outside the hours of the meter"),
    ],
    "seats_that_stay": [("carried_over", None), ("charged", None), ("late", None)],
    "volume_and_late": [("charged", None), ("late", None)],
}


@pytest.mark.parametrize("name", COUNTS_AS)
def test_every_event_says_how_it_counts_for_its_charge(built: psycopg.Connection[Any], name: str) -> None:
    found = built.execute(
        """
        select events.counts_as, events.left_out_because
        from marts.fct_charge_events as events
        inner join marts.fct_rated_charges as charges on events.charge_id = charges.charge_id
        where charges.price_code = %s
        order by events.occurred_at
        """,
        (name,),
    ).fetchall()
    assert found == COUNTS_AS[name]

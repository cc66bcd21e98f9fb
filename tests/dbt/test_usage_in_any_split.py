"""However a month's events are cut into files, deliveries and builds, it costs the same.

Groups of accounts use the same things at the same instants at the same price; each account's events reach the landing
folder cut in another way: on other days, in other files and lines, some of them sent again. Half of the deliveries are
landed and built before the rest arrives. Every account of a group must be charged the same.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ingestion.landing import load_landing
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt

START = datetime(2026, 3, 1, tzinfo=UTC)
REFERENCE_DAY = date(2026, 3, 31)
DELIVERIES = [date(2026, 4, 1) + timedelta(days=day) for day in range(6)]
BUILT_BEFORE = 3
FILES_A_DAY = 3
CUT_OFF = datetime(2026, 4, 3, tzinfo=UTC)
METERS = [
    {"meter_code": "units", "event_type": "units", "aggregation": "sum", "quantity_field": "quantity"},
    {"meter_code": "peak", "event_type": "peak", "aggregation": "max", "quantity_field": "quantity"},
    {"meter_code": "level", "event_type": "level", "aggregation": "latest", "quantity_field": "quantity"},
    {"meter_code": "calls", "event_type": "calls", "aggregation": "count"},
    {
        "meter_code": "by_region",
        "event_type": "by_region",
        "aggregation": "sum",
        "quantity_field": "quantity",
        "dimensions": ["region"],
        "group_by": ["region"],
    },
]
TIERS = [
    {"up_to": "10", "unit_amount": "1.005", "flat_amount": "2"},
    {"up_to": "60.5", "unit_amount": "0.5"},
    {"up_to": None, "unit_amount": "0.3333", "flat_amount": "1"},
]
PRICES: dict[str, dict[str, Any]] = {
    "graduated": {"charge_model": "graduated", "meter_code": "units", "tiers": TIERS},
    "volume": {"charge_model": "volume", "meter_code": "units", "tiers": TIERS},
    "package_a_day": {
        "charge_model": "package",
        "meter_code": "units",
        "unit_amount": "5",
        "package_size": "7",
        "price_per": "day",
    },
    "committed": {
        "charge_model": "per_unit",
        "meter_code": "units",
        "unit_amount": "1",
        "commitment": {"type": "amount", "value": "40", "overage_factor": "1.5", "true_up": True},
    },
    "transactions": {
        "charge_model": "percentage",
        "meter_code": "units",
        "rate_pct": "2.9",
        "fixed_amount": "0.30",
        "free_transactions": 2,
        "free_amount": "25",
    },
    "matrix": {
        "charge_model": "matrix",
        "meter_code": "by_region",
        "dimension": "region",
        "unit_amount": "1",
        "unit_amounts": [{"value": "eu", "unit_amount": "0.125"}],
    },
    "peak": {"charge_model": "volume", "meter_code": "peak", "tiers": TIERS},
    "level": {"charge_model": "per_unit", "meter_code": "level", "unit_amount": "0.35"},
    "calls": {"charge_model": "graduated", "meter_code": "calls", "tiers": TIERS},
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
CHARGES = """
    select
        charges.account_id, charges.price_code, charges.quantity, charges.rated_quantity, charges.gross_exact,
        charges.gross_minor, charges.late_quantity, charges.late_usage_adjustment_minor,
        (
            select array_agg((part_no, tier_no, tier_quantity, amount_exact) order by part_no, tier_no)::text
            from marts.fct_rated_charge_tiers as tiers where tiers.charge_id = charges.charge_id
        ) as tiers
    from marts.fct_rated_charges as charges
    order by charges.account_id
"""


@dataclass(frozen=True)
class Use:
    """One event: the hour of March in which it happens, thousandths of a unit, where, and whether it is known late."""

    hour: int
    thousandths: int
    region: str
    is_late: bool


@dataclass(frozen=True)
class Group:
    """What every account of a group uses, at which price, and for each account where each event lands, how often."""

    price: str
    uses: tuple[Use, ...]
    places: tuple[tuple[tuple[int, ...], ...], ...]


USES = st.lists(
    st.builds(
        Use,
        st.integers(0, 743),
        st.integers(0, 40_000),
        st.sampled_from(("eu", "us")),
        st.integers(0, 9).map(lambda chance: chance == 0),
    ),
    min_size=3,
    max_size=9,
    unique_by=lambda use: use.hour,
).map(tuple)
# One place for most events, two for those that are sent again.
PLACES = st.lists(st.integers(0, len(DELIVERIES) * FILES_A_DAY - 1), min_size=1, max_size=2).map(tuple)


@st.composite
def groups(draw: st.DrawFn, ways: int = 3, times: int = 2) -> list[Group]:
    """Every price some times, each group with as many accounts as there are ways to cut its events."""
    found = []
    for price in [*PRICES] * times:
        uses = draw(USES)
        cuts = st.lists(PLACES, min_size=len(uses), max_size=len(uses)).map(tuple)
        found.append(Group(price, uses, tuple(draw(st.lists(cuts, min_size=ways, max_size=ways)))))
    return found


def account(group: int, way: int) -> str:
    """Its id."""
    return f"acc_{group}_{way}"


def deliver(landing: Path, system: str, name: str, day: date, file: str, lines: Sequence[Any]) -> None:
    """A finished delivery of JSON lines."""
    folder = landing / system / name / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (folder / "_SUCCESS").touch()


def write_reference(landing: Path, found: Sequence[Group]) -> None:
    """Catalogue, accounts, and a subscription of one metered item an account."""
    common = {
        "kind": "usage",
        "billing_timing": "in_arrears",
        "currency": "usd",
        "interval": "month",
        "interval_count": 1,
        "valid_from": "2026-01-01",
    }
    prices = [
        {"price_code": name, "stripe_price_id": f"price_{name}", **common, **price} for name, price in PRICES.items()
    ]
    for name, entries in {"meters": METERS, "prices": prices, "conventions": [CONVENTION]}.items():
        folder = landing / "catalog" / name / REFERENCE_DAY.isoformat()
        folder.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text(json.dumps({name: entries}, indent=1), "utf-8")
        (folder / "_SUCCESS").touch()
    owners = [(account(number, way), group) for number, group in enumerate(found) for way in range(len(group.places))]
    created = "2026-01-01T00:00:00Z"
    accounts = [
        {
            "account_id": name,
            "created_at": created,
            "status": "active",
            "plan_code": "any",
            "timezone": "UTC",
            "country": "DE",
            "stripe_customer_id": f"cus_{name}",
            "crm_account_id": None,
            "updated_at": created,
        }
        for name, _ in owners
    ]
    deliver(landing, "control_plane", "accounts", REFERENCE_DAY, "accounts.jsonl", accounts)
    subscriptions = [
        {
            "id": f"sub_{name}",
            "object": "subscription",
            "customer": f"cus_{name}",
            "status": "active",
            "currency": "usd",
            "start_date": int(START.timestamp()),
            "billing_cycle_anchor": int(START.timestamp()),
            "items": {"data": [{"id": f"si_{name}", "price": {"id": f"price_{group.price}"}}]},
        }
        for name, group in owners
    ]
    deliver(landing, "stripe", "subscriptions", REFERENCE_DAY, "subscriptions.jsonl", subscriptions)


def write_usage(landing: Path, found: Sequence[Group]) -> None:
    """The events of every account, each where its way puts it."""
    files: dict[tuple[date, int], list[dict[str, Any]]] = {
        (day, file): [] for day, file in itertools.product(DELIVERIES, range(FILES_A_DAY))
    }
    for number, group in enumerate(found):
        for way, cut in enumerate(group.places):
            for place, (use, landings) in enumerate(zip(group.uses, cut, strict=True)):
                event = cloud_event(account(number, way), group.price, place, use)
                for landing_no in landings:
                    files[DELIVERIES[landing_no // FILES_A_DAY], landing_no % FILES_A_DAY].append(event)
    for (day, file), events in files.items():
        deliver(landing, "usage", "events", day, f"{file}.jsonl", events)


def cloud_event(subject: str, price: str, place: int, use: Use) -> dict[str, Any]:
    """A use as its producer sends it; a late one was recorded after the cut-off."""
    at = START + timedelta(hours=use.hour)
    recorded = CUT_OFF + timedelta(hours=12) if use.is_late else at + timedelta(seconds=1)
    return {
        "specversion": "1.0",
        "id": f"{subject}-{place}",
        "source": "//acme/test",
        "type": PRICES[price]["meter_code"],
        "subject": subject,
        "time": at.isoformat(),
        "recordedtime": recorded.isoformat(),
        "data": {"quantity": f"{Decimal(use.thousandths).scaleb(-3)}", "region": use.region},
    }


def land_and_build(connection: psycopg.Connection[Any], landing: Path, start: date, end: date) -> None:
    """Land the deliveries of [start, end) and bring the charges up to date."""
    before = connection.execute("select coalesce(max(load_seq), 0) from ops.loads").fetchone()
    for result in load_landing(landing, start=start, end=end):
        assert result.status == "loaded", result
        assert result.quarantined == 0, result
    connection.execute(
        """
        insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status)
        select %s, 'test', %s, max(load_seq), 'test', 'running' from ops.loads
        """,
        (uuid4(), before and before[0]),
    )
    scratch_dbt.build("run", "+fct_rated_charges", "+fct_rated_charge_tiers")
    connection.execute("update ops.builds set status = 'succeeded', finished_at = now() where status = 'running'")


# One warehouse holds many examples: every group is one.
@settings(max_examples=1, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(found=groups())
def test_any_split_of_the_events_into_loads_gives_the_same_charge(
    cluster: ScratchCluster, tmp_path_factory: pytest.TempPathFactory, found: list[Group]
) -> None:
    """Quantity, tiers, amount, and what came late."""
    assume(all(len(set(group.places)) == len(group.places) for group in found))
    landing = tmp_path_factory.mktemp("landing")
    write_reference(landing, found)
    write_usage(landing, found)
    middle = DELIVERIES[BUILT_BEFORE]
    with scratch_dbt.warehouse(cluster) as connection:
        scratch_dbt.build("seed", "currencies")
        land_and_build(connection, landing, REFERENCE_DAY, middle)
        land_and_build(connection, landing, middle, DELIVERIES[-1] + timedelta(days=1))
        charged = {row[0]: row[1:] for row in connection.execute(CHARGES).fetchall()}
    assert len(charged) == sum(len(group.places) for group in found)
    for number, group in enumerate(found):
        ways = [charged[account(number, way)] for way in range(len(group.places))]
        assert ways == [ways[0]] * len(ways), group
        assert ways[0][0] == group.price

"""Faults of the external meter (U4): days it never got, and days of which it holds too little or too much."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from bench.recon.extracts import Row
from bench.recon.planter import INSTANCES, Planter, by_id, is_settled
from ingestion.sample_company.catalogue import METERS

LEAST = 50
# What no retry or late event of a day adds up to.
SHORT, OVER = ("0.375", "7.25", "41.5"), ("0.625", "9.75", "1000.5")


def plant_meter_faults(planter: Planter) -> None:
    """U4: by customer, meter and UTC day."""
    extracts = planter.extracts
    accounts = {
        row["id"]: row["metadata"]["account_id"]
        for row in extracts.last("stripe", "customers").values()
        if "account_id" in row["metadata"]
    }
    codes = {meter.stripe_id: meter.code for meter in METERS}
    readings = list(extracts.last("stripe", "meter_event_summaries").values())

    def usual(row: Row) -> bool:
        return row["customer"] in accounts and Decimal(row["aggregated_value"]) > LEAST and is_settled(row["end_time"])

    def key(row: Row) -> str:
        day = datetime.fromtimestamp(row["start_time"], UTC)
        return f"{accounts[row['customer']]}|{codes[row['meter']]}|{day:%Y-%m-%d}"

    for row in planter.choose(readings, "id", usual, INSTANCES):
        extracts.drop("stripe", "meter_event_summaries", by_id(row["id"]))
        planter.label("U4", "NOT_SENT", key(row), quantity=str(row["aggregated_value"]))
    for name, sizes, sign in (("METER_SHORT", SHORT, -1), ("METER_OVER", OVER, 1)):
        for row, size in zip(planter.choose(readings, "id", usual, INSTANCES), sizes, strict=False):
            value = Decimal(row["aggregated_value"]) + sign * Decimal(size)
            extracts.change("stripe", "meter_event_summaries", by_id(row["id"]), {"aggregated_value": value})
            planter.label("U4", name, key(row), quantity=str(-sign * Decimal(size)))

"""Landed usage events with what speaks about them: the producers' totals of the day, and readings of the meter."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from bench.recon.extracts import Extracts, File, Row
from ingestion.sample_company.catalogue import METERS

METER_OF = {meter.event_type: meter for meter in METERS}


class UsageFiles:
    """Events by account and meter. What is added or taken away is announced and metered as it is then."""

    def __init__(self, extracts: Extracts) -> None:
        self.extracts = extracts
        self.customers = {
            str(name): str(row["stripe_customer_id"])
            for name, row in extracts.last("control_plane", "accounts", "account_id").items()
            if row["stripe_customer_id"]
        }
        # The last version of every reading, and every version of every total.
        self._readings = {
            (row["customer"], row["meter"], row["start_time"]): row
            for row in extracts.rows("stripe", "meter_event_summaries")
        }
        self._totals: dict[tuple[str, str], list[Row]] = {}
        for row in extracts.rows("usage", "control_totals"):
            self._totals.setdefault((row["source"], row["window_start"]), []).append(row)
        self.places: dict[tuple[str, str], list[tuple[File, Row]]] = {}
        for file in extracts.files("usage", "events"):
            for row in file.rows:
                if row.get("type") in METER_OF and "subject" in row:
                    self.places.setdefault((row["subject"], METER_OF[row["type"]].code), []).append((file, row))

    def quantity(self, row: Row) -> Decimal:
        """What an event counts for."""
        meter = METER_OF[row["type"]]
        return Decimal(1) if meter.aggregation == "count" else Decimal(str(row["data"][meter.quantity_field]))

    def add(self, file: File, row: Row) -> None:
        """One more event in a delivered file."""
        file.rows.append(row)
        self._announce(row, 1)
        self._meter(row, 1)

    def take(self, events: list[tuple[File, list[Row]]]) -> None:
        """These events of these files were never sent."""
        for file, rows in events:
            gone = {id(row) for row in rows}
            file.rows[:] = [row for row in file.rows if id(row) not in gone]
        # What a producer repeats counts once.
        once = {(row["source"], row["id"]): row for _, rows in events for row in rows}
        for row in once.values():
            self._announce(row, -1)
            self._meter(row, -1)

    def reading(self, account: str, meter_code: str, day: str) -> Row | None:
        """What the external meter says of an account's UTC day, in its last version."""
        meter = next(meter for meter in METERS if meter.code == meter_code)
        return self._readings.get((self.customers.get(account, ""), str(meter.stripe_id), _start(day)))

    def drop_readings(self, account: str, meter_code: str, first_day: str) -> None:
        """The external meter says nothing of the account from this UTC day on."""
        meter = next(meter for meter in METERS if meter.code == meter_code)
        self.extracts.drop(
            "stripe",
            "meter_event_summaries",
            lambda row: (
                row["customer"] == self.customers[account]
                and row["meter"] == meter.stripe_id
                and row["start_time"] >= _start(first_day)
            ),
        )

    def _announce(self, row: Row, sign: int) -> None:
        """The producer's totals of the day, in every version that was delivered."""
        window = f"{day_of(row)}T00:00:00Z"
        for total in self._totals.get((row["source"], window), ()):
            total["event_count"] = str(int(total["event_count"]) + sign)
            quantity = Decimal(total["quantity_sum"]) + sign * self.quantity(row)
            total["quantity_sum"] = f"{quantity:f}"

    def _meter(self, row: Row, sign: int) -> None:
        meter = METER_OF[row["type"]]
        if row["subject"] not in self.customers:
            return
        reading = self.reading(row["subject"], meter.code, day_of(row))
        start = _start(day_of(row))
        if reading is None and sign > 0:
            like = next(iter(self.extracts.rows("stripe", "meter_event_summaries")))
            new = like | {
                "id": f"mtrusg_{meter.code}{row['subject']}{start}".replace("_", ""),
                "customer": self.customers[row["subject"]],
                "meter": meter.stripe_id,
                "start_time": start,
                "end_time": start + 86_400,
                "aggregated_value": self.quantity(row),
            }
            self.extracts.files("stripe", "meter_event_summaries")[-1].rows.append(new)
            self._readings[new["customer"], new["meter"], start] = new
        elif reading is not None and meter.aggregation != "max":
            reading["aggregated_value"] = Decimal(str(reading["aggregated_value"])) + sign * self.quantity(row)


def day_of(row: Row) -> str:
    """The UTC day of an event."""
    return f"{datetime.fromisoformat(row['time']).astimezone(UTC):%Y-%m-%d}"


def _start(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

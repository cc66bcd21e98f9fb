"""An invoice line down to the events behind it.

Amounts are whole minor units of the ``currency`` beside them, ``*_exact`` ones with their fraction. Quantities have the
unit of the meter or of the item. Every function reads over a connection that may read intermediate (``auditor``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from orchestration.tracing.lookup import (
    Connection,
    NothingToTrace,
    Row,
    closest,
    hint_of,
    is_in_lake,
    loads_since_build,
    rows_of,
)

KEYS = """
    select charge_key from marts.fct_invoice_lines where invoice_line_id = %(id)s and charge_key is not null
    union select charge_key from marts.fct_charge_invoice_lines where charge_id = %(id)s
    union select charge_key from marts.fct_charge_invoice_lines where charge_key = %(id)s
"""
LINES = """
    select lines.*, lines.invoice_line_id = %(id)s as is_asked, invoices.invoice_number
    from marts.fct_invoice_lines as lines
    inner join marts.fct_invoices as invoices
        on lines.billing_system = invoices.billing_system and lines.invoice_id = invoices.invoice_id
    where (%(system)s::text is null or lines.billing_system = %(system)s)
        and (lines.invoice_line_id = %(id)s or lines.charge_key = %(id)s or lines.charge_key = any(%(keys)s))
    order by is_asked desc, lines.invoice_on, lines.invoice_id, lines.invoice_line_id
"""
CHARGES = """
    select distinct
        links.charge_id as line_charge_id, links.line_kind as billed_as, charges.*, prices.product_code,
        prices.included_quantity, prices.package_size, prices.price_per, prices.conversion_operation,
        prices.conversion_factor, prices.conversion_rounding_mode, prices.commitment_type, prices.commitment_value,
        prices.commitment_overage_factor, prices.minimum_amount_minor, prices.maximum_amount_minor,
        schedule.invoiced_at, schedule.expected_at, expected.charge_id is not null as is_due,
        expected.quantity as expected_quantity, expected.gross_minor as expected_gross_minor,
        expected.discount_minor, expected.net_minor, expected.tax_rate, expected.tax_status, expected.tax_minor,
        expected.total_minor
    from marts.fct_charge_invoice_lines as links
    inner join marts.fct_rated_charges as charges on links.rated_charge_id = charges.charge_id
    inner join marts.dim_prices as prices on charges.price_code = prices.price_code
    left join intermediate.int_billing__charge_schedule as schedule on links.charge_id = schedule.charge_id
    left join marts.fct_expected_invoice_lines as expected on links.charge_id = expected.charge_id
    where (%(system)s::text is null or links.billing_system = %(system)s)
        and links.charge_key = any(%(keys)s)
    order by line_charge_id
"""
EVIDENCE = """
    select evidence, record_id, quantity, valid_from, valid_to, file_line
    from intermediate.int_billing__charge_evidence
    where charge_id = %(charge)s
    order by evidence desc, record_id, valid_from
"""
TIERS = "select * from marts.fct_rated_charge_tiers where charge_id = %(charge)s order by part_no, tier_no"
BLOCKS = """
    select part_no, tier_no, block_count, unit_amount_minor, amount_exact
    from intermediate.int_rating__block_counts
    where charge_id = %(charge)s and basis = 'as_invoiced'
    order by part_no, tier_no
"""
DIMENSIONS = """
    select dimension_value, rated_quantity, unit_amount_minor, amount_exact
    from intermediate.int_rating__dimension_amounts
    where charge_id = %(charge)s and basis = 'as_invoiced'
    order by dimension_value
"""
TRANSACTIONS = """
    select transaction_no, occurred_at, value_minor, is_free, paid_value_minor, rate, fixed_amount_minor, amount_exact
    from intermediate.int_rating__transaction_amounts
    where charge_id = %(charge)s and basis = 'as_invoiced'
    order by transaction_no
    limit %(limit)s
"""
COUPONS = """
    select coupon_no, coupon_id, kind, value, taken_numerator, scale
    from intermediate.int_billing__coupon_shares
    where charge_id = %(charge)s
    order by coupon_no
"""
TAXES = """
    select jurisdiction, component, tax_code, tax_on, tax_rate, tax_status
    from intermediate.int_billing__line_tax_rates
    where charge_id = %(charge)s
    order by jurisdiction, component
"""
PERIOD = """
    select
        periods.account_id, periods.meter_code, periods.aggregation, periods.first_day, periods.end_day,
        periods.starts_at, periods.ends_at, periods.cut_off_at, periods.carries_over, periods.multiplier,
        quantities.quantity_as_invoiced, quantities.quantity_as_now_known,
        case when periods.carries_over then date '1970-01-01' else periods.first_day - 1 end as from_utc_day,
        periods.end_day + 1 as until_utc_day
    from intermediate.int_rating__metered_periods as periods
    inner join intermediate.int_rating__usage_quantities as quantities
        on periods.subscription_item_id = quantities.subscription_item_id
        and periods.period_start = quantities.period_start
    where periods.subscription_item_id = %(item)s and periods.period_start = %(start)s
"""
MEASURED = """
    select basis, quantity
    from intermediate.int_rating__quantities_of_events
    where subscription_item_id = %(item)s and period_start = %(start)s
"""
DAYS = """
    select usage_on, timezone, quantity, event_count, measured_count, duplicate_count, conflict_count
    from marts.fct_charge_usage_days
    where charge_id = %(charge)s
    order by usage_on
"""
# The account and the UTC days are those of the charge: naming them lets the partitions of other days be passed over.
FATES = """
    select
        counts_as, left_out_because, count(*) as events, sum(quantity) as quantity,
        count(*) filter (where usage_on >= %(first_day)s) as events_in_period
    from marts.fct_charge_events
    where charge_id = %(charge)s and account_id = %(account)s
        and occurred_on >= %(from_utc_day)s and occurred_on < %(until_utc_day)s
    group by counts_as, left_out_because
    order by counts_as, left_out_because
"""
EVENTS = """
    select
        occurred_at, usage_on, source, event_id, event_type, quantity, counts_as, left_out_because, recorded_at,
        file_line
    from marts.fct_charge_events
    where charge_id = %(charge)s and account_id = %(account)s
        and occurred_on >= %(from_utc_day)s and occurred_on < %(until_utc_day)s
        and (%(counts_as)s::text is null or counts_as = %(counts_as)s)
    order by occurred_at, file_line
    limit %(limit)s
"""
NEIGHBOURS = """
    (select invoice_line_id as id from marts.fct_invoice_lines where invoice_line_id < %(id)s order by 1 desc limit 2)
    union (select invoice_line_id from marts.fct_invoice_lines where invoice_line_id > %(id)s order by 1 limit 2)
    union (select charge_id from marts.fct_rated_charges where charge_id < %(id)s order by 1 desc limit 2)
    union (select charge_id from marts.fct_rated_charges where charge_id > %(id)s order by 1 limit 2)
"""


@dataclass(frozen=True)
class Agreement:
    """One figure reached in two ways; they must be equal."""

    what: str
    traced: Decimal
    charged: Decimal

    @property
    def agrees(self) -> bool:
        """True when nothing is left between the two."""
        return self.traced == self.charged


@dataclass(frozen=True)
class UsageTrace:
    """The usage of a charge. ``period`` is the metered period; ``fates`` count and total all events by how they count.

    ``events`` are the first ones in time, ``late`` the first ones known after the cut-off; ``agreements`` hold what the
    events give, computed from them alone, against what was charged. All of these are empty when the events lie in the
    lake, where they are not looked up.
    """

    period: Row
    days: list[Row]
    fates: list[Row]
    events: list[Row]
    late: list[Row]
    agreements: list[Agreement]
    in_lake: bool = False

    @property
    def event_count(self) -> int:
        """All events, shown or not."""
        return sum(fate["events"] for fate in self.fates)


@dataclass(frozen=True)
class ChargeTrace:
    """One rated charge with what it rests on. ``charge`` has what was rated and what is expected on the invoice."""

    charge: Row
    evidence: list[Row]
    tiers: list[Row]
    blocks: list[Row]
    dimensions: list[Row]
    transactions: list[Row]
    coupons: list[Row]
    taxes: list[Row]
    usage: UsageTrace | None


@dataclass(frozen=True)
class LineTrace:
    """Invoice lines of one charge key, the one asked for first, and the charges that they bill."""

    asked: str
    lines: list[Row]
    charges: list[ChargeTrace]
    loads_since_build: int

    @property
    def adds_up(self) -> bool:
        """True when every figure that was reached in two ways is the same in both."""
        usages = [charge.usage for charge in self.charges if charge.usage]
        return all(check.agrees for usage in usages for check in usage.agreements)

    @property
    def has_events_in_lake(self) -> bool:
        """True when events stand behind a charge that are not listed, and nothing was held against it."""
        return any(charge.usage.in_lake for charge in self.charges if charge.usage)


def trace_line(connection: Connection, asked: str, system: str | None, limit: int) -> LineTrace:
    """The line or charge of an id (invoice line, charge or charge key) with at most ``limit`` events.

    Raises NothingToTrace for an id that nothing has, or that a line of each billing system has.
    """
    keys = [row["charge_key"] for row in rows_of(connection, KEYS, {"id": asked})]
    given = {"id": asked, "system": system, "keys": keys}
    lines = rows_of(connection, LINES, given)
    named = {line["billing_system"] for line in lines if line["is_asked"]}
    if len(named) > 1:
        systems = " or ".join(f"--system {name}" for name in sorted(named))
        raise NothingToTrace(f"Both billing systems have an invoice line {asked}. Say which: {systems}")
    charges = rows_of(connection, CHARGES, given)
    if not lines and not charges:
        near = closest(asked, [row["id"] for row in rows_of(connection, NEIGHBOURS, given)])
        raise NothingToTrace(
            f"No invoice line, charge or charge key is {asked}. {hint_of(near)}"
            "Ids stand in marts.fct_invoice_lines and in: tieout breaks show <break>"
        )
    traced = [_charge(connection, charge, limit) for charge in charges]
    return LineTrace(asked, lines, traced, loads_since_build(connection))


def events_of(connection: Connection, charge: ChargeTrace) -> Iterator[Row]:
    """Every event of a usage charge in time, one after the other, whatever their number."""
    if charge.usage is None:
        return
    with connection.transaction(), connection.cursor(name="events", row_factory=dict_row) as cursor:
        cursor.execute(EVENTS, _bounds(charge.charge, charge.usage.period) | {"counts_as": None, "limit": None})
        yield from cursor


def write_events(connection: Connection, trace: LineTrace, path: Path) -> int:
    """Write every event of the traced charges as CSV, whole or not at all; the number of events.

    Raises NothingToTrace when they lie in the lake.
    """
    if trace.has_events_in_lake:
        raise NothingToTrace(f"The events of {trace.asked} lie in the lake, where they are not looked up.")
    part = path.with_name(path.name + ".part")
    written = 0
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for charge in trace.charges:
            for event in events_of(connection, charge):
                if not written:
                    writer.writerow(["charge_id", *event])
                writer.writerow([charge.charge["charge_id"], *event.values()])
                written += 1
    part.replace(path)
    return written


def _charge(connection: Connection, charge: Row, limit: int) -> ChargeTrace:
    rated, billed = {"charge": charge["charge_id"]}, {"charge": charge["line_charge_id"]}
    return ChargeTrace(
        charge,
        rows_of(connection, EVIDENCE, rated),
        rows_of(connection, TIERS, rated),
        rows_of(connection, BLOCKS, rated),
        rows_of(connection, DIMENSIONS, rated),
        rows_of(connection, TRANSACTIONS, rated | {"limit": limit}),
        rows_of(connection, COUPONS, billed),
        rows_of(connection, TAXES, billed),
        _usage(connection, charge, limit) if charge["line_kind"] == "usage" else None,
    )


def _usage(connection: Connection, charge: Row, limit: int) -> UsageTrace | None:
    named = {"item": charge["subscription_item_id"], "start": charge["period_start"]}
    found = rows_of(connection, PERIOD, named)
    if not found:
        return None
    period = found[0]
    given = _bounds(charge, period)
    days = rows_of(connection, DAYS, given)
    if is_in_lake(connection):
        return UsageTrace(period, days, [], [], [], [], in_lake=True)
    fates = rows_of(connection, FATES, given)
    measured = {row["basis"]: row["quantity"] for row in rows_of(connection, MEASURED, named)}
    as_invoiced = measured["as_invoiced"]
    in_days = sum(fate["events_in_period"] for fate in fates)
    return UsageTrace(
        period,
        days,
        fates,
        rows_of(connection, EVENTS, given | {"counts_as": None, "limit": limit}),
        rows_of(connection, EVENTS, given | {"counts_as": "late", "limit": limit}),
        [
            Agreement("quantity charged", as_invoiced, charge["quantity"]),
            Agreement(
                "quantity with what came late",
                measured.get("as_now_known", as_invoiced),
                charge["quantity"] + charge["late_quantity"],
            ),
            Agreement("events of the days", Decimal(in_days), Decimal(sum(day["event_count"] for day in days))),
        ],
    )


def _bounds(charge: Row, period: Row) -> dict[str, Any]:
    return {
        "charge": charge["charge_id"],
        "account": period["account_id"],
        "first_day": period["first_day"],
        "from_utc_day": period["from_utc_day"],
        "until_utc_day": period["until_utc_day"],
    }

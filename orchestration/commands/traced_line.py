"""How the trace of an invoice line is shown: to a person, and to another program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.commands.terminal import table
from orchestration.tracing.lines import ChargeTrace, LineTrace, UsageTrace
from orchestration.tracing.lookup import Row
from orchestration.words import count, exact_money, exponent_of, exponents, money, quantity

DAYS_SHOWN = 62
EVENTS_AT_ONCE = 500
COUNTS_AS = {
    "charged": "in the charge",
    "late": "known after the cut-off, not in the charge",
    "carried_over": "before the period, in the level it starts with",
    "left_out": "left out",
}


def as_screen(found: LineTrace, *, events_below: bool = False) -> RenderableType:
    """Lines, then each charge from its price to its events. ``events_below``: all events are printed after this."""
    shown: list[RenderableType] = list(_lines(found))
    for charge in found.charges:
        shown += _charge(charge, found, events_below=events_below)
    if not found.charges:
        shown.append(Text(_why_no_charge(found), style="yellow"))
    return Group(*(part for renderable in shown for part in (renderable, Text())))


def verdict(found: LineTrace) -> RenderableType:
    """Whether the events give what was charged; loud when they do not, and never silent when it was not looked up."""
    if found.has_events_in_lake:
        return Text(
            "The events lie in the lake: they are not listed, and the quantity was NOT computed again from them.",
            "yellow",
        )
    checks = [(charge, check) for charge in found.charges if charge.usage for check in charge.usage.agreements]
    if not checks:
        return Text("No usage stands behind this line.", style="dim") if found.charges else Text()
    rows = []
    for _, check in checks:
        word, style = ("equal", "green") if check.agrees else ("NOT EQUAL", "bold red")
        difference = quantity(check.traced - check.charged)
        rows.append([check.what, quantity(check.traced), quantity(check.charged), difference, f"[{style}]{word}[/]"])
    parts: list[RenderableType] = [
        table(
            "Check: the events alone, against what was rated",
            ["", "by the events", "rated", "difference", ""],
            rows,
            right=["by the events", "rated", "difference"],
        )
    ]
    if not found.adds_up:
        parts.append(Text("THE EVENTS DO NOT ADD UP TO WHAT WAS CHARGED.", style="bold red"))
    if found.loads_since_build:
        since = count(found.loads_since_build, "load")
        parts.append(Text(f"{since} landed after the last build and may explain a difference. Run: tieout build"))
    return Group(*parts)


def print_events(screen: Console, events: Iterable[Row]) -> None:
    """Every event as it comes, in tables of a few hundred, so that any number of them fits in memory."""
    remaining = iter(events)
    while some := list(islice(remaining, EVENTS_AT_ONCE)):
        screen.print(_events("Events", some))


def as_record(found: LineTrace) -> dict[str, Any]:
    """The trace for another program. Amounts are whole minor units of the currency beside them, as text.

    ``adds_up`` is null when the events lie in the lake, where it was not looked up.
    """
    record: dict[str, Any] = plain(asdict(found))
    record["adds_up"] = None if found.has_events_in_lake else found.adds_up
    return record


def plain(value: Any, name: str = "") -> Any:
    """A value as JSON holds it: amounts, exact numbers, ids, days and instants as text."""
    if isinstance(value, Mapping):
        return {key: plain(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, name) for one in value]
    if value is None or isinstance(value, bool | str) or (isinstance(value, int) and not name.endswith("_minor")):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def instant(value: datetime | None) -> str:
    """An instant to the second, in UTC; a dash for none."""
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def facts(title: str, rows: Sequence[Sequence[str]]) -> Table:
    """Names and values, without a head."""
    made = Table(
        title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=False
    )
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def _lines(found: LineTrace) -> Iterator[RenderableType]:
    if not found.lines:
        yield Text(f"{found.asked} is on no invoice.", style="yellow")
        return
    decimals = exponents()
    rows = []
    for line in found.lines:
        exponent = exponent_of(line["currency"], decimals)
        amounts = [money(line[name], line["currency"], exponent) for name in ("gross_minor", "discount_minor")]
        amounts += [money(line[name], line["currency"], exponent) for name in ("net_minor", "tax_minor")]
        where = [line["invoice_line_id"], f"{line['invoice_number'] or line['invoice_id']} ({line['invoice_status']})"]
        rows.append([*where, str(line["invoice_on"] or "-"), quantity(line["quantity"]), *amounts])
    figures = ["quantity", "gross", "discount", "net", "tax"]
    title = f"Invoiced ({found.lines[0]['billing_system']})"
    yield table(title, ["line", "invoice", "date", *figures], rows, right=figures)
    yield facts("", [[f"loaded from, line {line['invoice_line_id']}", line["file_line"]] for line in found.lines])


def _charge(traced: ChargeTrace, found: LineTrace, *, events_below: bool) -> Iterator[RenderableType]:
    charge = traced.charge
    exponent = exponent_of(charge["currency"], exponents())
    yield facts(
        f"Charge {charge['line_charge_id']}",
        [
            ["account", f"{charge['account_id'] or '-'}, subscription {charge['subscription_id']}"],
            ["period", f"{instant(charge['period_start'])} to {instant(charge['period_end'])} UTC (end not included)"],
            *([f"{one['evidence']} {one['record_id']}", _evidence(one)] for one in traced.evidence),
        ],
    )
    yield _expected(charge, found, exponent)
    yield facts("How it was rated", _rating(charge, exponent))
    yield from _split(traced, exponent)
    yield from _discounts_and_taxes(traced, exponent)
    if traced.usage:
        yield from _usage(traced.usage, events_below=events_below)


def _expected(charge: Row, found: LineTrace, exponent: int) -> RenderableType:
    if not charge["is_due"]:
        return Text(f"Not due on an invoice before {instant(charge['expected_at'])} UTC.", style="yellow")
    lines = [line for line in found.lines if line["is_billed"] and line["charge_key"] == charge["charge_key"]]
    lines = lines if charge["billed_as"] == charge["line_kind"] else [line for line in found.lines if line["is_billed"]]
    names = {
        "amount before discount": ("gross_minor", "expected_gross_minor"),
        "discount": ("discount_minor", "discount_minor"),
        "net": ("net_minor", "net_minor"),
        "tax": ("tax_minor", "tax_minor"),
        "payable": ("total_minor", "total_minor"),
    }
    units = [sum((line["quantity"] or Decimal(0) for line in lines), Decimal(0)), charge["expected_quantity"]]
    rows = [["quantity", *(quantity(one) for one in (*units, units[0] - units[1]))]]
    for label, (invoiced_name, expected_name) in names.items():
        invoiced, expected = sum(line[invoiced_name] for line in lines), charge[expected_name]
        amounts = (invoiced, expected, invoiced - expected)
        rows.append([label, *(money(one, charge["currency"], exponent) for one in amounts)])
    columns = ["invoiced", "expected", "difference"]
    title = f"Invoiced against expected ({count(len(lines), 'billed line')})"
    return table(title, ["", *columns], rows, right=columns)


def _rating(charge: Row, exponent: int) -> list[list[str]]:
    share = f"{quantity(charge['share_active'])} of {quantity(charge['share_whole'])} {charge['proration_unit']}s"
    return [
        ["price", f"{charge['price_code']}, version {charge['price_version'] or '-'}, {charge['charge_model']}"],
        ["quantity", quantity(charge["quantity"])],
        *_priced(charge, exponent),
        ["share of the period", share],
        *_rounded(charge, exponent),
        ["billing convention", f"{charge['billing_system']}, in force since {charge['convention_from']}"],
    ]


def _priced(charge: Row, exponent: int) -> Iterator[list[str]]:
    def exact(name: str) -> str:
        return exact_money(charge[name], charge["currency"], exponent)

    if charge["line_kind"] == "usage":
        if charge["conversion_operation"]:
            factor = f"{charge['conversion_operation']} by {quantity(charge['conversion_factor'])}"
            yield ["converted", f"{factor}, rounded {charge['conversion_rounding_mode'] or 'not at all'}"]
        if charge["included_quantity"] is not None:
            yield ["included in the price", quantity(charge["included_quantity"])]
        yield ["quantity that is priced", quantity(charge["rated_quantity"])]
    if charge["packages"] is not None:
        yield ["packages", f"{quantity(charge['packages'])} of {quantity(charge['package_size'])}"]
    if charge["unit_amount_minor"] is not None:
        yield ["unit price", exact("unit_amount_minor")]
    if charge["commitment_type"] is not None:
        used, over, unused = (exact(name) for name in ("commitment_used_exact", "overage_exact", "true_up_exact"))
        yield ["commitment", f"used {used}, over it {over}, unused and charged {unused}"]


def _rounded(charge: Row, exponent: int) -> Iterator[list[str]]:
    def exact(name: str) -> str:
        return exact_money(charge[name], charge["currency"], exponent)

    def whole(name: str) -> str:
        return money(charge[name], charge["currency"], exponent)

    yield ["amount before rounding", exact("gross_exact")]
    yield [f"rounded once, {charge['rounding_mode']}", whole("rated_minor")]
    if charge["maximum_amount_minor"] is not None:
        yield ["cut by the maximum", f"{whole('over_maximum_minor')} (maximum {exact('maximum_amount_minor')})"]
    if charge["minimum_amount_minor"] is not None:
        yield ["raised to the minimum", f"{whole('to_minimum_minor')} (minimum {exact('minimum_amount_minor')})"]
    yield ["amount before discount", whole("gross_minor")]
    if charge["late_quantity"] or charge["late_usage_adjustment_minor"]:
        worth = whole("late_usage_adjustment_minor")
        yield ["came after the cut-off", f"{quantity(charge['late_quantity'])} units, worth {worth}"]


def _split(traced: ChargeTrace, exponent: int) -> Iterator[RenderableType]:
    currency = traced.charge["currency"]

    def exact(value: Decimal | None) -> str:
        return exact_money(value, currency, exponent)

    if traced.tiers:
        rows = [
            [
                str(one["tier_no"]),
                _bounds(one),
                quantity(one["tier_quantity"]),
                exact(one["unit_amount_minor"]),
                exact(one["flat_amount_minor"]) if one["is_entered"] else "-",
                exact(one["amount_exact"]),
            ]
            for one in traced.tiers
        ]
        rows.append(["", "", _total(traced.tiers, "tier_quantity"), "", "", exact(_sum(traced.tiers, "amount_exact"))])
        figures = ["units", "unit price", "flat fee", "amount"]
        yield table("Tiers, before rounding", ["tier", "of units", *figures], rows, right=figures)
    if traced.blocks:
        rows = [
            [
                str(one["tier_no"]),
                quantity(one["block_count"]),
                exact(one["unit_amount_minor"]),
                exact(one["amount_exact"]),
            ]
            for one in traced.blocks
        ]
        figures = ["blocks", "price", "amount"]
        yield table("Blocks, before rounding", ["tier", *figures], rows, right=figures)
    if traced.dimensions:
        rows = [
            [
                one["dimension_value"] or "-",
                quantity(one["rated_quantity"]),
                exact(one["unit_amount_minor"]),
                exact(one["amount_exact"]),
            ]
            for one in traced.dimensions
        ]
        figures = ["units", "unit price", "amount"]
        yield table("Values of the dimension, before rounding", ["value", *figures], rows, right=figures)
    if traced.transactions:
        rows = [
            [
                str(one["transaction_no"]),
                instant(one["occurred_at"]),
                exact(one["value_minor"]),
                "free" if one["is_free"] else exact(one["paid_value_minor"]),
                exact(one["amount_exact"]),
            ]
            for one in traced.transactions
        ]
        figures = ["value", "priced", "amount"]
        yield table("Transactions, before rounding", ["no.", "happened (UTC)", *figures], rows, right=figures)


def _discounts_and_taxes(traced: ChargeTrace, exponent: int) -> Iterator[RenderableType]:
    rows = []
    for coupon in traced.coupons:
        worth = f"{quantity(coupon['value'])} %" if coupon["kind"] == "percent" else coupon["kind"]
        taken = Decimal(coupon["taken_numerator"]) / Decimal(coupon["scale"] or 1)
        shown = exact_money(taken, traced.charge["currency"], exponent)
        rows.append(["discount", coupon["coupon_id"] or "of the order", worth, shown])
    for tax in traced.taxes:
        what = f"{tax['jurisdiction'] or '-'} {tax['tax_code'] or '-'} {tax['component']}, on {tax['tax_on']}"
        rate = quantity(tax["tax_rate"] * 100)
        rows.append(["tax", what, f"{rate} %", tax["tax_status"].replace("_", " ")])
    if rows:
        yield table("Discounts and taxes", ["", "what", "rate", "amount or standing"], rows)


def _usage(usage: UsageTrace, *, events_below: bool) -> Iterator[RenderableType]:
    period = usage.period
    zone = usage.days[0]["timezone"] if usage.days else "-"
    yield facts(
        f"Usage of {period['meter_code']} by {period['account_id']}: {period['aggregation']}",
        [
            ["local days", f"{period['first_day']} to {period['end_day']}, end not included ({zone})"],
            ["in UTC", f"{instant(period['starts_at'])} to {instant(period['ends_at'])}"],
            ["in the charge when known before", f"{instant(period['cut_off_at'])} UTC"],
            *(["multiplied by", quantity(period["multiplier"])] for _ in range(period["multiplier"] is not None)),
        ],
    )
    yield _days(usage.days)
    if usage.in_lake:
        return
    rows = [[_counts_as(fate), f"{fate['events']:,}", quantity(fate["quantity"])] for fate in usage.fates]
    yield table(
        "Events of the charge",
        ["", "events", "sum of their quantities"],
        rows,
        right=["events", "sum of their quantities"],
    )
    if usage.late:
        yield _events("Late events: known after the cut-off", usage.late, known=True)
    if usage.events and not events_below:
        more = usage.event_count - len(usage.events)
        yield _events(f"Events, the first {len(usage.events):,} of {usage.event_count:,}", usage.events)
        if more:
            rest = sum((fate["quantity"] or Decimal(0) for fate in usage.fates), Decimal(0))
            rest -= sum((event["quantity"] or Decimal(0) for event in usage.events), Decimal(0))
            told = f"{count(more, 'more event')}; their quantities sum to {quantity(rest)}."
            yield Text(f"{told}  All of them:  --all  or  --out FILE.csv", style="dim")


def _days(days: Sequence[Row]) -> RenderableType:
    if not days:
        return Text("No usage on any day of the period.")
    rows = [
        [
            str(day["usage_on"]),
            quantity(day["quantity"]),
            *(f"{day[name]:,}" for name in ("event_count", "measured_count", "duplicate_count", "conflict_count")),
        ]
        for day in days[:DAYS_SHOWN]
    ]
    titles = ["quantity", "events", "measured", "repeated", "in conflict"]
    more = f", the first {DAYS_SHOWN} of {len(days)}" if len(days) > DAYS_SHOWN else ""
    return table(f"Usage days, late events included{more}", ["day", *titles], rows, right=titles)


def _events(title: str, events: Sequence[Row], *, known: bool = False) -> Table:
    sources = {event["source"] for event in events}
    one_source = sources.pop() if len(sources) == 1 else None
    columns = ["happened (UTC)", *([] if one_source else ["source"]), "event", "quantity"]
    columns += ["known (UTC)" if known else "counts", "file and line"]
    rows = [
        [
            instant(event["occurred_at"]),
            *([] if one_source else [event["source"]]),
            event["event_id"],
            quantity(event["quantity"]),
            instant(event["recorded_at"]) if known else event["left_out_because"] or event["counts_as"],
            event["file_line"],
        ]
        for event in events
    ]
    return table(f"{title}{f', from {one_source}' if one_source else ''}", columns, rows, right=["quantity"])


def _counts_as(fate: Row) -> str:
    word = COUNTS_AS[fate["counts_as"]]
    return f"{word}: {fate['left_out_because']}" if fate["left_out_because"] else word


def _evidence(one: Row) -> str:
    states = f"quantity {quantity(one['quantity'])}, " if one["quantity"] is not None else ""
    until = f" until {instant(one['valid_to'])}" if one["valid_to"] else ""
    since = f"since {instant(one['valid_from'])}{until}" if one["valid_from"] else "always"
    return f"{states}{since}: {one['file_line']}"


def _why_no_charge(found: LineTrace) -> str:
    line = found.lines[0]
    if line["charge_key"] is None:
        return "Entered by hand in the billing system: no subscription item or order item stands behind this line."
    return f"Nothing was rated under {line['charge_key']}: no charge stands behind this line. See: tieout breaks list"


def _bounds(tier: Row) -> str:
    upper = "any more" if tier["upper_bound"] is None else quantity(tier["upper_bound"])
    return f"over {quantity(tier['lower_bound'])} to {upper}"


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal(0))


def _total(rows: Sequence[Row], name: str) -> str:
    return quantity(_sum(rows, name))

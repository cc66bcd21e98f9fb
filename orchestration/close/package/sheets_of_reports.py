"""Sheets of what the closing kept: waterfall, ageing, obligations, tax, recurring revenue, breaks, gates."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from operator import itemgetter

from orchestration.close.package.book import WHAT_CHECKS_ARE, Book, Check, Count, Money, Sheet, Value, span, words
from orchestration.close.package.recorded import ClosedMonth, Row
from orchestration.close.package.sheets_of_books import Ties

# Customers that a sheet names; the others of a currency are one row.
CUSTOMERS_SHOWN = 2_000


MONTHS_AHEAD = 12


def add_waterfall(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """Revenue of the month, and what is deferred by the months that it is planned for."""
    ahead = [_months_after(month.period, number) for number in range(1, MONTHS_AHEAD + 1)]
    sheet = book.sheet("Revenue waterfall", [13, 17, 15, *[13] * MONTHS_AHEAD, 14, 16, 16, 13])
    sheet.title(
        "Revenue waterfall",
        "Revenue recognised in the month, and deferred revenue as it is planned to be recognised (or taken back) "
        "later, by the month of the invoice.",
        f"{WHAT_CHECKS_ARE} Planned by what was known when the month was closed.",
    )
    sheet.header(
        "Currency",
        "Invoiced in",
        f"Recognised {month.period:%b %Y}",
        *[f"{day:%b %Y}" for day in ahead],
        "Later",
        "Planned",
        "Books",
        "Difference",
        texts=2,
        freeze=2,
    )
    rows = month.reports.get("waterfall", [])
    for currency in sorted({row["currency"] for row in rows}):
        _waterfall_of(sheet, ties, [row for row in rows if row["currency"] == currency], currency, ahead)
        sheet.gap()
    if not rows:
        sheet.note("No revenue in the month, and none deferred.")


def _waterfall_of(sheet: Sheet, ties: Ties, rows: list[Row], currency: str, ahead: list[date]) -> None:
    last = 2 + len(ahead) + 1
    first = sheet.row
    columns = [f"{day}" for day in ahead]
    sums = [0] * (last + 1)
    for billed_in, group in groupby(sorted(rows, key=_invoiced_in), key=_invoiced_in):
        cells = [0] * (last + 1)
        for row in group:
            minor = int(row["revenue_minor"])
            if row["status"] == "recognised":
                cells[2] += minor
            elif row["month_on"] in columns:
                cells[3 + columns.index(row["month_on"])] += minor
            else:
                cells[last] += minor
        sums = [one + other for one, other in zip(sums, cells, strict=True)]
        sheet.line(
            currency.upper(),
            f"{date.fromisoformat(billed_in):%b %Y}" if billed_in else "not invoiced yet",
            *[Money(cells[column], currency) for column in range(2, last + 1)],
            Money(sum(cells[3:]), currency, f"SUM({sheet.here(3)}:{sheet.here(last)})"),
        )
    accounts = sorted({row["account"] for row in rows if row["status"] == "recognised"})
    recognised = [ties.moved(currency, account=account, sign=-1) for account in accounts]
    booked = Money(
        sum(one.minor for one in recognised), currency, "+".join(str(one.formula) for one in recognised) or "0"
    )
    deferred = ties.of("closing", currency, account="deferred_revenue", sign=-1)
    end = sheet.row - 1
    at = sheet.here
    totals = [Money(sums[column], currency, f"SUM({span(sheet, column, first, end)})") for column in range(2, last + 1)]
    planned = sum(sums[3:])
    sheet.line(
        currency.upper(),
        "Planned, and deferred in the books",
        *totals,
        Money(planned, currency, f"SUM({at(3)}:{at(last)})"),
        deferred,
        Check(planned - deferred.minor, currency, f"{at(last + 1)}-{at(last + 2)}"),
        style="total",
    )
    sheet.line(
        currency.upper(),
        "Recognised, and revenue in the books",
        Money(sums[2], currency, at(2, sheet.row - 1)),
        *[None] * (last - 1),
        booked,
        Check(sums[2] - booked.minor, currency, f"{at(2)}-{at(last + 2)}"),
    )


def _invoiced_in(row: Row) -> str:
    return row["billed_in"] or ""


def add_ageing(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """Open receivables of customers by days past due."""
    rows = month.reports.get("receivables", [])
    buckets = sorted({(int(row["bucket"]), row["bucket_name"]) for row in rows})
    last = 3 + len(buckets)
    sheet = book.sheet("AR ageing", [16, 34, 10, 10, *[17] * len(buckets), 16, 16, 13])
    sheet.title(
        "Receivables ageing",
        "Open at the end of the month by days past due: from the due day, or the invoice date where none was agreed.",
        WHAT_CHECKS_ARE,
    )
    if not rows:
        sheet.note("Nothing is open.")
        return
    head = sheet.row
    names = [name for _, name in buckets]
    sheet.header(
        "Customer", "Name", "Currency", "Invoices", *names, "Open", "Trial balance", "Difference", texts=3, freeze=3
    )
    spans: dict[str, tuple[int, int]] = {}
    for currency in sorted({row["currency"] for row in rows}):
        first = sheet.row
        for customer, name, invoices, cells in _aged_customers(rows, currency, buckets):
            sheet.line(
                customer,
                name,
                currency.upper(),
                Count(invoices),
                *[Money(cell, currency) for cell in cells],
                Money(sum(cells), currency, f"SUM({sheet.here(4)}:{sheet.here(last)})"),
            )
        spans[currency] = (first, sheet.row - 1)
    sheet.filter_from(head, last + 2)
    sheet.gap()
    for functional in (False, True):
        _aged_totals(sheet, ties, rows, buckets, spans, functional=functional)


def _aged_totals(
    sheet: Sheet,
    ties: Ties,
    rows: list[Row],
    buckets: list[tuple[int, str]],
    spans: dict[str, tuple[int, int]],
    *,
    functional: bool,
) -> None:
    sheet.section("In functional currency" if functional else "By currency")
    prefix, last = "functional_" if functional else "", 3 + len(buckets)
    keys: list[tuple[str, str | None]] = [(currency, None) for currency in sorted(spans)]
    if functional:
        keys = sorted({(row["currency"], row["functional_currency"]) for row in rows})
    for currency, functional_currency in keys:
        shown = functional_currency or currency
        of_key = [
            row
            for row in rows
            if row["currency"] == currency and functional_currency in {None, row["functional_currency"]}
        ]
        sums = [
            sum(int(row[f"{prefix}open_minor"]) for row in of_key if int(row["bucket"]) == bucket)
            for bucket, _ in buckets
        ]
        amounts = [
            Money(minor, shown, None if functional else f"SUM({span(sheet, 4 + place, *spans[currency])})")
            for place, minor in enumerate(sums)
        ]
        booked = ties.of(
            "closing", currency, account="accounts_receivable", functional=functional_currency, in_functional=functional
        )
        at = sheet.here
        sheet.line(
            "Total",
            f"{currency.upper()} in {shown.upper()}" if functional else "",
            shown.upper(),
            Count(sum(int(row["invoice_count"]) for row in of_key)),
            *amounts,
            Money(sum(sums), shown, f"SUM({at(4)}:{at(last)})"),
            booked,
            Check(sum(sums) - booked.minor, shown, f"{at(last + 1)}-{at(last + 2)}"),
            style="total",
        )


def _aged_customers(
    rows: list[Row], currency: str, buckets: list[tuple[int, str]]
) -> list[tuple[str, str, int, list[int]]]:
    """Customers of a currency, what is open most first; those beyond ``CUSTOMERS_SHOWN`` as one."""
    places = {bucket: place for place, (bucket, _) in enumerate(buckets)}
    found: dict[str, tuple[str, str, int, list[int]]] = {}
    for row in rows:
        if row["currency"] != currency:
            continue
        customer = row["customer_id"] or ""
        _, name, invoices, cells = found.get(customer, ("", row["customer_name"] or "", 0, [0] * len(buckets)))
        cells[places[int(row["bucket"])]] += int(row["open_minor"])
        found[customer] = (customer or "(unknown)", name, invoices + int(row["invoice_count"]), cells)
    ordered = sorted(found.values(), key=lambda one: (-abs(sum(one[3])), one[0]))
    rest = ordered[CUSTOMERS_SHOWN:]
    if rest:
        others = [sum(cells) for cells in zip(*(one[3] for one in rest), strict=True)]
        ordered = [
            *ordered[:CUSTOMERS_SHOWN],
            ("(others)", f"{len(rest):,} customers", sum(o[2] for o in rest), others),
        ]
    return ordered


def add_obligations(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """Remaining performance obligations."""
    sheet = book.sheet("RPO", [11, 18, 18, 18, 20, 20, 18, 13])
    sheet.title(
        "Remaining performance obligations",
        "Promised and not earned: deferred revenue, and what contracts with an end still bill.",
        f"{WHAT_CHECKS_ARE} As known when the month was closed.",
    )
    rows = month.reports.get("obligations", [])
    sheet.header(
        "Currency",
        "Deferred",
        "Unbilled, contracted",
        "Total",
        "Within 12 months",
        "After 12 months",
        "Deferred in the books",
        "Difference",
        texts=1,
        freeze=1,
    )
    for row in rows:
        currency = row["currency"]
        deferred, unbilled = int(row["deferred_minor"]), int(row["unbilled_minor"])
        within, after = int(row["within_12_months_minor"]), int(row["after_12_months_minor"])
        booked = ties.of("closing", currency, account="deferred_revenue", sign=-1)
        at = sheet.here
        sheet.line(
            currency.upper(),
            Money(deferred, currency),
            Money(unbilled, currency),
            Money(deferred + unbilled, currency, f"{at(1)}+{at(2)}"),
            Money(within, currency),
            Money(after, currency),
            booked,
            Check(
                abs(deferred + unbilled - within - after) + abs(deferred - booked.minor),
                currency,
                f"ABS(ROUND({at(3)}-{at(4)}-{at(5)},{book.exponent(currency)}))+ABS({at(1)}-{at(6)})",
            ),
        )
    if not rows:
        sheet.note("Nothing is promised and not earned.")


def add_tax(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """Tax posted in the month by country and cause."""
    sheet = book.sheet("Tax report", [13, 11, 18, 18, 18, 11, 18, 13])
    sheet.title(
        "Tax report",
        "Tax posted in the month by country of the customer and by cause, with the net amounts of the same entries.",
        f"{WHAT_CHECKS_ARE} What was taken back is negative.",
    )
    rows = month.reports.get("tax", [])
    head = sheet.row
    sheet.header(
        "Country", "Currency", "Cause", "Net", "Tax", "Entries", "Trial balance", "Difference", texts=3, freeze=3
    )
    ordered = sorted(rows, key=itemgetter("currency", "country", "rule"))
    spans: dict[str, tuple[int, int]] = {}
    for currency, group in groupby(ordered, key=itemgetter("currency")):
        first = sheet.row
        for row in group:
            sheet.line(
                row["country"] or "not known",
                currency.upper(),
                words(row["rule"]),
                Money(int(row["base_minor"]), currency),
                Money(int(row["tax_minor"]), currency),
                Count(int(row["entry_count"])),
            )
        spans[currency] = (first, sheet.row - 1)
    sheet.filter_from(head, 6)
    sheet.gap()
    for currency, (first, last) in spans.items():
        of_currency = [row for row in rows if row["currency"] == currency]
        base, tax = (sum(int(row[name]) for row in of_currency) for name in ("base_minor", "tax_minor"))
        booked = ties.moved(currency, account="tax_payable", sign=-1)
        at = sheet.here
        sheet.line(
            "Total",
            currency.upper(),
            "",
            Money(base, currency, f"SUM({span(sheet, 3, first, last)})"),
            Money(tax, currency, f"SUM({span(sheet, 4, first, last)})"),
            Count(sum(int(row["entry_count"]) for row in of_currency), f"SUM({span(sheet, 5, first, last)})"),
            booked,
            Check(tax - booked.minor, currency, f"{at(4)}-{at(6)}"),
            style="total",
        )
    if not rows:
        sheet.note("No tax was posted in the month.")


def add_recurring(book: Book, month: ClosedMonth, _ties: Ties) -> None:
    """Monthly recurring revenue and what changed it."""
    kinds = ("new", "expansion", "contraction", "churn", "reactivation")
    sheet = book.sheet("MRR bridge", [11, 16, *[15] * len(kinds), 16, 18, 11, 13])
    sheet.title(
        "Monthly recurring revenue",
        "Recurring prices after discount, without tax, usage and trials, as an amount a month: a metric, no account.",
        f"{WHAT_CHECKS_ARE} As known when the month was closed.",
    )
    rows = month.reports.get("recurring", [])
    sheet.header(
        "Currency",
        "Opening",
        *map(words, kinds),
        "Closing",
        "Closing, customer by customer",
        "Customers",
        "Difference",
        texts=1,
        freeze=1,
    )
    for row in rows:
        currency = row["currency"]
        moved = [int(row[f"{kind}_minor"]) for kind in kinds]
        opening, closing = int(row["opening_minor"]), int(row["closing_minor"])
        last = 1 + len(kinds)
        at = sheet.here
        sheet.line(
            currency.upper(),
            Money(opening, currency),
            *[Money(amount, currency) for amount in moved],
            Money(opening + sum(moved), currency, f"SUM({at(1)}:{at(last)})"),
            Money(closing, currency),
            Count(int(row["customer_count"])),
            Check(opening + sum(moved) - closing, currency, f"{at(last + 1)}-{at(last + 2)}"),
        )
    if not rows:
        sheet.note("No recurring revenue.")


def add_controls(book: Book, month: ClosedMonth) -> None:
    """Differences of every control and what explains them; breaks that are open."""
    sheet = book.sheet("Breaks by control", [9, 38, 28, 10, *[17] * 7, 13, 10, 10, 10, 10])
    sheet.title(
        "Breaks by control",
        "Left less right = breaks + inside the time allowed + rounding; what none of them explains has to be 0.",
        f"{WHAT_CHECKS_ARE} As known when the month was closed.",
    )
    rows = month.reports.get("controls", [])
    head = sheet.row
    sheet.header(
        "Control",
        "What is compared",
        "Comparison",
        "Currency",
        "Left",
        "Right",
        "Left less right",
        "Breaks",
        "Inside time allowed",
        "Rounding",
        "Explained",
        "Difference",
        "Matched",
        "In time",
        "Rounded",
        "Breaks",
        texts=4,
        freeze=4,
    )
    for row in rows:
        currency = row["currency"]
        names = [row["control_id"], row["name"], words(row["comparison"]), _currency(currency)]
        counts = [Count(int(row[f"{what}_count"])) for what in ("matched", "expected", "rounding", "break")]
        if currency == NO_CURRENCY:
            sheet.line(*names, *[None] * 8, *counts)
            continue
        left, right = int(row["left_minor"]), int(row["right_minor"])
        explained = [int(row[f"{what}_minor"]) for what in ("breaks", "expected", "rounding")]
        at = sheet.here
        sheet.line(
            *names,
            Money(left, currency),
            Money(right, currency),
            Money(left - right, currency, f"{at(4)}-{at(5)}"),
            *[Money(amount, currency) for amount in explained],
            Money(sum(explained), currency, f"SUM({at(7)}:{at(9)})"),
            Check(left - right - sum(explained), currency, f"{at(6)}-{at(10)}"),
            *counts,
        )
    sheet.filter_from(head, 16)
    sheet.gap()
    sheet.section("Open at the close, of this month and of earlier ones")
    sheet.header("Control", "What is compared", "Oldest of", "Currency", "Breaks", "Net", "Gross", texts=4)
    for row in month.reports.get("open_breaks", []):
        amounts: list[Value] = [
            None if row[name] is None or row["currency"] == NO_CURRENCY else Money(int(row[name]), row["currency"])
            for name in ("amount_minor", "gross_minor")
        ]
        sheet.line(
            row["control_id"],
            row["name"],
            row["oldest_on"] or "",
            _currency(row["currency"]),
            Count(int(row["break_count"])),
            *amounts,
        )
    if not month.reports.get("open_breaks"):
        sheet.note("None.")


def add_gates(book: Book, month: ClosedMonth) -> None:
    """Every gate and how it stood."""
    sheet = book.sheet("Gates", [6, 22, 14, 62, 62])
    sheet.title(
        "Gates of the close", "How each question stood when the month was locked. 'waived': open, and accepted."
    )
    sheet.header("No.", "Gate", "Status", "Asks", "Because, and rows", texts=5, freeze=2)
    questions = {row["gate"]: row["question"] for row in month.reports.get("gates", [])}
    for gate in month.closing["evidence"]["gates"]:
        reasons = [gate["because"] or "", *gate["reasons"]]
        sheet.line(
            f"{gate['gate_no']}",
            gate["gate"],
            gate["status"],
            questions.get(gate["gate"], ""),
            "; ".join(reason for reason in reasons if reason),
            style="wrapped",
        )


NO_CURRENCY = "xxx"


def _currency(currency: str) -> str:
    return "" if currency == NO_CURRENCY else currency.upper()


def _months_after(period: date, number: int) -> date:
    months = period.year * 12 + period.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)

"""The pages that a controller signs: the closing, its digests, gates, roll-forwards and what goes to the ERP.

Typst sets them, with the fonts of its own package alone and no date but those in the text: the same close gives the
same bytes on every machine. What the document says is data to its template, never markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from orchestration.close.package.book import readable, words
from orchestration.close.package.erp_import import Journal
from orchestration.close.package.recorded import ClosedMonth, Row
from orchestration.close.package.sheets_of_books import ROLLFORWARDS, movements_of
from orchestration.close.package.workbook import Workbook
from orchestration.words import count, money

TEMPLATE = Path(__file__).with_name("document.typ")


def make_document(month: ClosedMonth, journal: Journal, workbook: Workbook) -> bytes:
    """The PDF of a closed month."""
    import typst

    facts = json.dumps(_shown(_facts(month, journal, workbook)), ensure_ascii=False)
    made = typst.compile(
        TEMPLATE.read_bytes(), format="pdf", sys_inputs={"facts": facts}, ignore_system_fonts=True, timestamp=0
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made


def _facts(month: ClosedMonth, journal: Journal, workbook: Workbook) -> dict[str, Any]:
    closing, evidence = month.closing, month.closing["evidence"]
    as_of = f"{closing['as_of']:%Y-%m-%d %H:%M} UTC" if closing["as_of"] else "-"
    return {
        "title": f"Close package {month.entity} {month.period:%Y-%m}",
        "subtitle": f"Subledger of billing and revenue, {month.period:%B %Y}",
        "chain_head": closing["chain_head"],
        "closing": [
            ["Company", month.entity],
            ["Prepared by", closing["preparer"]],
            ["Approved by", closing["approver"]],
            ["Closed at", f"{closing['happened_at']:%Y-%m-%d %H:%M:%S} UTC"],
            ["Version of tieout", closing["code_version"]],
            ["Everything known by", f"{as_of}, delivery {closing['load_seq']:,}"],
            ["Delivered through", ", ".join(f"{name} {day}" for name, day in sorted(evidence["deliveries"].items()))],
            ["Lines of the month", f"{closing['line_count']:,}"],
        ],
        "digests": [
            ["Chain head", closing["chain_head"]],
            ["Trial balance", closing["trial_balance_sha256"]],
            ["Reports", evidence["reports"]["sha256"]],
            [f"Event {closing['event_no']}", closing["event_hash"]],
        ],
        "checks": _checks(workbook),
        "gates": [
            [f"{gate['gate_no']}", gate["gate"], gate["status"], gate["because"] or ""] for gate in evidence["gates"]
        ],
        "balances": _balances(month),
        "rollforwards": [
            _rollforward(month, shown.title, month.rollforwards[shown.account])
            for shown in ROLLFORWARDS
            if month.rollforwards[shown.account]
        ],
        "flux": _flux(month),
        "transfer": (
            f"{count(len(journal.lines), 'line')} to import; {count(journal.not_transferred, 'journal line')} of "
            "functional currency alone not transferred."
        ),
        "journals": _journals(month, journal),
        "signatures": [["Prepared by", closing["preparer"]], ["Approved by", closing["approver"]]],
    }


def _checks(workbook: Workbook) -> str:
    said = f"The workbook has {count(workbook.checks, 'check cell')}"
    if workbook.not_zero:
        wrong = ", ".join(f"{number} on {sheet}" for sheet, number in workbook.not_zero.items())
        return f"{said}. Not 0: {wrong}."
    return f"{said}, and every one is 0: roll-forwards foot, and every sheet ties to the trial balance."


def _balances(month: ClosedMonth) -> dict[str, Any]:
    currencies = sorted({row["currency"] for row in month.trial_balance})
    rows = []
    for shown in ROLLFORWARDS:
        sums = [
            shown.sign
            * sum(
                row["closing_minor"]
                for row in month.trial_balance
                if row["account"] == shown.account and row["currency"] == currency
            )
            for currency in currencies
        ]
        rows.append([shown.name, *[_money(month, minor, name) for minor, name in zip(sums, currencies, strict=True)]])
    return {"columns": ["Account", *[currency.upper() for currency in currencies]], "rows": rows}


def _rollforward(month: ClosedMonth, title: str, rows: list[Row]) -> dict[str, Any]:
    """Causes that moved something, downwards; currencies across."""
    names = ["opening", *[name for name in movements_of(rows) if any(row[f"{name}_minor"] for row in rows)], "closing"]
    currencies = [row["currency"] for row in rows]
    return {
        "title": title,
        "columns": ["", *[currency.upper() for currency in currencies]],
        "rows": [
            [words(name), *[_money(month, row[f"{name}_minor"], row["currency"]) for row in rows]] for name in names
        ],
    }


def _flux(month: ClosedMonth) -> dict[str, Any]:
    rows: list[Sequence[str]] = []
    for currency, group in groupby(month.flux, key=lambda row: row["currency"]):
        drivers = list(group)
        names = ("prior_minor", "change_minor", "current_minor")
        rows += [
            [currency.upper(), words(row["driver"]), *[_money(month, row[name], currency) for name in names]]
            for row in drivers
        ]
        sums = [sum(row[name] for row in drivers) for name in names]
        rows.append([currency.upper(), "Net revenue", *[_money(month, minor, currency) for minor in sums]])
    return {"columns": ["Currency", "Driver", "Prior month", "Change", "This month"], "rows": rows}


def _journals(month: ClosedMonth, journal: Journal) -> dict[str, Any]:
    rows = []
    for external_id, group in groupby(journal.lines, key=lambda line: line.external_id):
        lines = list(group)
        currency = lines[0].currency
        sides = (sum(line.debit_minor for line in lines), sum(line.credit_minor for line in lines))
        rows.append([external_id, currency.upper(), *[_money(month, minor, currency) for minor in sides]])
    return {"columns": ["External ID", "Currency", "Debit", "Credit"], "rows": rows}


def _money(month: ClosedMonth, minor: int, currency: str) -> str:
    return money(minor, currency, month.exponent(currency)).split(" ", 1)[1]


def _shown(value: Any) -> Any:
    """Texts without control characters, all the way down."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {name: _shown(one) for name, one in value.items()}
    return [_shown(one) for one in value]

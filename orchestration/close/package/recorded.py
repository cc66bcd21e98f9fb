"""What a closed month is packaged from: its lines, which never move, and what its closing recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from orchestration.close.closing import CloseRefused
from warehouse.connection import connect

Row = dict[str, Any]

STATUS: LiteralString = "select status from ledger.periods where entity = %(entity)s and period = %(period)s"
EVENTS: LiteralString = """
    select
        event_no, event, preparer, approver, reason, happened_at, login, code_version, as_of, load_seq, evidence,
        line_count,
        encode(chain_head, 'hex') as chain_head,
        encode(trial_balance_sha256, 'hex') as trial_balance_sha256,
        encode(hash, 'hex') as event_hash
    from ledger.period_events
    where entity = %(entity)s and period = %(period)s
    order by event_no
"""
# What the month ends with now, to compare with what it was closed with.
ENDS_WITH: LiteralString = """
    select
        count(*) as line_count,
        coalesce(
            (array_agg(encode(hash, 'hex') order by sequence desc))[1],
            encode(ledger.genesis(%(entity)s, %(period)s), 'hex')
        ) as chain_head
    from ledger.journal_lines
    where entity = %(entity)s and posted_period = %(period)s
"""
REPORTS: LiteralString = """
    select report, content from ledger.closing_reports
    where entity = %(entity)s and event_no = %(event_no)s
    order by report collate "C", row_no
"""
REPORTS_SHA256: LiteralString = "select ledger.reports_sha256(%(entity)s, %(event_no)s)"
BALANCES: LiteralString = """
    select
        account, currency, functional_currency, movement_minor, balance_minor, functional_movement_minor,
        functional_balance_minor
    from ledger.balances
    where entity = %(entity)s and event_no = %(event_no)s
    order by account collate "C", currency collate "C", functional_currency collate "C"
"""
PRIOR_CLOSING: LiteralString = """
    select max(event_no) as event_no from ledger.period_events
    where entity = %(entity)s and event = 'closed' and period = (%(period)s::date - interval '1 month')::date
        and event_no < %(event_no)s
"""
TRIAL_BALANCE: LiteralString = """
    select * from marts.fct_trial_balance
    where entity = %(entity)s and period = %(period)s
    order by gl_account collate "C", account collate "C", currency collate "C", functional_currency collate "C"
"""
ROLLFORWARDS: Mapping[str, LiteralString] = {
    "deferred_revenue": "select * from marts.fct_deferred_revenue_rollforward",
    "accounts_receivable": "select * from marts.fct_receivables_rollforward",
    "unbilled_receivable": "select * from marts.fct_unbilled_rollforward",
    "customer_credit_balance": "select * from marts.fct_credit_balance_rollforward",
    "tax_payable": "select * from marts.fct_tax_payable_rollforward",
}
OF_MONTH: LiteralString = """
    where entity = %(entity)s and period = %(period)s
    order by currency collate "C", functional_currency collate "C"
"""
FLUX: LiteralString = """
    select currency, driver, prior_minor, change_minor, current_minor, customer_count
    from marts.fct_revenue_flux
    where entity = %(entity)s and period = %(period)s
    order by currency collate "C", driver collate "C"
"""
LATE_FACTS: LiteralString = """
    select original_period, rule, account, currency, amount_minor, functional_currency, functional_minor, line_count
    from marts.fct_changed_since_close
    where entity = %(entity)s and posted_period = %(period)s
    order by
        original_period, rule collate "C", account collate "C", currency collate "C", functional_currency collate "C"
"""
JOURNAL: LiteralString = """
    select
        gl_account, gl_name, account, currency,
        count(*) as line_count,
        sum(debit_minor)::bigint as debit_minor,
        sum(credit_minor)::bigint as credit_minor
    from marts.fct_journal_lines
    where entity = %(entity)s and posted_period = %(period)s
    group by gl_account, gl_name, account, currency
    order by gl_account collate "C", account collate "C", currency collate "C"
"""
EXPONENTS: LiteralString = "select currency, exponent from marts.dim_currencies"


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month as it was closed. Amounts in minor units of the currency beside them, debit positive.

    ``closing`` is the event that closed it last, ``events`` all that happened to the month up to there;
    ``reports`` are rows of text by name (recon_closing_reports); ``balances`` and ``prior_balances`` the trial balances
    that this month and the one before it were closed with; all others are marts over its lines.
    """

    entity: str
    period: date
    closing: Row
    events: list[Row]
    reports: Mapping[str, list[Row]]
    balances: list[Row]
    prior_balances: list[Row]
    trial_balance: list[Row]
    rollforwards: Mapping[str, list[Row]]
    flux: list[Row]
    late_facts: list[Row]
    journal: list[Row]
    exponents: Mapping[str, int]

    @property
    def closings(self) -> list[Row]:
        """Every closing of the month, the last one included; more than one when it was reopened."""
        return [event for event in self.events if event["event"] == "closed"]

    def exponent(self, currency: str) -> int:
        """Decimals of a currency. Raises CloseRefused for one that the warehouse does not know."""
        if currency not in self.exponents:
            raise CloseRefused(
                f"The decimals of {currency.upper()} are not known: seeds/currencies.csv has no such row."
            )
        return self.exponents[currency]


def read_closed_month(connection: psycopg.Connection[Any], entity: str, period: date) -> ClosedMonth:
    """Read a closed month, all of one moment, within the caller's transaction.

    Raises CloseRefused when the month is not closed, was closed by a version that kept no reports, is not what it was
    closed with, or the tables that show the books are older than its closing.
    """
    asked: Row = {"entity": entity, "period": period}
    with connection.cursor(row_factory=dict_row) as cursor:

        def rows(query: LiteralString, **more: Any) -> list[Row]:
            return cursor.execute(query, {**asked, **more}).fetchall()

        _refuse_unless_closed(rows(STATUS), entity, period)
        events = rows(EVENTS)
        closing = [event for event in events if event["event"] == "closed"][-1]
        event_no = closing["event_no"]
        _refuse_what_was_not_closed(closing, rows(ENDS_WITH)[0], rows(REPORTS_SHA256, event_no=event_no)[0], period)
        prior = rows(PRIOR_CLOSING, event_no=event_no)[0]["event_no"]
        reports: dict[str, list[Row]] = {}
        for row in rows(REPORTS, event_no=event_no):
            reports.setdefault(row["report"], []).append(row["content"])
        month = ClosedMonth(
            entity=entity,
            period=period,
            closing=closing,
            events=[event for event in events if event["event_no"] <= event_no],
            reports=reports,
            balances=rows(BALANCES, event_no=event_no),
            prior_balances=rows(BALANCES, event_no=prior) if prior else [],
            trial_balance=rows(TRIAL_BALANCE),
            rollforwards={account: rows(query + OF_MONTH) for account, query in ROLLFORWARDS.items()},
            flux=rows(FLUX),
            late_facts=rows(LATE_FACTS),
            journal=rows(JOURNAL),
            exponents={row["currency"]: row["exponent"] for row in rows(EXPONENTS)},
        )
    _refuse_stale_marts(month)
    return month


def closing_of(entity: str, period: date, event_no: int) -> Row | None:
    """The event that closed a month, as the books have it today."""
    with connect("auditor", autocommit=True) as connection, connection.cursor(row_factory=dict_row) as cursor:
        events = cursor.execute(EVENTS, {"entity": entity, "period": period}).fetchall()
    return next((event for event in events if event["event_no"] == event_no), None)


def _refuse_unless_closed(found: list[Row], entity: str, period: date) -> None:
    status = found[0]["status"] if found else None
    if status != "closed":
        state = f"is {status}" if status else "is no month of the books yet"
        raise CloseRefused(
            f"{period:%Y-%m} of {entity} {state}: only a closed month has a close package. "
            f"Close it first: tieout close run --period {period:%Y-%m} --preparer .. --approver .."
        )


def _refuse_what_was_not_closed(closing: Row, now: Row, reports: Row, period: date) -> None:
    kept = (closing["evidence"] or {}).get("reports")
    if kept is None:
        raise CloseRefused(
            f"{period:%Y-%m} was closed by a version of tieout that did not keep its reports, so no package can show "
            "the month as it was closed. Reopen and close it again (tieout close reopen) if one is needed."
        )
    if (now["line_count"], now["chain_head"]) != (closing["line_count"], closing["chain_head"]):
        raise CloseRefused(f"The lines of {period:%Y-%m} are not those it was closed with: tieout close verify")
    if reports["reports_sha256"] != kept["sha256"]:
        raise CloseRefused(f"The reports of {period:%Y-%m} are not those it was closed with: tieout close verify")


def _refuse_stale_marts(month: ClosedMonth) -> None:
    """The tables over the books must show what the database itself wrote down when it closed the month."""
    key = ("account", "currency", "functional_currency")
    shown = {
        tuple(row[name] for name in key): (row["closing_minor"], row["functional_closing_minor"])
        for row in month.trial_balance
    }
    closed = {
        tuple(row[name] for name in key): (row["balance_minor"], row["functional_balance_minor"])
        for row in month.balances
    }
    if shown != closed or sum(row["line_count"] for row in month.journal) != month.closing["line_count"]:
        raise CloseRefused(
            f"The tables that show the books were not built since {month.period:%Y-%m} was closed. Run: tieout build"
        )

"""Bank statements as CSV, with a profile that says what the bank's columns mean.

The profile is ``_profile.yaml`` beside the object's date folders; without one the columns have our own names. All rows
of an account in a file are one statement. The balance after each row proves it; the first less its amount opens it.

Profile keys: ``account`` (or ``account_column``), ``currency`` (or ``currency_column``), ``booking_date_column``,
``date_format`` (strptime), ``value_date_column``, ``amount_column`` (or ``credit_column`` and ``debit_column``),
``balance_column``, ``decimal_mark`` (``.`` or ``,``), ``description_column``, ``reference_column``,
``bank_reference_column``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from ingestion.formats import strict_csv
from ingestion.formats.bank import Entry, Statement, landed, rejected
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

PROFILE = "_profile.yaml"
DEFAULT: dict[str, str] = {
    "account_column": "account",
    "currency_column": "currency",
    "booking_date_column": "booking_date",
    "value_date_column": "value_date",
    "amount_column": "amount",
    "balance_column": "balance",
    "description_column": "description",
    "reference_column": "reference",
    "bank_reference_column": "bank_reference",
    "date_format": "%Y-%m-%d",
    "decimal_mark": ".",
}
KEYS = frozenset({*DEFAULT, "account", "currency", "credit_column", "debit_column"})
PLAIN = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,5})?")


def read(source: Source) -> Iterator[Record | Reject]:
    """One record an account. A row that cannot be read rejects its statement: without it nothing adds up."""
    profile = _profile(source.path)

    def check(columns: list[str]) -> None:
        needed = [profile.get(name) for name in ("booking_date_column", "balance_column")]
        needed += [profile["amount_column"]] if "amount_column" in profile else []
        needed += [profile.get("account_column")] if "account" not in profile else []
        missing = [name for name in needed if name not in columns]
        if missing:
            raise FileRefused(
                "schema", f"{source.label}: no column {missing[0]!r}; name the bank's columns in {PROFILE}"
            )

    statements: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = {}
    spoilt: Reject | None = None
    for line_no, row, columns in strict_csv.rows(source, check):
        if isinstance(row, Reject):
            spoilt = spoilt or row
            continue
        values = dict(zip(columns, row, strict=True))
        account = profile.get("account") or values.get(profile.get("account_column", ""), "")
        currency = profile.get("currency") or values.get(profile.get("currency_column", ""), "")
        statements.setdefault((account.strip(), currency.strip().lower()), []).append((line_no, values))
    if spoilt is not None and not statements:
        yield spoilt
    for (account, currency), found in statements.items():
        place = found[0][0]
        raw = "\n".join(json.dumps(values, ensure_ascii=False) for _, values in found)
        if spoilt is not None:
            yield Reject(place, spoilt.reason, spoilt.detail, raw)
            continue
        try:
            statement = _statement(account, currency, [values for _, values in found], profile)
        except BadRecord as bad:
            yield rejected(source, place, bad, raw)
            continue
        yield landed(source, place, statement, raw)


def _profile(path: Path) -> dict[str, str]:
    for folder in list(path.parents)[:2]:
        place = folder / PROFILE
        if place.is_file():
            try:
                found = yaml.safe_load(place.read_text("utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                raise FileRefused("profile", f"{place} is no YAML: {error}") from error
            unknown = sorted(set(found) - KEYS) if isinstance(found, dict) else ["(not a mapping)"]
            if unknown:
                raise FileRefused(
                    "profile", f"{place}: unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}"
                )
            merged = DEFAULT | {str(key): str(value) for key, value in found.items()}
            if "credit_column" in merged:
                del merged["amount_column"]
            return merged
    return dict(DEFAULT)


def _statement(account: str, currency: str, found: list[dict[str, str]], profile: dict[str, str]) -> Statement:
    if not account or not re.fullmatch("[a-z]{3}", currency):
        raise BadRecord("missing_field", f"account {account!r} and currency {currency!r} must both be said")
    entries = [_entry(values, currency, profile) for values in found]
    balances = [_decimal(values[profile["balance_column"]], profile) for values in found]
    running = balances[0] - entries[0].amount
    opening = running
    for entry, balance in zip(entries, balances, strict=True):
        running += entry.amount
        if running != balance:
            raise BadRecord(
                "statement_sum", f"balance {balance:f} where the entries make {running:f}; a row is missing"
            )
    days = sorted(entry.booking_date or "" for entry in entries)
    return Statement(
        account=account,
        currency=currency,
        statement_id=f"{days[0]}..{days[-1]}",
        statement_number=None,
        from_date=days[0],
        to_date=days[-1],
        opening_balance=opening,
        closing_balance=balances[-1],
        entries=entries,
        format="csv",
    )


def _entry(values: dict[str, str], currency: str, profile: dict[str, str]) -> Entry:
    if "amount_column" in profile:
        amount = _decimal(values[profile["amount_column"]], profile)
    else:
        credit, debit = (values.get(profile.get(name, ""), "").strip() for name in ("credit_column", "debit_column"))
        amount = (_decimal(credit, profile) if credit else Decimal(0)) - (
            abs(_decimal(debit, profile)) if debit else Decimal(0)
        )

    def text(name: str) -> str | None:
        return values.get(profile.get(name, ""), "").strip() or None

    return Entry(
        amount=amount,
        currency=currency,
        booking_date=_day(values[profile["booking_date_column"]], profile),
        value_date=_day(given, profile) if (given := text("value_date_column")) else None,
        bank_reference=text("bank_reference_column"),
        end_to_end_id=text("reference_column"),
        description=text("description_column"),
    )


def _decimal(text: str, profile: dict[str, Any]) -> Decimal:
    plain = text.strip()
    if profile["decimal_mark"] == ",":
        plain = plain.replace(".", "").replace(",", ".")
    if not PLAIN.fullmatch(plain):
        raise BadRecord("bad_amount", f"{text!r} is no amount with decimal mark {profile['decimal_mark']!r}")
    return Decimal(plain)


def _day(text: str, profile: dict[str, Any]) -> str:
    try:
        return datetime.strptime(text.strip(), profile["date_format"]).date().isoformat()  # noqa: DTZ007  a day has no zone
    except ValueError as error:
        raise BadRecord("bad_date", f"{text!r} is no date of the form {profile['date_format']}") from error

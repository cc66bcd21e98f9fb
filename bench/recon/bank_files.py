"""Landed MT940 statements that can be changed entry by entry; what follows is carried on, so that all still adds up.

The same statements may also stand in CSV files with a bank's own columns, which a profile names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from ingestion.formats.bank_profile import NAME as PROFILE_NAME
from ingestion.sample_company.cash import BankEntry
from ingestion.sample_company.money import EXPONENT, to_major
from ingestion.sample_company.write_bank import Statement, mt940

MOVEMENT = re.compile(
    r"^:61:(?P<day>[0-9]{6})[0-9]{4}(?P<side>[CD])(?P<amount>[0-9,]+)(?P<code>N[A-Z]{3})(?P<reference>[^/\r]*)//.*\r\n"
    r":86:(?P<text>.*)\r$",
    re.MULTILINE,
)
BALANCE = re.compile(r"^:60F:(?P<side>[CD])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})(?P<amount>[0-9,]+)", re.MULTILINE)
PLACE = re.compile(r"^:25:(?P<account>.*)\r\n:28C:(?P<number>[0-9]+)/1", re.MULTILINE)
# Columns as a bank of the continent names and orders them, and what a user writes of them.
COLUMNS = ("Saldo", "Verwendungszweck", "Betrag", "Wertstellung", "Buchungstag", "Auszug", "Whg", "Konto", "Referenz")
PROFILE = """\
account_column: Konto
currency_column: Whg
booking_date_column: Buchungstag
value_date_column: Wertstellung
date_format: "%d.%m.%Y"
amount_column: Betrag
balance_column: Saldo
statement_column: Auszug
description_column: Verwendungszweck
reference_column: Referenz
bank_reference_column: Referenz
decimal_mark: ","
delimiter: ";"
"""


@dataclass
class Day:
    """One statement. `jump` is what its opening is more than the closing before it, `error` what its sum is off by."""

    path: Path
    account: str
    currency: str
    day: date
    number: int
    opening: int
    entries: list[BankEntry]
    jump: int = 0
    error: int = 0

    @property
    def closing(self) -> int:
        """Opening and all entries."""
        return self.opening + sum(entry.amount for entry in self.entries)

    @property
    def key(self) -> str:
        """By which the warehouse knows it."""
        return f"{self.account}|{self.currency.upper()}{self.day:%Y%m%d}/{self.number}/1/{self.day}|{self.currency}"

    def line_key(self, entry: BankEntry) -> str:
        """By which the warehouse knows one of its entries."""
        return f"{self.key}|{next(n for n, one in enumerate(self.entries, 1) if one is entry)}"

    def text(self) -> str:
        """As the bank prints it."""
        whole = mt940([Statement(self.currency, self.day, self.number, self.opening, self.entries)])
        whole = re.sub(r"(?m)^:25:.*\r$", f":25:{self.account}\r", whole)
        if self.error:
            amount = to_major(self.closing + self.error, self.currency).replace(".", ",")
            amount += "" if EXPONENT[self.currency] else ","
            whole = re.sub(r"(?m)^(:62F:C[0-9]{6}[A-Z]{3}).*\r$", rf"\g<1>{amount}\r", whole)
        return whole

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Its entries in the columns of `COLUMNS`, each with the balance after it."""
        balance = self.opening
        for entry in self.entries:
            balance += entry.amount
            saldo, amount = (to_major(minor, self.currency).replace(".", ",") for minor in (balance, entry.amount))
            on = f"{entry.day:%d.%m.%Y}"
            account = (f"{self.day}", self.currency.upper(), self.account)
            yield (saldo, entry.text, amount, on, on, *account, entry.reference)


@dataclass
class BankFiles:
    """Every MT940 statement of a landing folder, in the order of accounts and days."""

    root: Path
    days: list[Day] = field(default_factory=list)
    delivered: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.delivered = set((self.root / "bank" / "statements").glob("*/*.sta"))
        for path in sorted(self.delivered):
            blocks = path.read_bytes().decode("ascii").split("\r\n-\r\n")
            self.days += [_read(path, block) for block in blocks if block]

    def of_account(self, account: str) -> Iterator[Day]:
        """The statements of an account, oldest first."""
        return iter(sorted((day for day in self.days if day.account == account), key=lambda day: day.day))

    def after(self, day: Day) -> Day:
        """The statement that follows."""
        rest = [one for one in self.of_account(day.account) if one.day > day.day]
        return rest[0]

    def place(self, day: Day) -> str:
        """File and line at which the door finds the statement."""
        before = [one for one in self.days if one.path == day.path and one.day < day.day]
        line = 1 + sum(one.text().count("\n") for one in before)
        return f"bank|statements|{day.path.parent.name}|{day.path.name}:{line}"

    def carry(self) -> None:
        """Let every statement open with the closing before it."""
        for account in {day.account for day in self.days}:
            balance = None
            for day in self.of_account(account):
                day.opening = day.opening if balance is None else balance + day.jump
                balance = day.closing

    def save(self) -> None:
        """Write every file again. One without statements is not delivered."""
        self.carry()
        files: dict[Path, list[Day]] = {}
        for day in self.days:
            files.setdefault(day.path, []).append(day)
        for path in self.delivered - files.keys():
            path.unlink()
        for path, days in files.items():
            path.write_bytes("".join(day.text() for day in sorted(days, key=lambda day: day.day)).encode("ascii"))

    def save_as_csv(self) -> None:
        """Write every file again as CSV with a bank's own columns. A day without entries has no rows there."""
        files: dict[Path, list[Day]] = {}
        for day in sorted(self.days, key=lambda day: day.day):
            files.setdefault(day.path, []).append(day)
        for path, days in files.items():
            path.unlink()
            rows = [row for day in days for row in day.rows()]
            if not rows:
                continue
            buffer = io.StringIO()
            writer = csv.writer(buffer, delimiter=";", lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
            path.with_suffix(".csv").write_text(buffer.getvalue(), "ascii")
        (self.root / "bank" / "statements" / PROFILE_NAME).write_text(PROFILE, "utf-8")


def _read(path: Path, block: str) -> Day:
    place, balance = PLACE.search(block), BALANCE.search(block)
    if place is None or balance is None:
        raise ValueError(f"{path} holds a statement that is not of the sample's form")
    currency = balance["currency"].lower()
    on = datetime.strptime(balance["day"], "%y%m%d").date()  # noqa: DTZ007 a day has no zone
    entries = [
        BankEntry(
            currency,
            on,
            _minor(found["amount"], currency) * (1 if found["side"] == "C" else -1),
            found["reference"],
            found["text"],
            found["code"],
        )
        for found in MOVEMENT.finditer(f"{block}\r\n")
    ]
    opening = _minor(balance["amount"], currency) * (1 if balance["side"] == "C" else -1)
    return Day(path, place["account"].strip(), currency, on, int(place["number"]), opening, entries)


def _minor(amount: str, currency: str) -> int:
    whole, _, rest = amount.partition(",")
    return int(whole) * int(10 ** EXPONENT[currency]) + int(rest or 0)

"""The same statement written as each bank format writes it, for tests that read it back."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Line:
    """A movement in minor units, with a reference of letters and digits and a text."""

    amount: int
    reference: str
    text: str


@dataclass(frozen=True)
class Day:
    """A statement of one day in euros; amounts in cents."""

    number: int
    on: date
    opening: int
    lines: list[Line] = field(default_factory=list)
    misstated_by: int = 0

    @property
    def closing(self) -> int:
        """Opening and all lines, and what it is misstated by."""
        return self.opening + sum(line.amount for line in self.lines) + self.misstated_by


ACCOUNT = "DE89370400440532013000"


def major(cents: int) -> str:
    """The amount without sign, with two decimals."""
    return f"{Decimal(abs(cents)).scaleb(-2):.2f}"


def camt053(day: Day) -> bytes:
    """ISO 20022, .08."""

    def amount(cents: int) -> str:
        side = "CRDT" if cents >= 0 else "DBIT"
        return f'<Amt Ccy="EUR">{major(cents)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'

    def balance(code: str, cents: int) -> str:
        return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount(cents)}<Dt><Dt>{day.on}</Dt></Dt></Bal>"

    entries = "".join(
        f"<Ntry>{amount(line.amount)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day.on}</Dt></BookgDt><NtryDtls><TxDtls><Refs>"
        f"<EndToEndId>{line.reference}</EndToEndId></Refs><RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf></TxDtls>"
        "</NtryDtls></Ntry>\n"
        for line in day.lines
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><Stmt><Id>{day.number}</Id><ElctrncSeqNb>{day.number}</ElctrncSeqNb><Acct><Id><IBAN>{ACCOUNT}</IBAN>"
        f"</Id><Ccy>EUR</Ccy></Acct>{balance('OPBD', day.opening)}{balance('CLBD', day.closing)}<TxsSummry><TtlNtries>"
        f"<NbOfNtries>{len(day.lines)}</NbOfNtries></TtlNtries></TxsSummry>{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def mt940(day: Day) -> bytes:
    """SWIFT text."""

    def balance(cents: int) -> str:
        return f"{'C' if cents >= 0 else 'D'}{day.on:%y%m%d}EUR{major(cents).replace('.', ',')}"

    lines = [f":20:{day.number}", f":25:{ACCOUNT}", f":28C:{day.number}/1", f":60F:{balance(day.opening)}"]
    for line in day.lines:
        side = "C" if line.amount >= 0 else "D"
        lines += [
            f":61:{day.on:%y%m%d%m%d}{side}{major(line.amount).replace('.', ',')}NTRF{line.reference}",
            f":86:{line.text}",
        ]
    return "\r\n".join([*lines, f":62F:{balance(day.closing)}", "-", ""]).encode("latin-1")


def bai2(day: Day) -> bytes:
    """BAI2, a detail a line, its text in a continuation."""
    account = [f"03,{ACCOUNT},EUR,010,{day.opening},,,015,{day.closing},,/"]
    for line in day.lines:
        code = 195 if line.amount >= 0 else 495
        account += [f"16,{code},{abs(line.amount)},Z,,{line.reference}/", f"88,{line.text}"]
    total = day.opening + day.closing + sum(abs(line.amount) for line in day.lines)
    on = f"{day.on:%y%m%d}"
    lines = [
        f"01,BANK,US,{on},0200,1,,,2/",
        f"02,US,BANK,1,{on},,EUR,2/",
        *account,
        f"49,{total},{len(account) + 1}/",
        f"98,{total},1,{len(account) + 3}/",
        f"99,{total},1,{len(account) + 5}/",
    ]
    return "\n".join([*lines, ""]).encode()


def as_csv(day: Day) -> bytes:
    """Our own columns, the balance after each row, in an order that an own number tells."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(
        ["account", "currency", "booking_date", "description", "reference", "amount", "balance"],
    )
    running = day.opening
    for line in day.lines:
        running += line.amount
        signed = [f"{'-' if cents < 0 else ''}{major(cents)}" for cents in (line.amount, running)]
        writer.writerow([ACCOUNT, "EUR", day.on.isoformat(), line.text, line.reference, *signed])
    return written.getvalue().encode()

"""Bank statements: one per account and business day, camt.053 for the euro account, MT940 for dollar and yen.

Opening plus entries is closing, closing is the next opening, statement numbers have no gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from ingestion.sample_company.cash import BankEntry
from ingestion.sample_company.days import END_OF_WORLD, delivery_day, is_business_day, midnight
from ingestion.sample_company.landing_files import Landing
from ingestion.sample_company.money import EXPONENT, to_major

ACCOUNTS = {"usd": "US33ACME0000000001", "eur": "DE89370400440532013000", "jpy": "JP12ACME0000000003"}
_BIC = "ACMEDEFFXXX"


@dataclass(frozen=True)
class Statement:
    """One day of one account. Amounts in minor units; entries are numbered from 1 in booking order."""

    currency: str
    day: date
    number: int
    opening: int
    entries: list[BankEntry]

    @property
    def statement_id(self) -> str:
        """As the bank prints it."""
        return f"{self.currency.upper()}{self.day:%Y%m%d}"

    @property
    def printed_number(self) -> str:
        """The number within the account, in MT940 with its page."""
        return str(self.number) if self.currency == "eur" else f"{self.number}/1"

    @property
    def key(self) -> str:
        """What the warehouse knows the statement by: account, number within the account with its day, currency."""
        return f"{ACCOUNTS[self.currency]}|{self.statement_id}/{self.printed_number}/{self.day}|{self.currency}"

    @property
    def closing(self) -> int:
        """Opening and all entries."""
        return self.opening + sum(entry.amount for entry in self.entries)


def statements(entries: list[BankEntry], start: date) -> list[Statement]:
    """All statements of all accounts, by currency and day."""
    found = []
    for currency in ACCOUNTS:
        balance, number = 0, 0
        day = start
        while midnight(day) < END_OF_WORLD:
            if is_business_day(day):
                number += 1
                booked = sorted(
                    (e for e in entries if e.currency == currency and e.day == day),
                    key=lambda entry: (entry.reference, entry.amount, entry.text),
                )
                statement = Statement(currency, day, number, balance, booked)
                balance = statement.closing
                found.append(statement)
            day += timedelta(days=1)
    return found


def write_bank(landing: Landing, all_statements: list[Statement]) -> None:
    """One file per account and delivery; the first one holds the whole history."""
    grouped: dict[tuple[date, str], list[Statement]] = {}
    for statement in all_statements:
        grouped.setdefault((delivery_day(midnight(statement.day)), statement.currency), []).append(statement)
    for (day, currency), group in grouped.items():
        content, suffix = (camt053(group), "xml") if currency == "eur" else (mt940(group), "sta")
        landing.write(
            "bank", "statements", day, f"{ACCOUNTS[currency]}.{suffix}", content.encode("ascii"), rows=len(group)
        )


def mt940(group: list[Statement]) -> str:
    """SWIFT MT940 text; amounts with a comma, CRLF line ends."""
    lines: list[str] = []
    for statement in group:
        currency = statement.currency.upper()
        lines += [
            f":20:{statement.statement_id}",
            f":25:{ACCOUNTS[statement.currency]}",
            f":28C:{statement.printed_number}",
            f":60F:{_balance(statement.opening, statement.day, currency)}",
        ]
        for entry in statement.entries:
            sign = "C" if entry.amount >= 0 else "D"
            amount = _swift_amount(abs(entry.amount), statement.currency)
            lines.append(
                f":61:{entry.day:%y%m%d%m%d}{sign}{amount}{entry.type_code}{entry.reference[:16]}//{entry.reference[:16]}"
            )
            lines += [f":86:{entry.text[:65]}"]
        lines += [f":62F:{_balance(statement.closing, statement.day, currency)}", "-"]
    return "\r\n".join(lines) + "\r\n"


def _balance(amount: int, day: date, currency: str) -> str:
    return f"{'C' if amount >= 0 else 'D'}{day:%y%m%d}{currency}{_swift_amount(abs(amount), currency.lower())}"


def _swift_amount(minor: int, currency: str) -> str:
    text = to_major(minor, currency).replace(".", ",")
    return text if EXPONENT[currency] else text + ","


def camt053(group: list[Statement]) -> str:
    """ISO 20022 camt.053.001.08, one Stmt a day."""
    body = "".join(_camt_statement(statement) for statement in group)
    first = group[0]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">\n<BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>MSG{first.statement_id}</MsgId><CreDtTm>{group[-1].day}T22:00:00Z</CreDtTm></GrpHdr>\n"
        f"{body}</BkToCstmrStmt>\n</Document>\n"
    )


def _camt_statement(statement: Statement) -> str:
    currency = statement.currency.upper()
    entries = "".join(_camt_entry(statement, number, entry) for number, entry in enumerate(statement.entries, start=1))
    return (
        f"<Stmt><Id>{statement.statement_id}</Id><ElctrncSeqNb>{statement.printed_number}</ElctrncSeqNb>"
        f"<CreDtTm>{statement.day}T22:00:00Z</CreDtTm>"
        f"<FrToDt><FrDtTm>{statement.day}T00:00:00Z</FrDtTm><ToDtTm>{statement.day}T23:59:59Z</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{ACCOUNTS[statement.currency]}</IBAN></Id><Ccy>{currency}</Ccy>"
        f"<Svcr><FinInstnId><BICFI>{_BIC}</BICFI></FinInstnId></Svcr></Acct>\n"
        f"{_camt_balance('OPBD', statement.opening, statement)}{_camt_balance('CLBD', statement.closing, statement)}"
        f"{entries}</Stmt>\n"
    )


def _camt_balance(code: str, amount: int, statement: Statement) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_camt_amount(amount, statement.currency)}"
        f"<Dt><Dt>{statement.day}</Dt></Dt></Bal>\n"
    )


def _camt_amount(amount: int, currency: str) -> str:
    side = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="{currency.upper()}">{to_major(abs(amount), currency)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _camt_entry(statement: Statement, number: int, entry: BankEntry) -> str:
    return (
        f"<Ntry><NtryRef>{number}</NtryRef>{_camt_amount(entry.amount, statement.currency)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{entry.day}</Dt></BookgDt><ValDt><Dt>{entry.day}</Dt></ValDt>"
        f"<AcctSvcrRef>{statement.statement_id}-{number}</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{escape(entry.reference)}</EndToEndId></Refs>"
        f"<RmtInf><Ustrd>{escape(entry.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )

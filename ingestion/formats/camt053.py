"""ISO 20022 camt.053 statements, versions .02, .04 and .08. Intraday reports (camt.052, camt.054) never land.

A batch booking whose transaction details carry amounts that add up to the booked amount becomes one entry a
transaction; otherwise it stays one entry, with the references of its details. Charges stand beside their entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingestion.formats.bank import Entry, Statement, landed, rejected
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject
from ingestion.timestamps import day, instant

MAX_BYTES = 128 << 20
NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.(052|053|054)\.001\.([0-9]{2})\}Document")
VERSIONS = frozenset({"02", "03", "04", "06", "08"})
AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,5})?")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)
REPORTS = {"052": "Rpt", "054": "Ntfctn"}


def read(source: Source) -> Iterator[Record | Reject]:
    """Every statement of the document. Raises FileRefused ``format`` for what is no camt document with a statement."""
    root = _root(source)
    found = NAMESPACE.fullmatch(root.tag)
    if found is None:
        raise FileRefused("format", f"{source.label}: {root.tag} is no camt.053 document")
    kind, version = found.groups()
    space = root.tag.removesuffix("Document")
    if kind in REPORTS:
        detail = f"camt.{kind} is an intraday report, its entries may still change; deliver the camt.053 statement"
        for place, report in enumerate(root.iter(space + REPORTS[kind]), start=1):
            yield rejected(source, place, BadRecord("intraday", detail), tostring(report, encoding="unicode"))
        return
    if version not in VERSIONS:
        raise FileRefused("format", f"{source.label}: camt.053.001.{version} is not read; .02, .04 and .08 are")
    statements = list(root.iter(space + "Stmt"))
    if not statements:
        raise FileRefused("format", f"{source.label}: a camt.053 document without a statement; it was cut")
    for place, element in enumerate(statements, start=1):
        raw = tostring(element, encoding="unicode")
        try:
            statement = _statement(_Node(element, space))
        except BadRecord as bad:
            yield rejected(source, place, bad, raw)
            continue
        yield landed(source, place, statement, raw)


def _root(source: Source) -> Element:
    try:
        root: Element = fromstring(source.whole(MAX_BYTES), forbid_dtd=True)
    except ParseError as error:
        raise FileRefused("format", f"{source.label} is no whole XML document: {error}; deliver it again") from error
    except DefusedXmlException as error:
        raise FileRefused(
            "format", f"{source.label} declares entities or a DTD, which no bank does: {error}"
        ) from error
    except (LookupError, ValueError) as error:
        raise FileRefused("encoding", f"{source.label}: {error}") from error
    return root


class _Node:
    """An element whose children are named without their namespace, in paths such as ``Acct/Id/IBAN``."""

    def __init__(self, element: Element, space: str) -> None:
        self.element = element
        self._space = space

    def all(self, path: str) -> list[_Node]:
        return [_Node(found, self._space) for found in self.element.findall(self._path(path))]

    def one(self, path: str) -> _Node | None:
        found = self.element.find(self._path(path))
        return None if found is None else _Node(found, self._space)

    def text(self, *paths: str) -> str | None:
        """Text of the first of ``paths`` that is there and not empty."""
        for path in paths:
            found = self.element.find(self._path(path))
            if found is not None and found.text and found.text.strip():
                return found.text.strip()
        return None

    def texts(self, path: str) -> str | None:
        """All texts at ``path`` joined by a blank."""
        found = [
            node.element.text.strip() for node in self.all(path) if node.element.text and node.element.text.strip()
        ]
        return " ".join(found) or None

    def _path(self, path: str) -> str:
        return "/".join(self._space + step for step in path.split("/"))


def _statement(node: _Node) -> Statement:
    account = node.text("Acct/Id/IBAN", "Acct/Id/Othr/Id")
    identity = node.text("Id")
    if account is None or identity is None:
        raise BadRecord("missing_field", "a statement needs Acct/Id and Id")
    opening, opening_currency, opened = _balance(node, OPENING)
    closing, closing_currency, closed = _balance(node, CLOSING)
    currency = (node.text("Acct/Ccy") or opening_currency or closing_currency or "").lower()
    if {opening_currency, closing_currency} - {None, currency.upper()}:
        raise BadRecord(
            "mixed_currency", f"balances in {opening_currency} and {closing_currency} on an account in {currency}"
        )
    entries = [entry for booked in node.all("Ntry") for entry in _entries(booked)]
    return Statement(
        account=account,
        currency=currency,
        statement_id=identity,
        statement_number=node.text("LglSeqNb", "ElctrncSeqNb"),
        from_date=_day(node.text("FrToDt/FrDtTm")) or opened,
        to_date=_day(node.text("FrToDt/ToDtTm")) or closed,
        opening_balance=opening,
        closing_balance=closing,
        entries=entries,
        format="camt.053",
    )


def _balance(node: _Node, codes: tuple[str, ...]) -> tuple[Decimal | None, str | None, str | None]:
    """Signed amount, currency and day of the first balance with one of ``codes``, in their order."""
    for code in codes:
        for balance in node.all("Bal"):
            if balance.text("Tp/CdOrPrtry/Cd") == code:
                amount, currency = _amount(balance)
                return amount * _sign(balance), currency, _day(balance.text("Dt/Dt", "Dt/DtTm"))
    return None, None, None


def _entries(node: _Node) -> list[Entry]:
    status = node.text("Sts/Cd", "Sts")
    if status not in (None, "BOOK"):
        raise BadRecord("not_booked", f"an entry with status {status}: a statement holds booked entries only")
    amount, currency = _amount(node)
    whole = Entry(
        amount=amount * _sign(node),
        currency=currency.lower(),
        booking_date=_day(node.text("BookgDt/Dt", "BookgDt/DtTm")),
        value_date=_day(node.text("ValDt/Dt", "ValDt/DtTm")),
        entry_ref=node.text("NtryRef"),
        bank_reference=node.text("AcctSvcrRef"),
        description=node.text("AddtlNtryInf"),
        type_code=_code(node),
        charges=_charges(node),
    )
    details = [detail for group in node.all("NtryDtls") for detail in group.all("TxDtls")]
    parts = [_part(whole, detail) for detail in details]
    if len(parts) > 1 and _adds_up(whole, details):
        batch = node.text("NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId", "NtryRef", "AcctSvcrRef")
        for part, detail in zip(parts, details, strict=True):
            part.amount = _detail_amount(detail, whole)
            part.batch_ref = batch
            part.charges = _charges(detail)
        return parts
    if parts:
        first = parts[0]
        whole.end_to_end_id = _joined(part.end_to_end_id for part in parts)
        whole.bank_reference = whole.bank_reference or first.bank_reference
        whole.description = _joined(
            [*(part.description for part in parts if part.description != whole.description)]
        ) or (whole.description)
        whole.counterparty = first.counterparty if len(parts) == 1 else None
        whole.charges = whole.charges or [charge for detail in details for charge in _charges(detail)]
    return [whole]


def _part(whole: Entry, detail: _Node) -> Entry:
    """An entry with what the transaction says and, where it says nothing, what the booking says."""
    side = "Dbtr" if whole.amount >= 0 else "Cdtr"
    return Entry(
        amount=whole.amount,
        currency=whole.currency,
        booking_date=whole.booking_date,
        value_date=whole.value_date,
        entry_ref=whole.entry_ref,
        bank_reference=detail.text("Refs/AcctSvcrRef") or whole.bank_reference,
        end_to_end_id=detail.text("Refs/EndToEndId"),
        description=detail.texts("RmtInf/Ustrd")
        or detail.text("RmtInf/Strd/CdtrRefInf/Ref", "AddtlTxInf")
        or whole.description,
        type_code=_code(detail) or whole.type_code,
        counterparty=detail.text(f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm"),
    )


def _adds_up(whole: Entry, details: list[_Node]) -> bool:
    try:
        return sum((_detail_amount(detail, whole) for detail in details), Decimal(0)) == whole.amount
    except BadRecord:
        return False


def _detail_amount(detail: _Node, whole: Entry) -> Decimal:
    """Signed amount of a transaction in the currency of the booking; the side of the booking when it names none."""
    for path in ("", "AmtDtls/TxAmt", "AmtDtls/InstdAmt"):
        holder = detail.one(path) if path else detail
        if holder is not None and holder.one("Amt") is not None:
            amount, currency = _amount(holder)
            if currency.lower() == whole.currency:
                side = detail.text("CdtDbtInd")
                return amount * (_sign(detail) if side else (1 if whole.amount >= 0 else -1))
    raise BadRecord("missing_field", "a transaction without amount in the currency of its booking")


def _charges(node: _Node) -> list[dict[str, Any]]:
    """Charges of an entry: amount in major units (positive is a cost), currency, and whether the entry includes it."""
    found = []
    for group in node.all("Chrgs"):
        for record in [*group.all("Rcrd"), *([group] if group.one("Amt") is not None else [])]:
            amount, currency = _amount(record)
            sign = -1 if record.text("CdtDbtInd") == "CRDT" else 1
            included = record.text("ChrgInclInd")
            found.append(
                {
                    "amount": f"{amount * sign:f}",
                    "currency": currency.lower(),
                    "included": None if included is None else included in ("true", "1"),
                }
            )
    return found


def _amount(node: _Node) -> tuple[Decimal, str]:
    found = node.one("Amt")
    text = (found.element.text or "").strip() if found is not None else ""
    currency = found.element.get("Ccy", "") if found is not None else ""
    if not AMOUNT.fullmatch(text) or not re.fullmatch("[A-Z]{3}", currency):
        raise BadRecord("bad_amount", f"{text!r} {currency!r} is no amount with its currency")
    return Decimal(text), currency


def _sign(node: _Node) -> int:
    side = node.text("CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise BadRecord("bad_amount", f"an amount is CRDT or DBIT, not {side}")
    return 1 if side == "CRDT" else -1


def _code(node: _Node) -> str | None:
    parts = [node.text(f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in parts if part) or node.text("BkTxCd/Prtry/Cd")


def _day(text: str | None) -> str | None:
    """Calendar day as the bank writes it: the local day of a date with time."""
    if text is None:
        return None
    if len(text) > len("2026-10-28"):
        instant(text)
    return day(text[:10]).isoformat()


def _joined(texts: Any) -> str | None:
    return " ".join(dict.fromkeys(text for text in texts if text)) or None

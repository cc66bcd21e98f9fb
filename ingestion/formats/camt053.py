"""ISO 20022 camt.053 statements, versions .02 to .08. Intraday reports (camt.052, camt.054) never land.

A statement may come in pages, each with the balances it begins and ends with and so proven alone. Pages of one file
that leave out the balances between them are put together first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingestion.formats.bank import Statement, landed, rejected
from ingestion.formats.camt053_entries import entries, is_information
from ingestion.formats.iso20022 import Node
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

MAX_BYTES = 128 << 20
NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.(052|053|054)\.001\.([0-9]{2})\}Document")
VERSIONS = frozenset({"02", "03", "04", "05", "06", "07", "08"})
OPENING, CLOSING, INTERIM = ("OPBD", "PRCD"), ("CLBD",), "ITBD"
ELEMENTS = {"052": "Rpt", "053": "Stmt", "054": "Ntfctn"}
PAGE_SUBTYPE = "INTM"  # the balance of a page, not of the statement


@dataclass(frozen=True, slots=True)
class _Balance:
    code: str | None
    subtype: str | None
    amount: Decimal
    currency: str
    on: str | None


@dataclass(slots=True)
class _Page:
    """A statement element with its place in the file: the statement it holds, or what is wrong with it."""

    place: int
    raw: str
    found: Statement | BadRecord


def read(source: Source) -> Iterator[Record | Reject]:
    """Every statement of the document. Raises FileRefused ``format`` for what is no camt document with a statement."""
    content = source.whole(MAX_BYTES)
    root = _root(source, content)
    found = NAMESPACE.fullmatch(root.tag)
    if found is None:
        raise FileRefused("format", f"{source.label}: {_named(root.tag)} is no camt.053 document")
    kind, version = found.groups()
    space = root.tag.removesuffix("Document")
    elements = list(root.iter(space + ELEMENTS[kind]))
    places = _places(content, ELEMENTS[kind], len(elements))
    if kind != "053":
        detail = f"camt.{kind} is an intraday report, its entries may still change; deliver the camt.053 statement"
        for place, report in zip(places, elements, strict=True):
            yield rejected(source, place, BadRecord("intraday", detail), tostring(report, encoding="unicode"))
        return
    if version not in VERSIONS:
        raise FileRefused(
            "format", f"{source.label}: camt.053.001.{version} is not read; .{min(VERSIONS)} to .{max(VERSIONS)} are"
        )
    if not elements:
        raise FileRefused("format", f"{source.label}: a camt.053 document without a statement; it was cut")
    message = Node(root, space).one("BkToCstmrStmt/GrpHdr/MsgPgntn")
    pages = (_page(place, Node(element, space), message) for place, element in zip(places, elements, strict=True))
    for page in _put_together(pages):
        if isinstance(page.found, BadRecord):
            yield rejected(source, page.place, page.found, page.raw)
        else:
            yield landed(source, page.place, page.found, page.raw)


def _root(source: Source, content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except ParseError as error:
        raise FileRefused("format", f"{source.label} is no whole XML document: {error}; deliver it again") from error
    except DefusedXmlException as error:
        raise FileRefused(
            "format", f"{source.label} declares entities or a DTD, which no bank does: {error}"
        ) from error
    except (LookupError, ValueError) as error:
        raise FileRefused("encoding", f"{source.label}: {error}") from error
    return root


def _named(tag: str) -> str:
    return tag if tag.startswith("{") else f"<{tag}> without a namespace, so without a version,"


def _places(content: bytes, name: str, count: int) -> list[int]:
    """The line of every statement; several in one line are counted on from it."""
    starts = [found.start() for found in re.finditer(rb"<(?:[\w.-]+:)?" + name.encode() + rb"[\s/>]", content)]
    if len(starts) != count:  # another encoding, or the name in a comment
        return list(range(1, count + 1))
    found: list[int] = []
    line, reached = 1, 0
    for start in starts:
        line += content.count(b"\n", reached, start)
        reached = start
        found.append(max(line, found[-1] + 1 if found else 1))
    return found


def _statement(node: Node, message: Node | None) -> Statement:
    account = node.text("Acct/Id/IBAN", "Acct/Id/Othr/Id")
    identity = node.text("Id")
    if account is None or identity is None:
        raise BadRecord("missing_field", "a statement needs Acct/Id and Id")
    balances = [_balance(balance) for balance in node.all("Bal")]
    page, is_last = _pagination(node, message, balances)
    in_pages = page is not None and not (page == 1 and is_last is not False)
    opening, closing = _opening(balances, in_pages), _closing(balances, in_pages)
    currency = (node.text("Acct/Ccy") or (opening and opening.currency) or (closing and closing.currency) or "").lower()
    if {found.currency for found in (opening, closing) if found} - {currency}:
        raise BadRecord(
            "mixed_currency",
            f"balances in {' and '.join(found.currency for found in (opening, closing) if found)} "
            f"on an account in {currency}",
        )
    booked: list[Node] = []
    told: list[Node] = []
    for entry in node.all("Ntry"):
        (told if is_information(entry) else booked).append(entry)
    if not in_pages:
        _check_summary(node, [*booked, *told])
    number = node.text("LglSeqNb", "ElctrncSeqNb")
    return Statement(
        account=account,
        currency=currency,
        statement_id=identity,
        statement_number=f"{number or ''}/{page}" if in_pages else number,
        from_date=node.date("FrToDt/FrDtTm") or (opening.on if opening else None),
        to_date=node.date("FrToDt/ToDtTm") or (closing.on if closing else None),
        opening_balance=opening.amount if opening else None,
        closing_balance=closing.amount if closing else None,
        entries=[entry for found in booked for entry in entries(found)],
        format="camt.053",
        # the electronic number counts every statement sent, the legal one those on paper
        sequence_number=node.count("ElctrncSeqNb") or node.count("LglSeqNb"),
        page=page,
        is_opening_page=page in (None, 1) and not (opening and opening.subtype == PAGE_SUBTYPE),
        is_closing_page=is_last is not False and not (closing and closing.subtype == PAGE_SUBTYPE),
        other_balances=[_told(balance) for balance in balances if balance not in (opening, closing)],
        notices=[entry for found in told for entry in entries(found)],
    )


def _pagination(node: Node, message: Node | None, balances: list[_Balance]) -> tuple[int | None, bool | None]:
    """Number of the page, and whether it is the last: the statement's own, or the message's when that cuts it."""
    own = node.one("StmtPgntn")
    if own is not None:
        return own.count("PgNb"), own.flag("LastPgInd")
    if message is not None and not (_coded(balances, OPENING) and _coded(balances, CLOSING)):
        return message.count("PgNb"), message.flag("LastPgInd")
    return None, None


def _balance(node: Node) -> _Balance:
    amount, currency = node.amount()
    return _Balance(
        node.text("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry"),
        node.text("Tp/SubTp/Cd", "Tp/SubTp/Prtry"),
        amount * node.sign(),
        currency,
        node.date("Dt"),
    )


def _opening(balances: list[_Balance], in_pages: bool) -> _Balance | None:
    """Opening or previous closing booked balance; on a page also the first interim one."""
    for code in (*OPENING, INTERIM) if in_pages else OPENING:
        found = [balance for balance in balances if balance.code == code]
        # a page's only interim balance is the one it ends with
        if found and (code != INTERIM or len(found) > 1 or _coded(balances, CLOSING)):
            return found[0]
    return None


def _closing(balances: list[_Balance], in_pages: bool) -> _Balance | None:
    """Closing booked balance; on a page also the last interim one."""
    found = _coded(balances, CLOSING)
    if found:
        return found[0]
    interim = [balance for balance in balances if balance.code == INTERIM]
    if in_pages and interim and (len(interim) > 1 or _coded(balances, OPENING)):
        return interim[-1]
    return None


def _coded(balances: list[_Balance], codes: tuple[str, ...]) -> list[_Balance]:
    return [balance for balance in balances if balance.code in codes]


def _told(balance: _Balance) -> dict[str, str | None]:
    return {
        "code": balance.code,
        "amount": f"{balance.amount:f}",
        "currency": balance.currency,
        "on": balance.on,
    }


def _check_summary(node: Node, found: list[Node]) -> None:
    """Raise BadRecord ``control_total`` unless the bank's own counts and sums of entries hold."""
    for path, sign in (("TtlNtries", 0), ("TtlCdtNtries", 1), ("TtlDbtNtries", -1)):
        total = node.one(f"TxsSummry/{path}")
        if total is None:
            continue
        counted = [entry for entry in found if sign in (0, entry.sign())]
        made = sum((entry.amount()[0] for entry in counted), Decimal(0))
        _check_total(path, total.count("NbOfNtries"), len(counted))
        _check_total(path, total.number("Sum"), made)
        net = sum((entry.amount()[0] * entry.sign() for entry in counted), Decimal(0))
        if sign == 0:
            declared = total.one("TtlNetNtry")
            amount = declared.number("Amt") if declared else total.number("TtlNetNtryAmt")
            side = (declared or total).text("CdtDbtInd")
            if amount is not None and side is not None:
                _check_total(path, amount if side == "CRDT" else -amount, net)


def _check_total(path: str, declared: Decimal | int | None, found: Decimal | int) -> None:
    if declared is not None and declared != found:
        raise BadRecord("control_total", f"{path} declares {declared} and {found} stand there; deliver it again")


def _page(place: int, node: Node, message: Node | None) -> _Page:
    raw = tostring(node.element, encoding="unicode")
    try:
        return _Page(place, raw, _statement(node, message))
    except BadRecord as bad:
        return _Page(place, raw, bad)


def _put_together(pages: Iterable[_Page]) -> Iterator[_Page]:
    """The pages, with those made one that leave out the balances between them."""
    waiting: _Page | None = None
    for page in pages:
        joined = _joined(waiting, page) if waiting is not None else None
        if waiting is not None and joined is None:
            yield waiting
        waiting = joined or page
    if waiting is not None:
        yield waiting


def _joined(first: _Page, second: _Page) -> _Page | None:
    """Both as one, when the second is the next page of the first and no balance stands between them."""
    before, after = first.found, second.found
    if isinstance(before, BadRecord) or isinstance(after, BadRecord):
        return None
    goes_on = (
        before.closing_balance is None
        and after.opening_balance is None
        and before.page is not None
        and after.page == before.page + 1
        and (before.account, before.statement_id, before.sequence_number)
        == (after.account, after.statement_id, after.sequence_number)
        and (not before.currency or not after.currency or before.currency == after.currency)
    )
    if not goes_on:
        return None
    whole = replace(
        before,
        currency=before.currency or after.currency,
        entries=before.entries + after.entries,
        notices=before.notices + after.notices,
        other_balances=before.other_balances + after.other_balances,
        closing_balance=after.closing_balance,
        to_date=after.to_date or before.to_date,
        page=after.page,
        is_closing_page=after.is_closing_page,
    )
    return _Page(first.place, first.raw + second.raw, whole)

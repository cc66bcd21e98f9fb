"""Entries of camt.053: batches split into their transactions, charges, conversions, references.

A batch is split only when its parts prove it: their amounts, less charges that the booking includes, are the booked
amount. What the bank says of a batch (number, total) must hold. Parts without amounts leave the booking whole.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ingestion.formats.bank import Entry, reference
from ingestion.formats.iso20022 import RATE, Node
from ingestion.records import BadRecord

INFORMATION = "INFO"


def entries(node: Node) -> list[Entry]:
    """What an ``Ntry`` says: one entry, or one a transaction of its batch. Raises BadRecord."""
    whole = _booking(node)
    parts = _parts(node, whole)
    if len(parts) > 1 and (split := _split(node, whole, parts)):
        return split
    if parts:
        _gather(whole, [part for part, _, _ in parts], node)
    return [whole]


def is_information(node: Node) -> bool:
    """Whether the entry is none, but for information. Raises BadRecord ``not_booked`` for one that may still change."""
    status = node.text("Sts/Cd", "Sts/Prtry", "Sts")
    if status not in (None, "BOOK", INFORMATION):
        raise BadRecord("not_booked", f"an entry with status {status}: a statement holds booked entries only")
    return status == INFORMATION


def _booking(node: Node) -> Entry:
    amount, currency = node.amount()
    return Entry(
        amount=amount * node.sign(),
        currency=currency,
        booking_date=node.date("BookgDt"),
        value_date=node.date("ValDt"),
        entry_ref=node.text("NtryRef"),
        bank_reference=reference(node.text("AcctSvcrRef")),
        description=node.text("AddtlNtryInf"),
        type_code=_domain(node),
        proprietary_code=node.text("BkTxCd/Prtry/Cd"),
        is_reversal=node.flag("RvslInd") or False,
        charges=_charges(node),
        exchange=_exchange(node),
    )


Part = tuple[Entry, Decimal | None, bool]


def _parts(node: Node, whole: Entry) -> list[Part]:
    """Every transaction below the booking: entry, signed amount in the booking's currency, and whether it is booked so.

    A group of which only the total is told is one part. The amount is None when nothing says it in that currency.
    """
    found: list[Part] = []
    for group in node.all("NtryDtls"):
        batch = group.one("Btch")
        details = group.all("TxDtls")
        batch_ref = batch.text("PmtInfId", "MsgId") if batch else None
        inside: list[Part] = []
        for detail in details:
            amount, is_booked = _detail_amount(detail, whole)
            part = _part(whole, detail)
            part.batch_ref = batch_ref
            inside.append((part, amount, is_booked))
        if batch is not None:
            total = _batch_total(batch, whole)
            _check_batch(batch, total, inside)
            if not details and total is not None:
                part = _part(whole, group)
                part.batch_ref = batch_ref
                inside.append((part, total, True))
        found.extend(inside)
    return found


def _check_batch(batch: Node, total: Decimal | None, inside: list[Part]) -> None:
    declared = batch.count("NbOfTxs")
    if declared is not None and inside and declared != len(inside):
        raise BadRecord(
            "batch_total", f"a batch declares {declared} transactions and {len(inside)} stand there; deliver it again"
        )
    amounts = [amount for _, amount, is_booked in inside if amount is not None and is_booked]
    if total is not None and inside and len(amounts) == len(inside) and sum(amounts, Decimal(0)) != total:
        raise BadRecord(
            "batch_total", f"a batch declares a total of {total:f} and its transactions make {sum(amounts):f}"
        )


def _batch_total(batch: Node, whole: Entry) -> Decimal | None:
    if batch.one("TtlAmt") is None:
        return None
    amount, currency = batch.amount("TtlAmt")
    side = batch.sign() if batch.text("CdtDbtInd") else _side(whole)
    return amount * side if currency == whole.currency else None


def _split(node: Node, whole: Entry, parts: list[Part]) -> list[Entry]:
    """The parts as entries, when they prove the booking; nothing when they do not say their amounts."""
    if any(amount is None for _, amount, _ in parts):
        return []
    total = sum((amount for _, amount, _ in parts if amount is not None), Decimal(0))
    included = sum(
        (
            Decimal(charge["amount"])
            for charge in whole.charges
            if charge["included"] and charge["currency"] == whole.currency
        ),
        Decimal(0),
    )
    if total not in (whole.amount, whole.amount + included):
        if all(is_booked for _, _, is_booked in parts):
            raise BadRecord(
                "batch_total",
                f"an entry books {whole.amount:f} and its transactions make {total:f}"
                f"{f', charges {included:f}' if included else ''}; some are missing or doubled",
            )
        return []
    fallback = node.text("NtryRef", "AcctSvcrRef")
    found = []
    for part, amount, _ in parts:
        part.amount = amount if amount is not None else part.amount
        part.batch_ref = part.batch_ref or fallback
        found.append(part)
    if total != whole.amount:
        found.append(
            Entry(
                amount=-included,
                currency=whole.currency,
                booking_date=whole.booking_date,
                value_date=whole.value_date,
                entry_ref=whole.entry_ref,
                bank_reference=whole.bank_reference,
                description="CHARGES",
                type_code=whole.type_code,
                batch_ref=fallback,
                charges=whole.charges,
            )
        )
    return found


def _gather(whole: Entry, parts: list[Entry], node: Node) -> None:
    """Give the undivided booking what its transactions say."""
    first = parts[0]
    whole.end_to_end_id = _joined(part.end_to_end_id for part in parts)
    whole.creditor_reference = _joined(part.creditor_reference for part in parts)
    whole.document_numbers = list(dict.fromkeys(number for part in parts for number in part.document_numbers))
    whole.bank_reference = whole.bank_reference or first.bank_reference
    texts = _joined(part.description for part in parts if part.description != whole.description)
    whole.description = texts or whole.description
    whole.batch_ref = _joined(part.batch_ref for part in parts)
    whole.charges = whole.charges or [charge for part in parts for charge in part.charges]
    if len(parts) == 1:
        whole.counterparty = first.counterparty
        whole.counterparty_account = first.counterparty_account
        whole.instruction_id = first.instruction_id
        whole.payment_information_id = first.payment_information_id
        whole.transaction_id = first.transaction_id
        whole.exchange = whole.exchange or first.exchange
        whole.type_code = whole.type_code or first.type_code
        whole.proprietary_code = whole.proprietary_code or first.proprietary_code
    elif whole.batch_ref is None:
        whole.batch_ref = node.text("NtryRef")


def _part(whole: Entry, detail: Node) -> Entry:
    """An entry with what the transaction says and, where it says nothing, what the booking says."""
    # The other side pays a credit and gets a debit; a reversal gives back what went the other way.
    other = "Dbtr" if (whole.amount >= 0) is not whole.is_reversal else "Cdtr"
    structured = detail.texts("RmtInf/Strd/CdtrRefInf/Ref")
    documents = detail.texts("RmtInf/Strd/RfrdDocInf/Nb")
    return Entry(
        amount=whole.amount,
        currency=whole.currency,
        booking_date=whole.booking_date,
        value_date=whole.value_date,
        entry_ref=whole.entry_ref,
        bank_reference=reference(detail.text("Refs/AcctSvcrRef")) or whole.bank_reference,
        end_to_end_id=reference(detail.text("Refs/EndToEndId")),
        instruction_id=reference(detail.text("Refs/InstrId")),
        payment_information_id=reference(detail.text("Refs/PmtInfId")),
        transaction_id=reference(detail.text("Refs/TxId")),
        creditor_reference=_joined(structured),
        document_numbers=documents,
        description=" ".join(detail.texts("RmtInf/Ustrd"))
        or _joined([*structured, *documents, *detail.texts("RmtInf/Strd/AddtlRmtInf")])
        or detail.text("AddtlTxInf")
        or whole.description,
        type_code=_domain(detail) or whole.type_code,
        proprietary_code=detail.text("BkTxCd/Prtry/Cd") or whole.proprietary_code,
        counterparty=detail.text(f"RltdPties/{other}/Nm", f"RltdPties/{other}/Pty/Nm"),
        counterparty_account=detail.text(f"RltdPties/{other}Acct/Id/IBAN", f"RltdPties/{other}Acct/Id/Othr/Id"),
        is_reversal=whole.is_reversal,
        charges=_charges(detail),
        exchange=_exchange(detail),
    )


def _detail_amount(detail: Node, whole: Entry) -> tuple[Decimal | None, bool]:
    """Signed amount of a transaction in the currency of the booking; the side of the booking when it names none.

    With it whether the account was booked by it: what was instructed may arrive less somebody's fee.
    """
    side = detail.sign() if detail.text("CdtDbtInd") else _side(whole)
    for path in ("", "AmtDtls/TxAmt", "AmtDtls/InstdAmt"):
        holder = detail.one(path) if path else detail
        if holder is not None and holder.one("Amt") is not None:
            amount, currency = holder.amount()
            if currency == whole.currency:
                return amount * side, path != "AmtDtls/InstdAmt"
    return None, False


def _side(whole: Entry) -> int:
    return 1 if whole.amount >= 0 else -1


def _charges(node: Node) -> list[dict[str, Any]]:
    """Charges: amount in major units (positive is a cost), currency, and whether the booking includes it.

    Raises BadRecord ``charge_total`` when the records do not make the total that the bank declares.
    """
    found: list[dict[str, Any]] = []
    for group in node.all("Chrgs"):
        records = group.all("Rcrd") or ([group] if group.one("Amt") is not None else [])
        charges = [_charge(record, "Amt") for record in records]
        if group.one("TtlChrgsAndTaxAmt") is not None:
            declared, currency = group.amount("TtlChrgsAndTaxAmt")
            made = sum((Decimal(charge["amount"]) for charge in charges if charge["currency"] == currency), Decimal(0))
            if group.all("Rcrd") and abs(made) != declared:
                raise BadRecord("charge_total", f"charges of {declared:f} are declared and {made:f} stand there")
            if not charges:
                charges = [_charge(group, "TtlChrgsAndTaxAmt")]
        found.extend(charges)
    return found


def _charge(record: Node, name: str) -> dict[str, Any]:
    amount, currency = record.amount(name)
    cost = -amount if record.text("CdtDbtInd") == "CRDT" else amount
    return {"amount": f"{cost:f}", "currency": currency, "included": record.flag("ChrgInclInd")}


def _exchange(node: Node) -> dict[str, str | None] | None:
    """The conversion behind an amount: one ``unit_currency`` is ``rate`` of the other; None when there was none.

    Raises BadRecord ``bad_amount`` for a rate that is no number above zero.
    """
    holders = [found for name in ("InstdAmt", "TxAmt", "CntrValAmt") if (found := node.one(f"AmtDtls/{name}"))]
    conversion = next((found for holder in holders if (found := holder.one("CcyXchg"))), None)
    if conversion is None:
        return None
    rate = conversion.text("XchgRate") or ""
    if not RATE.fullmatch(rate) or not Decimal(rate):
        raise BadRecord("bad_amount", f"{rate!r} is no rate of exchange above zero")
    source, target = conversion.text("SrcCcy"), conversion.text("TrgtCcy")
    unit = conversion.text("UnitCcy")
    told: dict[str, str | None] = {
        "rate": rate,
        "source_currency": source.lower() if source else None,
        "target_currency": target.lower() if target else None,
        # without it banks mean the source, most of them: it is left open rather than guessed
        "unit_currency": unit.lower() if unit else None,
        "contract": conversion.text("CtrctId"),
    }
    for name, path in (("instructed", "InstdAmt"), ("transaction", "TxAmt"), ("counter_value", "CntrValAmt")):
        holder = node.one(f"AmtDtls/{path}")
        if holder is not None and holder.one("Amt") is not None:
            amount, currency = holder.amount()
            told |= {f"{name}_amount": f"{amount:f}", f"{name}_currency": currency}
    return told


def _domain(node: Node) -> str | None:
    parts = [node.text(f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in parts if part) or node.text("BkTxCd/Prtry/Cd")


def _joined(texts: Any) -> str | None:
    return " ".join(dict.fromkeys(text for text in texts if text)) or None

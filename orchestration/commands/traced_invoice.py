"""How the trace of an invoice's money is shown: to a person, and to another program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from orchestration.commands.terminal import table
from orchestration.commands.traced_line import facts, instant, plain
from orchestration.tracing.invoices import InvoiceTrace, PaymentTrace, PayoutTrace
from orchestration.tracing.lookup import Row
from orchestration.words import count, exponent_of, exponents, money, quantity


def as_screen(found: InvoiceTrace) -> RenderableType:
    """The invoice, then each movement of money as far as it can be followed."""
    shown: list[RenderableType] = list(_invoice(found))
    for payment in found.payments:
        shown += _payment(payment)
    if not found.payments:
        shown.append(Text("No money has moved for this invoice.", style="yellow"))
    shown.append(Text("What a line is made of:  tieout trace line <line>", style="dim"))
    return Group(*(part for renderable in shown for part in (renderable, Text())))


def as_record(found: InvoiceTrace) -> dict[str, Any]:
    """The trace for another program. Amounts are whole minor units of the currency beside them, as text."""
    record: dict[str, Any] = plain(asdict(found))
    record["unpaid_minor"] = str(found.unpaid_minor)
    for payment, traced in zip(record["payments"], found.payments, strict=True):
        payment["ends"] = traced.ends
    return record


def _amount(row: Row, name: str) -> str:
    return money(row[name], row["currency"], exponent_of(row["currency"], exponents()))


def _invoice(found: InvoiceTrace) -> Iterator[RenderableType]:
    invoice = found.invoice
    exponent = exponent_of(invoice["currency"], exponents())
    number = f" ({invoice['invoice_number']})" if invoice["invoice_number"] else ""
    yield facts(
        f"Invoice {invoice['invoice_id']}{number}, {invoice['billing_system']}, {invoice['status']}",
        [
            ["account", invoice["account_id"] or "-"],
            ["dated", f"{invoice['invoice_on'] or '-'}, due {invoice['due_on'] or '-'}"],
            ["loaded from", invoice["file_line"] or "-"],
        ],
    )
    of_lines = [
        [
            line["invoice_line_id"],
            line["line_kind"].replace("_", " "),
            line["price_code"] or "-",
            f"{line['period_start']:%Y-%m-%d} to {line['period_end']:%Y-%m-%d}" if line["period_start"] else "-",
            quantity(line["quantity"]),
            _amount(line, "net_minor"),
            _amount(line, "tax_minor"),
        ]
        for line in found.lines
    ]
    figures = ["quantity", "net", "tax"]
    yield table("Lines", ["line", "kind", "price", "period", *figures], of_lines, right=figures)
    names = {
        "lines before discount": "subtotal_minor",
        "discount": "discount_minor",
        "tax": "tax_minor",
        "total": "total_minor",
        "credited": "credited_minor",
        "customer balance used": "balance_applied_minor",
        "amount due": "amount_due_minor",
    }
    rows = [[label, _amount(invoice, name)] for label, name in names.items()]
    rows.append(["paid", money(found.paid_minor, invoice["currency"], exponent)])
    rows.append(["due less paid", money(found.unpaid_minor, invoice["currency"], exponent)])
    yield table("Amounts", ["", "amount"], rows, right=["amount"])


def _payment(traced: PaymentTrace) -> Iterator[RenderableType]:
    payment = traced.payment
    kind = payment["kind"].replace("_", " ")
    moved = [kind, payment["payment_id"], instant(payment["paid_at"]), payment["status"]]
    rows = [[*moved, _amount(payment, "amount_minor")]]
    files = [[f"{kind} loaded from", payment["file_line"] or "-"]]
    if traced.booking:
        booking = traced.booking
        booked = ["booking", booking["balance_transaction_id"], instant(booking["created_at"]), booking["status"]]
        fee, net = _amount(booking, "fee_minor"), _amount(booking, "net_minor")
        rows.append([*booked, f"{_amount(booking, 'amount_minor')}, fee {fee}, net {net}"])
        files.append(["booking loaded from", booking["file_line"] or "-"])
    for payout in traced.payouts:
        rows += _payout(payout)
        files += _payout_files(payout)
    columns = ["", "id", "when (UTC)", "state", "amount"]
    yield table(f"{kind.capitalize()} of {_amount(payment, 'amount_minor')}", columns, rows, right=["amount"])
    yield facts("", files)
    yield Text(traced.ends)


def _payout(traced: PayoutTrace) -> Iterator[list[str]]:
    payout = traced.payout
    of = f"{count(payout['transaction_count'], 'booking')} net {_amount(payout, 'transactions_minor')}"
    amounts = f"{_amount(payout, 'amount_minor')}, of {of}"
    yield ["payout", payout["payout_id"], instant(payout["created_at"]), payout["status"], amounts]
    for line in traced.bank_lines:
        matched = f"matched by {line['match_rule']}"
        yield ["bank line", line["bank_line_key"], str(line["booking_on"]), matched, _amount(line, "amount_minor")]


def _payout_files(traced: PayoutTrace) -> Iterator[list[str]]:
    yield ["payout loaded from", traced.payout["file_line"] or "-"]
    yield ["its list of bookings loaded from", traced.payout["listed_at"] or "-"]
    for line in traced.bank_lines:
        yield ["bank line loaded from", line["file_line"] or "-"]

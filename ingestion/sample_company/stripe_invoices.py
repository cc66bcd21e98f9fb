"""Stripe invoices, their lines and credit notes, in the shape of the API version in force.

Until the change of version an invoice carries `charge`, `payment_intent` and `subscription`, and a line `price` and
`subscription_item`; afterwards they stand under `parent`, `pricing` and in invoice payments.
"""

from __future__ import annotations

from datetime import datetime

from ingestion.sample_company.catalogue import PRODUCTS
from ingestion.sample_company.days import epoch, midnight
from ingestion.sample_company.documents import CreditNote, Invoice, Line
from ingestion.sample_company.extract import Row
from ingestion.sample_company.money import plain, to_minor
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.stripe_catalogue import OLD_API, api_version, price_object, product_id, tax_rate_id

# A list inside an object shows its first page.
PAGE_ROWS = 10


class InvoiceShapes:
    """The objects of one world; ids of lines follow from its seed, `epoch` is the instant it starts."""

    def __init__(self, seed: int, start: datetime) -> None:
        self._seed = seed
        self._epoch = start

    def line_id(self, invoice: Invoice, number: int) -> str:
        """Stripe's id of the line in this place."""
        return identifier(self._seed, "il_1Q", 20, invoice.invoice_id, number)

    def line(self, invoice: Invoice, line: Line, number: int, at: datetime) -> Row:
        """A line as it looked at the instant."""
        discount = invoice.discount
        row: Row = {
            "id": self.line_id(invoice, number),
            "object": "line_item",
            "amount": line.gross,
            "currency": invoice.currency,
            "description": _description(line),
            "discount_amounts": [{"amount": line.discount, "discount": discount.discount_id}] if discount else [],
            "discountable": True,
            "discounts": [discount.discount_id] if discount else [],
            "invoice": invoice.invoice_id,
            "livemode": True,
            "metadata": {},
            "period": {"end": epoch(line.end), "start": epoch(line.start)},
            "quantity": int(line.quantity),
            "quantity_decimal": plain(line.quantity),
        }
        subscription = invoice.subscription.subscription_id if invoice.subscription else None
        proration = line.kind.startswith("proration")
        credited = {"credited_items": None}
        unit = None if line.price.unit_amount is None else plain(to_minor(line.price.unit_amount, invoice.currency))
        if api_version(at) == OLD_API:
            return row | {
                "plan": None,
                "price": price_object(line.price, max(self._epoch, midnight(line.price.valid_from))),
                "proration": proration,
                "proration_details": credited,
                "subscription": subscription,
                "subscription_item": line.source_id,
                "tax_amounts": [
                    {
                        "amount": tax,
                        "inclusive": False,
                        "tax_rate": rate_id,
                        "taxability_reason": "standard_rated",
                        "taxable_amount": line.net,
                    }
                    for tax, rate_id in _taxes(invoice, line)
                ],
                "tax_rates": [],
                "type": "invoiceitem" if proration else "subscription",
                "unit_amount_excluding_tax": unit,
            }
        return row | {
            "parent": {
                "invoice_item_details": None,
                "subscription_item_details": {
                    "invoice_item": None,
                    "proration": proration,
                    "proration_details": credited,
                    "subscription": subscription,
                    "subscription_item": line.source_id,
                },
                "type": "subscription_item_details",
            },
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": {"price": line.price.stripe_price_id, "product": product_id(line.price.product_code)},
                "type": "price_details",
                "unit_amount_decimal": unit,
            },
            "subtotal": line.gross,
            "taxes": [
                {
                    "amount": tax,
                    "tax_behavior": "exclusive",
                    "tax_rate_details": {"tax_rate": rate_id},
                    "taxability_reason": "standard_rated",
                    "taxable_amount": line.net,
                    "type": "tax_rate_details",
                }
                for tax, rate_id in _taxes(invoice, line)
            ],
        }

    def invoice(self, invoice: Invoice, at: datetime) -> Row:
        """The invoice as it looked at the instant, with the first page of its lines."""
        status = invoice_status(invoice, at)
        paid = sum(p.amount for p in invoice.payments if p.succeeded and p.at <= at)
        pre = sum(n.amount for n in invoice.credit_notes if not n.post_payment and n.created <= at)
        post = sum(n.amount for n in invoice.credit_notes if n.post_payment and n.created <= at)
        last = next((p for p in reversed(invoice.payments) if p.at <= at), None)
        subscription = invoice.subscription.subscription_id if invoice.subscription else None
        total = invoice.total
        page = {
            "object": "list",
            "data": [self.line(invoice, line, number, at) for number, line in enumerate(invoice.lines[:PAGE_ROWS])],
            "has_more": len(invoice.lines) > PAGE_ROWS,
            "url": f"/v1/invoices/{invoice.invoice_id}/lines",
        }
        discount = (
            [{"amount": invoice.discounted, "discount": invoice.discount.discount_id}] if invoice.discount else []
        )
        row: Row = {
            "id": invoice.invoice_id,
            "object": "invoice",
            "account_country": "US",
            "account_name": "Acme Inc",
            "amount_due": max(total - pre, 0),
            "amount_paid": paid,
            # What is marked as paid has nothing open, whatever was paid.
            "amount_remaining": 0 if status == "paid" else max(total - pre - paid, 0),
            "attempt_count": sum(p.at <= at for p in invoice.payments),
            "attempted": last is not None,
            "auto_advance": status in {"draft", "open"},
            "billing_reason": invoice.reason,
            "collection_method": invoice.collection_method,
            "created": epoch(invoice.created),
            "currency": invoice.currency,
            "customer": invoice.account.stripe_customer_id,
            "customer_email": invoice.account.email,
            "customer_name": invoice.account.name,
            "customer_tax_exempt": "none" if invoice.account.exempt_reason is None else "exempt",
            "discounts": [invoice.discount.discount_id] if invoice.discount else [],
            "due_date": epoch(invoice.due) if invoice.due else None,
            "effective_at": epoch(invoice.finalized),
            "ending_balance": 0 if status != "draft" else None,
            "lines": page,
            "livemode": True,
            "metadata": {},
            "next_payment_attempt": None,
            "number": None if status == "draft" else invoice.number,
            "period_end": epoch(invoice.created),
            "period_start": epoch(invoice.created),
            "post_payment_credit_notes_amount": post,
            "pre_payment_credit_notes_amount": pre,
            "starting_balance": 0,
            "status": status,
            "status_transitions": {
                "finalized_at": _seen(invoice.finalized, at),
                "marked_uncollectible_at": None,
                "paid_at": _seen(invoice.closed_at, at),
                "voided_at": _seen(invoice.voided_at, at),
            },
            "subtotal": invoice.subtotal,
            "subtotal_excluding_tax": invoice.subtotal,
            "total": total,
            "total_discount_amounts": discount,
            "total_excluding_tax": total - invoice.tax,
        }
        taxes: dict[str, int] = {}
        for line in invoice.lines:
            for tax, rate_id in _taxes(invoice, line):
                taxes[rate_id] = taxes.get(rate_id, 0) + tax
        if api_version(at) == OLD_API:
            return row | {
                "charge": last.charge_id if last else None,
                "payment_intent": last.intent_id if last else None,
                "paid": status == "paid",
                "subscription": subscription,
                "tax": invoice.tax,
                "total_tax_amounts": [{"amount": t, "inclusive": False, "tax_rate": r} for r, t in taxes.items()],
            }
        return row | {
            "parent": {
                "quote_details": None,
                "subscription_details": {"metadata": {}, "subscription": subscription},
                "type": "subscription_details",
            },
            "total_taxes": [
                {"amount": t, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": r}}
                for r, t in taxes.items()
            ],
        }

    def credit_note(self, invoice: Invoice, note: CreditNote) -> Row:
        """A credit note with all its lines."""
        net, tax = sum(n for _, n, _ in note.lines), sum(t for _, _, t in note.lines)
        lines = [
            {
                "id": identifier(self._seed, "cnli_1Q", 18, note.note_id, number),
                "object": "credit_note_line_item",
                "amount": line_net,
                "description": _description(line),
                "discount_amount": 0,
                "discount_amounts": [],
                "invoice_line_item": self.line_id(invoice, invoice.lines.index(line)),
                "livemode": True,
                "quantity": None,
                "type": "invoice_line_item",
                "tax_amounts": [{"amount": line_tax, "inclusive": False}],
            }
            for number, (line, line_net, line_tax) in enumerate(note.lines)
        ]
        return {
            "id": note.note_id,
            "object": "credit_note",
            "amount": note.amount,
            "amount_shipping": 0,
            "created": epoch(note.created),
            "currency": invoice.currency,
            "customer": invoice.account.stripe_customer_id,
            "customer_balance_transaction": None,
            "discount_amount": 0,
            "effective_at": epoch(note.created),
            "invoice": invoice.invoice_id,
            "lines": {
                "object": "list",
                "data": lines,
                "has_more": False,
                "url": f"/v1/credit_notes/{note.note_id}/lines",
            },
            "livemode": True,
            "memo": None,
            "metadata": {},
            "number": note.number,
            "post_payment_amount": note.amount if note.post_payment else 0,
            "pre_payment_amount": 0 if note.post_payment else note.amount,
            "reason": "order_change",
            "refund": note.refund_id,
            "status": "issued",
            "subtotal": net,
            "subtotal_excluding_tax": net,
            "total": net + tax,
            "total_excluding_tax": net,
            "type": "post_payment" if note.post_payment else "pre_payment",
            "voided_at": None,
        }


def invoice_instants(invoice: Invoice) -> list[datetime]:
    """Every instant at which the invoice object changed."""
    instants = {invoice.created, invoice.finalized, invoice.voided_at, invoice.closed_at}
    instants |= {note.created for note in invoice.credit_notes} | {payment.at for payment in invoice.payments}
    return sorted(at for at in instants if at is not None)


def invoice_status(invoice: Invoice, at: datetime) -> str:
    """Draft, open, paid or void."""
    if invoice.voided_at is not None and invoice.voided_at <= at:
        return "void"
    if invoice.closed_at is not None and invoice.closed_at <= at:
        return "paid"
    return "open" if invoice.finalized <= at else "draft"


def _taxes(invoice: Invoice, line: Line) -> list[tuple[int, str]]:
    if invoice.account.exempt_reason is not None and line.tax == 0:
        return []
    return [(line.tax, tax_rate_id(invoice.account.country, line.price.tax_code))]


def _description(line: Line) -> str:
    names = {product.code: product.name for product in PRODUCTS}
    name = names[line.price.product_code]
    if line.kind == "trial":
        return f"Trial period for {name}"
    if line.kind == "proration_credit":
        return f"Unused time on {plain(line.quantity)} x {name}"
    if line.kind == "proration_charge":
        return f"Remaining time on {plain(line.quantity)} x {name}"
    return f"{plain(line.quantity)} x {name}"


def _seen(instant: datetime | None, at: datetime) -> int | None:
    return epoch(instant) if instant is not None and instant <= at else None

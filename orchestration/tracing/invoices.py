"""An invoice down to the lines of the bank statement: payments, the processor's bookings, payouts, bank lines.

Amounts are whole minor units of the ``currency`` beside them, signed from our side: what comes in is positive.
Every function reads over a connection that may read intermediate (``auditor``).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.tracing.lookup import Connection, NothingToTrace, Row, closest, hint_of, rows_of

NAMED = """
    select billing_system, invoice_id from marts.fct_invoices where invoice_id = %(id)s or invoice_number = %(id)s
    union select billing_system, invoice_id from marts.fct_payments
    where invoice_id is not null and %(id)s in (payment_id, charge_id, balance_transaction_id)
"""
INVOICE = """
    select *
    from marts.fct_invoices
    where billing_system = %(billing_system)s and invoice_id = %(invoice_id)s
"""
LINES = """
    select
        invoice_line_id, line_kind, price_code, period_start, period_end, currency, quantity, net_minor, tax_minor,
        file_line
    from marts.fct_invoice_lines
    where billing_system = %(billing_system)s and invoice_id = %(invoice_id)s
    order by invoice_line_id
"""
# What the control of payments (C1) holds against the amount due: repeated and failed payments are its rule, not ours.
PAID = """
    select coalesce(sum(amount_minor), 0)::bigint as amount_minor
    from reconciliation.recon_c1__paid
    where tracking_key = %(billing_system)s || '|' || %(invoice_id)s
"""
PAYMENTS = """
    select payments.*, records.file_line
    from marts.fct_payments as payments
    left join intermediate.int_cash__payment_records as records on payments.payment_id = records.payment_id
    where payments.billing_system = %(billing_system)s and payments.invoice_id = %(invoice_id)s
    order by payments.paid_at, payments.payment_id
"""
BOOKING = """
    select bookings.*, records.file_line
    from marts.fct_balance_transactions as bookings
    inner join intermediate.int_cash__balance_transactions as records
        on bookings.balance_transaction_id = records.balance_transaction_id
    where bookings.balance_transaction_id = %(booking)s
"""
LISTINGS = """
    select
        members.listing_no, members.file_line as listed_at, payouts.*, records.file_line
    from intermediate.int_cash__payout_members as members
    inner join marts.fct_payouts as payouts on members.payout_id = payouts.payout_id
    inner join intermediate.int_cash__payouts as records on members.payout_id = records.payout_id
    where members.balance_transaction_id = %(booking)s
    order by members.listing_no
"""
BANK_LINES = """
    select bank_line_key, bank_account_id, booking_on, currency, amount_minor, match_rule, description, file_line
    from marts.fct_bank_lines
    where payout_id = %(payout)s
    order by booking_on, bank_line_key
"""
NEIGHBOURS = """
    (select invoice_id as id from marts.fct_invoices where invoice_id < %(id)s order by 1 desc limit 2)
    union (select invoice_id from marts.fct_invoices where invoice_id > %(id)s order by 1 limit 2)
    union (select invoice_number from marts.fct_invoices where invoice_number < %(id)s order by 1 desc limit 2)
    union (select invoice_number from marts.fct_invoices where invoice_number > %(id)s order by 1 limit 2)
"""


@dataclass(frozen=True)
class PayoutTrace:
    """A payout that lists a booking, and the bank lines matched to it."""

    payout: Row
    bank_lines: list[Row]


@dataclass(frozen=True)
class PaymentTrace:
    """A movement of money of the invoice; ``booking`` is the processor's, None where none is named or delivered."""

    payment: Row
    booking: Row | None
    payouts: list[PayoutTrace]

    @property
    def ends(self) -> str:
        """How far the money can be followed, in one sentence."""
        if self.payment["balance_transaction_id"] is None:
            return (
                "The billing system names no booking of a processor; its bank line is not matched to single payments."
            )
        if self.booking is None:
            return f"The booking {self.payment['balance_transaction_id']} was not delivered."
        if not self.payouts:
            return "In no payout yet."
        if len(self.payouts) > 1:
            return f"{len(self.payouts)} payouts list it; the money can only have left with the first."
        return "At the bank." if self.payouts[0].bank_lines else "Its payout is not matched to a bank line."


@dataclass(frozen=True)
class InvoiceTrace:
    """An invoice and every movement of money for it. ``paid_minor`` is what the control of payments counts as paid."""

    asked: str
    invoice: Row
    lines: list[Row]
    paid_minor: int
    payments: list[PaymentTrace]

    @property
    def unpaid_minor(self) -> int:
        """Amount due less what is paid; below 0 when too much was."""
        return int(self.invoice["amount_due_minor"]) - self.paid_minor


def trace_invoice(connection: Connection, asked: str, system: str | None) -> InvoiceTrace:
    """The invoice of an id or number, or of a payment, charge or balance transaction of it.

    Raises NothingToTrace for an id that nothing has, or that leads to more than one invoice.
    """
    found = [
        named
        for named in rows_of(connection, NAMED, {"id": asked})
        if system is None or named["billing_system"] == system
    ]
    if not found:
        near = closest(asked, [row["id"] for row in rows_of(connection, NEIGHBOURS, {"id": asked})])
        raise NothingToTrace(
            f"No invoice, and no payment of one, is {asked}. {hint_of(near)}Ids stand in marts.fct_invoices."
        )
    if len(found) > 1:
        named = ", ".join(f"{one['invoice_id']} ({one['billing_system']})" for one in found)
        raise NothingToTrace(f"{asked} leads to {len(found)} invoices: {named}. Name one, with --system if need be.")
    invoice = rows_of(connection, INVOICE, found[0])[0]
    lines = rows_of(connection, LINES, found[0])
    paid = int(rows_of(connection, PAID, found[0])[0]["amount_minor"])
    payments = [_payment(connection, payment) for payment in rows_of(connection, PAYMENTS, found[0])]
    return InvoiceTrace(asked, invoice, lines, paid, payments)


def _payment(connection: Connection, payment: Row) -> PaymentTrace:
    booking = {"booking": payment["balance_transaction_id"]}
    bookings = rows_of(connection, BOOKING, booking)
    payouts = [
        PayoutTrace(payout, rows_of(connection, BANK_LINES, {"payout": payout["payout_id"]}))
        for payout in rows_of(connection, LISTINGS, booking)
    ]
    return PaymentTrace(payment, bookings[0] if bookings else None, payouts)

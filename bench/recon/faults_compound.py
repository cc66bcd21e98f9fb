"""Faults that hide each other: a price behind a quantity, one customer's error behind another's."""

from __future__ import annotations

from datetime import UTC, datetime

from bench.recon.extracts import Row
from bench.recon.faults_lines import details_of, item_of, price_of
from bench.recon.faults_payments import Paid
from bench.recon.planter import Planter, by_id, is_settled

OFFSET = 500
# Minor units that a payment is short of; twice as much is given back.
SHORTAGES = (1, 75, 400)


def plant_hidden_price(planter: Planter) -> None:
    """B1: twice the quantity at half the price: the amount is right, and nothing else is."""
    extracts = planter.extracts
    licensed = {row["id"] for row in extracts.rows("stripe", "prices") if row["recurring"]["usage_type"] == "licensed"}
    paid = {row["id"] for row in extracts.last("stripe", "invoices").values() if row["status"] == "paid"}
    lines = [
        row
        for row in extracts.last("stripe", "invoice_line_items").values()
        if row["amount"] > 0
        and row["invoice"] in paid
        and is_settled(row["period"]["start"])
        and price_of(row) in licensed
        and not details_of(row)["proration"]
    ]
    free = planter.choose(lines, "id", lambda row: planter.is_free(item_of(row)) and planter.is_free(row["invoice"]))
    for row in free:
        quantity = int(row["quantity"])
        values = {"quantity": quantity * 2, "quantity_decimal": str(quantity * 2)}
        extracts.change("stripe", "invoice_line_items", by_id(row["id"]), values)
        for invoice in extracts.rows("stripe", "invoices"):
            for line in invoice["lines"]["data"]:
                if line["id"] == row["id"]:
                    line.update(values)
        planter.take(item_of(row), row["invoice"])
        key = f"{item_of(row)}|recurring|{_day(row, 'start')}|{_day(row, 'end')}"
        planter.label("B1", "QTY", key, money=(0, row["currency"]), quantity=str(-quantity))


def plant_offsetting_charges(planter: Planter) -> None:
    """C2: two customers' charges are off by the same amount, in opposite directions."""
    extracts = planter.extracts
    charges = extracts.last("stripe", "charges").values()
    wanted = planter.choose(
        charges,
        "id",
        lambda r: r["currency"] == "usd" and r["status"] == "succeeded" and is_settled(r["created"])
        and not r["amount_refunded"] and not r["disputed"] and r["amount"] > OFFSET,
        count=2,
    )  # fmt: skip
    for row, size in zip(wanted, (OFFSET, -OFFSET), strict=False):
        amount = row["amount"] + size
        extracts.change("stripe", "charges", by_id(row["id"]), {"amount": amount, "amount_captured": amount})
        planter.label("C2", "GROSS", row["id"], money=(size, row["currency"]))


def _day(row: Row, end: str) -> str:
    return f"{datetime.fromtimestamp(row['period'][end], UTC):%Y-%m-%d}"


def plant_short_refund_faults(planter: Planter) -> None:
    """C1 and C7: a payment that is short, and a part of it given back without a note or a booking."""
    paid = Paid(planter)
    extracts = planter.extracts
    like = next(iter(extracts.last("stripe", "refunds").values()))
    for size, row in zip(SHORTAGES, paid.some(lambda r: r["amount_paid"] > 2 * SHORTAGES[-1]), strict=False):
        charge = paid.charge_of(row)
        refund = like | {
            "id": f"re_{charge['id'][3:]}",
            "amount": size * 2,
            "currency": row["currency"],
            "charge": charge["id"],
            "payment_intent": charge["payment_intent"],
            "created": charge["created"] + 3_600,
            "balance_transaction": None,
        }
        extracts.add("stripe", "refunds", refund, by_id(like["id"]))
        short = row["amount_paid"] - size
        extracts.change("stripe", "invoice_payments", by_id(row["id"]), {"amount_paid": short})
        planter.label("C1", "SHORT", f"stripe|{row['invoice']}", money=(size, row["currency"]))
        money = (size * 2, row["currency"])
        planter.label("C7", "REFUND_NO_CN", refund["id"], money=money, also=[("C2", refund["id"])])

"""Faults of the processor's money: charges and fees (C2), refunds, disputes and credit notes (C7)."""

from __future__ import annotations

from bench.recon.extracts import Row
from bench.recon.faults_payments import balance_days
from bench.recon.planter import Planter, by_id, is_settled, other_month


def plant_charge_faults(planter: Planter) -> None:
    """C2: charges the processor never booked, bookings without a charge, other amounts, other fees."""
    extracts = planter.extracts
    bookings = extracts.last("stripe", "balance_transactions")
    payouts = {
        row["balance_transaction"]: row["payout"] for row in extracts.rows("stripe", "payout_balance_transactions")
    }
    charges = extracts.last("stripe", "charges").values()

    def booked(row: Row) -> bool:
        return (
            row["status"] == "succeeded"
            and is_settled(row["created"])
            and not row["refunded"]
            and not row["amount_refunded"]
            and not row["disputed"]
            and row["balance_transaction"] in payouts
            and planter.is_free(row["balance_transaction"])
            and planter.is_free(payouts[row["balance_transaction"]])
        )

    for row in planter.choose(charges, "id", booked):
        booking = bookings[row["balance_transaction"]]
        payout = payouts[booking["id"]]
        planter.take(booking["id"], payout)
        extracts.drop("stripe", "balance_transactions", by_id(booking["id"]))
        also = [("C3", booking["id"]), ("C3", payout), ("C8", f"1200|{payout}"), ("C8", f"1200|{row['id']}")]
        also += balance_days(booking)
        planter.label("C2", "NO_BT", row["id"], money=(row["amount"], row["currency"]), also=also)
    for row in planter.choose(charges, "id", booked):
        planter.take(row["balance_transaction"])
        extracts.drop("stripe", "charges", by_id(row["id"]))
        planter.label("C2", "BT_NO_SOURCE", row["id"], money=(-row["amount"], row["currency"]))
    for size, row in zip((2, 250, -1_000), planter.choose(charges, "id", booked), strict=False):
        planter.take(row["balance_transaction"])
        amount = row["amount"] + size
        extracts.change("stripe", "charges", by_id(row["id"]), {"amount": amount, "amount_captured": amount})
        planter.label("C2", "GROSS", row["id"], money=(size, row["currency"]))
    for size, row in zip((3, 40, 500), planter.choose(charges, "id", booked), strict=False):
        booking = bookings[row["balance_transaction"]]
        payout = payouts[booking["id"]]
        planter.take(booking["id"], payout)
        values = {"fee": booking["fee"] + size, "net": booking["net"] - size}
        extracts.change("stripe", "balance_transactions", by_id(booking["id"]), values)
        also = [("C3", booking["id"]), ("C3", payout), *balance_days(booking)]
        planter.label("C2", "FEE_VARIANCE", booking["id"], money=(size, row["currency"]), also=also)


def plant_return_faults(planter: Planter) -> None:
    """C7: money given back without a note, notes without money, failed refunds and won disputes that nobody booked."""
    extracts = planter.extracts
    notes = extracts.last("stripe", "credit_notes")
    by_refund = {row["refund"]: row for row in notes.values() if row["refund"]}
    refunds = list(extracts.last("stripe", "refunds").values())

    def old(row: Row) -> bool:
        return is_settled(row["created"]) and row["id"] in by_refund

    for row in planter.choose(refunds, "id", old, 3):
        note = by_refund[row["id"]]
        extracts.drop("stripe", "credit_notes", by_id(note["id"]))
        also = [("B4", note["id"]), ("T1", f"note|{note['id']}")]
        planter.label("C7", "REFUND_NO_CN", row["id"], also=also)
    for row in planter.choose(refunds, "id", old, 3):
        extracts.change("stripe", "refunds", by_id(row["id"]), {"status": "failed"})
        note = by_refund[row["id"]]
        also = [("C2", row["id"])]
        planter.label("C7", "REFUND_FAILED_NOT_REVERSED", row["id"], also=also)
    disputes = list(extracts.last("stripe", "disputes").values())
    for row in planter.choose(disputes, "id", lambda r: r["status"] == "lost" and is_settled(r["created"]), 3):
        for version in extracts.rows("stripe", "disputes"):
            if version["id"] == row["id"] and version["status"] == "lost":
                version["status"] = "won"
        planter.label("C7", "DISPUTE_WON_NOT_REINSTATED", row["id"])
    memos = [
        row | {"key": f"memo|{row['id']}"}
        for row in extracts.last("erp", "transaction").values()
        if row["type"] == "CustCred"
    ]
    for row in planter.choose(memos, "key", lambda r: not r["externalid"] and r["trandate"] < "2026-10-20", 3):
        extracts.change("erp", "transaction", by_id(row["id"]), {"trandate": other_month(row["trandate"])})
        planter.label("C7", "CN_WRONG_PERIOD", row["key"], also=[("F1", row["id"])])

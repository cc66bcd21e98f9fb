"""Faults of payments and what is given back: C1, C2, C3 and C7 in the records of the processor and the ERP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.recon.extracts import Row
from bench.recon.planter import SIZES, Planter, by_id, is_settled
from ingestion.sample_company.money import EXPONENT

NO_RATE = "0.9"


class Paid:
    """Payments of Stripe invoices that were paid once, not given back and not disputed."""

    def __init__(self, planter: Planter) -> None:
        self.planter = planter
        extracts = planter.extracts
        self.invoices = extracts.last("stripe", "invoices")
        self.charges = extracts.last("stripe", "charges")
        self.intents = extracts.last("stripe", "payment_intents")
        self.bookings = extracts.last("stripe", "balance_transactions")
        self.payouts: dict[str, str] = {
            row["balance_transaction"]: row["payout"] for row in extracts.rows("stripe", "payout_balance_transactions")
        }
        payments = list(extracts.last("stripe", "invoice_payments").values())
        several = [row["invoice"] for row in payments]
        self.rows = [
            row
            for row in payments
            if several.count(row["invoice"]) == 1 and row["status"] == "paid" and self._is_plain(self.charge_of(row))
        ]

    def charge_of(self, row: Row) -> Row:
        """The charge that paid."""
        return self.charges[self.intents[row["payment"]["payment_intent"]]["latest_charge"]]

    def _is_plain(self, charge: Row) -> bool:
        return (
            charge["status"] == "succeeded"
            and is_settled(charge["created"])
            and not charge["amount_refunded"]
            and not charge["disputed"]
        )

    def some(self, wanted: Callable[[Row], bool] = lambda _: True, count: int = len(SIZES)) -> list[Row]:
        """Payments of which nothing was touched: invoice, charge, booking, payout."""
        chosen: list[Row] = []
        for row in self.planter.shuffled(self.rows):
            charge = self.charge_of(row)
            booking = str(charge["balance_transaction"])
            names = (row["invoice"], charge["id"], booking, self.payouts.get(booking, booking))
            if len(chosen) < count and all(self.planter.is_free(name) for name in names) and wanted(row):
                self.planter.take(*names)
                chosen.append(row)
        return chosen


def plant_application_faults(planter: Planter) -> None:
    """C1: payments of somebody else, of an invoice that is not there, in another currency, and of one left open."""
    paid = Paid(planter)
    extracts = planter.extracts
    customers = [row["id"] for row in extracts.last("stripe", "customers").values() if row["metadata"]]
    for row in paid.some():
        charge = paid.charge_of(row)
        other = next(name for name in planter.shuffled(customers) if name != charge["customer"])
        extracts.change("stripe", "charges", by_id(charge["id"]), {"customer": other})
        extracts.change("stripe", "payment_intents", by_id(charge["payment_intent"]), {"customer": other})
        planter.label("C1", "MISAPPLIED", f"stripe|{row['invoice']}")
    for row in paid.some():
        unknown = f"{row['invoice']}Unknown"
        # Of some invoices the intent says what it paid.
        also = [("C1", f"stripe|{row['invoice']}")]
        extracts.change("stripe", "invoice_payments", by_id(row["id"]), {"invoice": unknown})
        planter.label(
            "C1", "UNKNOWN_INVOICE", f"stripe|{unknown}", money=(-row["amount_paid"], row["currency"]), also=also
        )
    for row in paid.some():
        other = "eur" if row["currency"] != "eur" else "usd"
        extracts.change("stripe", "invoice_payments", by_id(row["id"]), {"currency": other})
        planter.label("C1", "WRONG_CUR", f"stripe|{row['invoice']}")
    for row in paid.some():
        for version in extracts.rows("stripe", "invoices"):
            if version["id"] == row["invoice"] and version["status"] == "paid":
                version["status"] = "open"
        planter.label("C1", "PAID_NOT_CLOSED", f"stripe|{row['invoice']}")


def plant_unapplied_faults(planter: Planter) -> None:
    """C1: a wire that the ERP wrote down and applied to nothing."""
    extracts = planter.extracts
    wires = [
        row
        for row in extracts.last("erp", "transaction").values()
        if row["type"] == "CustPymt"
        and not row["externalid"].startswith(("pi_", "ch_"))
        and row["trandate"] < "2026-10-20"
    ]
    lines = [row for row in extracts.rows("erp", "transactionline") if row["appliedtotransaction"]]
    for row in planter.choose(wires, "id", lambda _: True):
        own = [line for line in lines if line["transaction"] == row["id"]]
        also = [("C1", f"erp|{line['appliedtotransaction']}") for line in own] + [("G1", row["id"])]
        for line in own:
            line["appliedtotransaction"] = ""
        planter.label("C1", "UNAPPLIED", f"payment|{row['id']}", also=also)


def plant_conversion_faults(planter: Planter) -> None:
    """C2: charges settled in another currency at another rate than stated; charges whose currency is another one."""
    paid = Paid(planter)
    extracts = planter.extracts

    def settled_abroad(row: Row, size: int) -> str:
        """The charge was in Swiss francs, two for each unit of what it was booked in, and `size` more."""
        charge = paid.charge_of(row)
        amount = 2 * (charge["amount"] + size)
        booking = charge["balance_transaction"]
        values = {"amount": amount, "amount_captured": amount, "currency": "chf"}
        extracts.change("stripe", "charges", by_id(charge["id"]), values)
        extracts.change("stripe", "balance_transactions", by_id(booking), {"exchange_rate": 0.5})
        return str(charge["id"])

    def has_cents(row: Row) -> bool:
        return bool(row["currency"] in {"usd", "eur"})

    for size, row in zip((2, 300, -4_000), paid.some(has_cents), strict=False):
        planter.label("C2", "FX", settled_abroad(row, size), money=(size, row["currency"]))
    for row in paid.some(has_cents, 2):
        planter.decoy("C2", "FX", settled_abroad(row, 0))
    for row in paid.some():
        name = paid.charge_of(row)["id"]
        extracts.change("stripe", "charges", by_id(name), {"currency": "chf"})
        planter.label("C2", "CURRENCY", name)


def plant_dispute_faults(planter: Planter) -> None:
    """C2: a charge with two disputes. C7: a lost dispute whose money was never taken."""
    paid = Paid(planter)
    extracts = planter.extracts
    disputes = list(extracts.last("stripe", "disputes").values())
    for row in planter.choose(disputes, "id", lambda r: is_settled(r["created"])):
        again = row | {"id": f"{row['id']}Again", "status": "warning_closed", "balance_transactions": []}
        extracts.add("stripe", "disputes", again, by_id(row["id"]))
        planter.label("C2", "MULTI_DISPUTE", row["charge"])
    for row in paid.some():
        charge = paid.charge_of(row)
        lost = disputes[0] | {
            "id": f"dp_{charge['id'][3:]}",
            "amount": charge["amount"],
            "currency": charge["currency"],
            "charge": charge["id"],
            "payment_intent": charge["payment_intent"],
            "created": charge["created"] + 3_600,
            "status": "lost",
            "balance_transactions": [],
        }
        extracts.add("stripe", "disputes", lost, by_id(disputes[0]["id"]))
        planter.label("C7", "DISPUTE_LOST_NOT_POSTED", lost["id"], money=(-charge["amount"], charge["currency"]))


def plant_member_faults(planter: Planter) -> None:
    """C3: a payout that lists what was never booked, and one that holds money of another currency."""
    paid = Paid(planter)
    extracts = planter.extracts
    members = list(paid.payouts.values())
    for row in paid.some(lambda r: paid.charge_of(r)["balance_transaction"] in paid.payouts):
        payout = paid.payouts[paid.charge_of(row)["balance_transaction"]]
        unknown = f"txn_unknown{payout[3:]}"
        member = {"payout": payout, "balance_transaction": unknown}
        extracts.add("stripe", "payout_balance_transactions", member, by_id(payout, "payout"))
        planter.label("C3", "BT_UNKNOWN", unknown)

    def has_company(row: Row) -> bool:
        payout = paid.payouts.get(paid.charge_of(row)["balance_transaction"])
        return payout is not None and members.count(payout) > 1

    for row in paid.some(has_company):
        charge = paid.charge_of(row)
        booking = charge["balance_transaction"]
        days = balance_days(paid.bookings[booking], "chf")
        planter.take(*(key for _, key in days))
        also = [("C2", charge["id"]), ("C2", booking), *days]
        extracts.change("stripe", "balance_transactions", by_id(booking), {"currency": "chf"})
        planter.label("C3", "CUR_BUCKET", paid.payouts[booking], also=also)


def plant_note_faults(planter: Planter) -> None:
    """C7: notes without their refund, over another amount or currency; refunds of more than was charged."""
    extracts = planter.extracts
    charges = extracts.last("stripe", "charges")
    refunds = extracts.last("stripe", "refunds")
    notes = [
        row
        for row in extracts.last("stripe", "credit_notes").values()
        if row["refund"] and is_settled(row["created"]) and planter.is_free(row["refund"])
    ]
    for size, row in zip(SIZES[:2], planter.choose(notes, "id", lambda _: True, 2), strict=True):
        extracts.change(
            "stripe", "credit_notes", by_id(row["id"]), {"post_payment_amount": row["post_payment_amount"] + size}
        )
        planter.label("C7", "AMOUNT", row["refund"], money=(-size, row["currency"]))
    for row in planter.choose(notes, "id", lambda _: True, 2):
        money = (-row["post_payment_amount"], row["currency"])
        also = [("C7", row["refund"])]
        planter.label("C7", "CN_NO_REFUND_OR_BALANCE", f"note|{row['id']}", money=money, also=also)
        extracts.change("stripe", "credit_notes", by_id(row["id"]), {"refund": None})
    for row in planter.choose(notes, "id", lambda _: True, 2):
        extracts.change("stripe", "credit_notes", by_id(row["id"]), {"currency": "chf"})
        planter.label("C7", "CURRENCY", row["refund"], also=[("B4", row["id"]), ("T1", f"note|{row['id']}")])
    for size, row in zip(SIZES[:2], planter.choose(notes, "id", lambda _: True, 2), strict=True):
        refund = refunds[row["refund"]]
        charge = charges[refund["charge"]]
        amount = charge["amount"] + size
        extracts.change("stripe", "refunds", by_id(refund["id"]), {"amount": amount})
        also = [("C2", refund["id"]), ("C7", refund["id"]), ("C8", f"1200|{refund['id']}")]
        planter.label("C7", "REFUND_GT_CHARGE", f"charge|{charge['id']}", money=(-size, row["currency"]), also=also)
    for row in planter.choose(notes, "id", lambda r: r["total"] != r["subtotal"], 2):
        money = (row["total"] - row["subtotal"], row["currency"])
        also = [("B4", row["id"]), ("C7", row["refund"])]
        planter.label("T1", "CN_TAX_NOT_REVERSED", f"note|{row['id']}", money=money, also=also)
        extracts.change("stripe", "credit_notes", by_id(row["id"]), {"total": row["subtotal"]})


def balance_days(booking: Row, *currencies: str) -> list[tuple[str, str]]:
    """Where the proof of the processor's balance (C5) sees that a balance transaction is another one."""
    day = datetime.fromtimestamp(booking["created"], UTC).date()
    places = []
    for currency in (booking["currency"], *currencies):
        for first in (day, day + timedelta(days=1)):
            span = f"{currency}|{first}|{first + timedelta(days=1)}"
            places += [("C5", span), ("C5", f"{span}|{booking['reporting_category']}")]
    return places


def plant_balance_faults(planter: Planter) -> None:
    """C5: days whose balance the processor reports otherwise, or under another category."""
    extracts = planter.extracts
    rows = list(extracts.rows("stripe", "balance_summaries"))
    for row in rows:
        row["key"] = f"{row['currency']}|{_span(row)}"
    closings = [row for row in rows if row["category"] == "ending_balance" and is_settled(row["interval_end"])]
    moved: dict[str, list[Row]] = {}
    for row in rows:
        if not row["category"].endswith("_balance"):
            moved.setdefault(row["key"], []).append(row)

    def alone(row: Row) -> bool:
        day = datetime.fromtimestamp(row["interval_end"], UTC).date()
        after = f"{row['currency']}|{day}|{day + timedelta(days=1)}"
        fits = planter.is_free(after) and planter.is_free(row["key"])
        if fits:
            planter.take(after)
        return fits

    for size, row in zip(SIZES, planter.choose(closings, "key", alone), strict=False):
        scale = EXPONENT[row["currency"]]
        row["net_amount"] = f"{Decimal(row['net_amount']) + Decimal(size).scaleb(-scale):f}"
        day = datetime.fromtimestamp(row["interval_end"], UTC).date()
        also = [("C5", f"{row['currency']}|{day}|{day + timedelta(days=1)}")]
        planter.label("C5", "ROLL", row["key"], money=(-size, row["currency"]), also=also)
    several = [
        own[0]
        for key, own in moved.items()
        if len(own) > 1 and planter.is_free(key) and is_settled(own[0]["interval_end"])
    ]
    for size, row in zip(SIZES, planter.choose(several, "key", lambda _: True), strict=False):
        other = moved[row["key"]][1]
        for one, sign in ((row, 1), (other, -1)):
            amount = Decimal(one["net_amount"]) + sign * Decimal(size).scaleb(-EXPONENT[row["currency"]])
            one["net_amount"] = f"{amount:f}"
        also = [("C5", f"{row['key']}|{other['category']}")]
        money = (-size, row["currency"])
        planter.label("C5", "CATEGORY_DRIFT", f"{row['key']}|{row['category']}", money=money, also=also)
    _leave_out(planter, moved)
    for row in rows:
        del row["key"]


def _leave_out(planter: Planter, moved: dict[str, list[Row]]) -> None:
    """Days of a currency that no summary speaks of, though something was booked."""
    fits = [own[0] for key, own in moved.items() if is_settled(own[0]["interval_end"]) and planter.is_free(key)]
    missing = {row["key"]: row for row in planter.choose(fits, "key", lambda _: True)}
    for key, row in missing.items():
        planter.label("C5", "MISSING_RIGHT", key, money=(_booked(planter, row), row["currency"]))
    planter.extracts.drop("stripe", "balance_summaries", lambda row: row["key"] in missing)


def plant_nameless_faults(planter: Planter) -> None:
    """C5: balance transactions that say no currency, and so belong to no balance."""
    paid = Paid(planter)
    for row in paid.some(lambda r: paid.charge_of(r)["balance_transaction"] in paid.payouts):
        charge = paid.charge_of(row)
        booking = paid.bookings[charge["balance_transaction"]]
        payout = paid.payouts[booking["id"]]
        days = balance_days(booking)
        planter.take(*(key for _, key in days))
        also = [("C2", charge["id"]), ("C2", booking["id"]), ("C3", booking["id"]), ("C3", payout), *days]
        also += [("C8", f"1200|{payout}"), ("C8", f"1200|{charge['id']}")]
        planter.extracts.change("stripe", "balance_transactions", by_id(booking["id"]), {"currency": None})
        day = datetime.fromtimestamp(booking["created"], UTC).date()
        planter.label("C5", "NULL_KEY", f"no key|left|none|{day}", also=also)


def _booked(planter: Planter, row: Row) -> int:
    """What the balance transactions of the summary's days come to, in minor units."""
    bookings = planter.extracts.last("stripe", "balance_transactions").values()
    span = range(row["interval_start"], row["interval_end"])
    return sum(one["net"] for one in bookings if one["currency"] == row["currency"] and one["created"] in span)


def _span(row: Row) -> str:
    first, last = (datetime.fromtimestamp(row[name], UTC).date() for name in ("interval_start", "interval_end"))
    return f"{first}|{last}"

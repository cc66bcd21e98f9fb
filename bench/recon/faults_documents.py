"""Faults of documents: numbers that do not add up in Stripe (B3), records that the ERP lacks or got wrong (B2, B4)."""

from __future__ import annotations

import re
from decimal import Decimal

from bench.recon.extracts import Row
from bench.recon.planter import SIZES, Planter, by_id, is_settled, other_month
from ingestion.sample_company.money import EXPONENT

NUMBER = re.compile(r"[0-9]{4}A-[0-9]{4}")
CURRENCIES = {"1": "usd", "2": "eur", "3": "jpy"}
POSTED = ("transaction", "transactionline", "transactionaccountingline")


def plant_invoice_faults(planter: Planter) -> None:
    """B3: totals, what is due and what remains, each changed on the invoice itself and nowhere else."""
    invoices = planter.extracts.last("stripe", "invoices").values()

    def issued(row: Row) -> bool:
        return row["status"] in {"open", "paid"} and is_settled(row["created"]) and row["total"] > 0

    def change(row: Row, **values: int) -> None:
        name = row["id"]
        planter.extracts.change("stripe", "invoices", lambda r: r["id"] == name and r["status"] != "draft", values)

    for size, row in zip(SIZES, planter.choose(invoices, "id", issued), strict=False):
        key, total = f"stripe|{row['id']}", row["total"]
        change(row, total=total + size)
        also = [("C1", key), ("B4", row["id"])]
        planter.label("B3", "ARITH", key, money=(-size, row["currency"]), also=also)
    for size, row in zip(
        SIZES, planter.choose(invoices, "id", lambda r: issued(r) and r["status"] == "paid"), strict=False
    ):
        change(row, amount_due=row["amount_due"] + size)
        planter.label("B3", "AMT_DUE", f"stripe|{row['id']}", money=(-size, row["currency"]))
    for size, row in zip(
        SIZES, planter.choose(invoices, "id", lambda r: issued(r) and r["status"] == "paid"), strict=False
    ):
        last = [
            r for r in planter.extracts.rows("stripe", "invoices") if r["id"] == row["id"] and r["status"] == "paid"
        ]
        for version in last:
            version["amount_remaining"] = size
        planter.label("B3", "STATUS", f"stripe|{row['id']}", money=(-size, row["currency"]))


def plant_number_faults(planter: Planter) -> None:
    """B3: a customer's last invoice has a number some further on than the one before it."""
    extracts = planter.extracts
    last: dict[str, Row] = {}
    odd = set()
    for row in extracts.last("stripe", "invoices").values():
        if row["number"] is None or not NUMBER.fullmatch(row["number"]):
            odd.add(row["customer"])
        elif row["customer"] not in last or row["number"] > last[row["customer"]]["number"]:
            last[row["customer"]] = row
    fits = [row for row in last.values() if row["customer"] not in odd and not row["number"].endswith("-0001")]
    for more, row in zip(
        (1, 5, 90), planter.choose(fits, "id", lambda r: r["status"] in {"open", "paid"}), strict=False
    ):
        series, _, number = row["number"].rpartition("-")
        other = f"{series}-{int(number) + more:04d}"
        for version in extracts.rows("stripe", "invoices"):
            if version["id"] == row["id"] and version["number"] is not None:
                version["number"] = other
        planter.label("B3", "NUMBER_GAP", f"stripe|{other}", quantity=str(more))


def plant_mirror_faults(planter: Planter) -> None:
    """B4: a Stripe document that the ERP does not have, has twice, in another month, unvoided, or edited."""
    extracts = planter.extracts
    mirrors = {row["externalid"]: row for row in extracts.rows("erp", "transaction") if row["type"] == "CustInvc"}
    invoices = extracts.last("stripe", "invoices")

    def mirrored(row: Row) -> bool:
        return (
            row["id"] in mirrors
            and row["status"] in {"open", "paid"}
            and is_settled(row["created"])
            and row["total"] > 0
        )

    for row in planter.choose(invoices.values(), "id", mirrored):
        name = mirrors[row["id"]]["id"]
        drop_transaction(planter, name)
        planter.label("B4", "NOT_POSTED", row["id"], money=(row["total"], row["currency"]), also=books(name))
    for row in planter.choose(invoices.values(), "id", mirrored):
        name = mirrors[row["id"]]["id"]
        copy_transaction(planter, name, f"7{name}")
        also = [*books(name), *books(f"7{name}")]
        planter.label("B4", "POSTED_TWICE", row["id"], money=(-row["total"], row["currency"]), also=also)
    for row in planter.choose(invoices.values(), "id", mirrored):
        name = mirrors[row["id"]]["id"]
        extracts.change("erp", "transaction", by_id(name), {"trandate": other_month(mirrors[row["id"]]["trandate"])})
        planter.label("B4", "CUTOFF", row["id"], also=books(name))
    for size, row in zip(SIZES, planter.choose(invoices.values(), "id", mirrored), strict=False):
        mirror = mirrors[row["id"]]
        digits = EXPONENT[CURRENCIES[mirror["currency"]]]
        total = Decimal(mirror["foreigntotal"]) + Decimal(size).scaleb(-digits)
        extracts.change("erp", "transaction", by_id(mirror["id"]), {"foreigntotal": f"{total:f}"})
        planter.label("B4", "AMOUNT", row["id"], money=(-size, row["currency"]), also=books(mirror["id"]))
    for row in planter.choose(invoices.values(), "id", lambda r: r["id"] in mirrors and r["status"] == "void"):
        mirror = mirrors[row["id"]]
        values = {"status": "A", "posting": "T", "voided": "F"}
        extracts.change("erp", "transaction", by_id(mirror["id"]), values)
        planter.label(
            "B4", "VOID_NOT_REVERSED", row["id"], money=(-row["total"], row["currency"]), also=books(mirror["id"])
        )


def plant_purchase_order_faults(planter: Planter) -> None:
    """B2: an invoice does not name the purchase order that its order has."""
    rows = planter.extracts.last("erp", "transaction").values()
    wanted = [
        row for row in rows if row["type"] == "CustInvc" and row["otherrefnum"] and row["trandate"] < "2026-10-20"
    ]
    for row in planter.choose(wanted, "id", lambda _: True):
        planter.label("B2", "PO_MISSING", f"erp|{row['id']}|{row['otherrefnum']}")
        planter.extracts.change("erp", "transaction", by_id(row["id"]), {"otherrefnum": ""})


def books(transaction: str) -> list[tuple[str, str]]:
    """Where the ledger's controls see that an invoice's record in the ERP is not what it should be."""
    return [("G1", transaction), ("T1", transaction), ("F1", transaction)]


def drop_transaction(planter: Planter, name: str) -> None:
    """The record was never made."""
    planter.extracts.drop("erp", "transaction", by_id(name))
    for part in POSTED[1:]:
        planter.extracts.drop("erp", part, by_id(name, "transaction"))


def copy_transaction(planter: Planter, name: str, other: str) -> None:
    """The record once more under another id, beside the first."""
    for part in POSTED:
        key = "id" if part == "transaction" else "transaction"
        for row in [dict(row) for row in planter.extracts.rows("erp", part) if row[key] == name]:
            copied = row | {key: other}
            if part == "transactionline":
                copied["uniquekey"] = f"7{row['uniquekey']}"
            planter.extracts.add("erp", part, copied, by_id(name, key))

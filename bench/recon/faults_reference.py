"""Faults of master data: a catalogue that drifts from what other systems sell (M2), rates of other days (F1)."""

from __future__ import annotations

from decimal import Decimal

from bench.recon.extracts import Row
from bench.recon.planter import Planter, by_id

# What is missing as a whole, in every currency, is another class than one currency that is missing.
WHOLE_PRODUCT, WHOLE_ITEM, WHOLE_CODE = "starter-", "ENTERPRISE-SUPPORT-", "ENTERPRISE-SUPPORT-M"


def plant_catalogue_faults(planter: Planter) -> None:
    """M2: what Stripe says of a price, changed in its own record alone."""
    extracts = planter.extracts
    prices = list(extracts.last("stripe", "prices").values())

    def flat(row: Row) -> bool:
        return bool(row["active"]) and row["unit_amount"] is not None

    for row in planter.choose(prices, "id", lambda r: r["metadata"]["price_code"].startswith(WHOLE_PRODUCT)):
        extracts.drop("stripe", "prices", by_id(row["id"]))
        planter.label("M2", "MISSING_IN_STRIPE", f"stripe|{row['id']}")
    for row in planter.choose(prices, "id", flat):
        extracts.drop("stripe", "prices", by_id(row["id"]))
        planter.label("M2", "CURRENCY_SET", f"stripe|{row['id']}")
    for row in planter.choose(prices, "id", flat):
        name = f"{row['id']}Unknown"
        extracts.add("stripe", "prices", row | {"id": name, "lookup_key": None, "metadata": {}}, by_id(row["id"]))
        planter.label("M2", "MISSING_IN_CATALOGUE", f"stripe|{name}")
    for size, row in zip((1, 100, 5_000), planter.choose(prices, "id", flat), strict=False):
        amount = row["unit_amount"] + size
        extracts.change(
            "stripe", "prices", by_id(row["id"]), {"unit_amount": amount, "unit_amount_decimal": str(amount)}
        )
        planter.label("M2", "AMOUNT", f"stripe|{row['id']}", quantity=str(-size))
    for row, interval in zip(planter.choose(prices, "id", flat), ("year", "week", "day"), strict=False):
        extracts.change("stripe", "prices", by_id(row["id"]), {"recurring": row["recurring"] | {"interval": interval}})
        planter.label("M2", "INTERVAL", f"stripe|{row['id']}")
    kept = {
        item["price"]["id"]
        for subscription in extracts.last("stripe", "subscriptions").values()
        if subscription["status"] not in {"canceled", "incomplete_expired"}
        for item in subscription["items"]["data"]
    }
    for row in planter.choose(prices, "id", lambda r: not r["active"] and r["id"] not in kept):
        # What is no longer sold, and nobody keeps, can be bought again.
        extracts.change("stripe", "prices", by_id(row["id"]), {"active": True})
        planter.label("M2", "ACTIVE_FLAG", f"stripe|{row['id']}")
    for row in planter.choose(prices, "id", lambda r: bool(r.get("tiers") and r["tiers"][0]["up_to"])):
        tiers = [dict(tier) for tier in row["tiers"]]
        tiers[0]["up_to"] += 10
        extracts.change("stripe", "prices", by_id(row["id"]), {"tiers": tiers})
        planter.label("M2", "TIER_BOUND", f"stripe|{row['id']}|tier 1")


def plant_item_faults(planter: Planter) -> None:
    """M2: what the ERP and the CRM have of the price list."""
    extracts = planter.extracts
    items = [row | {"key": f"erp|{row['id']}"} for row in extracts.last("erp", "item").values()]
    for row in planter.choose(items, "key", lambda r: r["itemid"].startswith(WHOLE_ITEM)):
        extracts.drop("erp", "item", by_id(row["id"]))
        planter.label("M2", "MISSING_IN_ERP", row["key"])
    for row in planter.choose(items, "key", lambda _: True):
        extracts.change("erp", "item", by_id(row["id"]), {"incomeaccount": "8" if row["incomeaccount"] != "8" else "6"})
        planter.label("M2", "REV_ACCOUNT", row["key"])
    entries = [
        row | {"key": f"{row['ProductCode']}|{row['CurrencyIsoCode'].lower()}"}
        for row in extracts.last("crm", "PricebookEntry", "Id").values()
        if row["ProductCode"] == WHOLE_CODE
    ]
    for row in planter.choose(entries, "key", lambda _: True):
        extracts.drop("crm", "PricebookEntry", by_id(row["Id"], "Id"))
        planter.label("M2", "MISSING_IN_CRM", f"crm|{row['key']}")


def plant_rate_faults(planter: Planter) -> None:
    """F1: documents of the ERP at a rate that no table has for their day."""
    extracts = planter.extracts
    rows = [row for row in extracts.last("erp", "transaction").values() if row["type"] == "CustPymt"]

    def foreign(row: Row) -> bool:
        return bool(row["currency"] != "1" and row["trandate"] < "2026-10-20")

    for row, factor in zip(planter.choose(rows, "id", foreign), ("1.001", "1.05", "0.9"), strict=False):
        rate = (Decimal(row["exchangerate"]) * Decimal(factor)).quantize(Decimal("0.00000001"))
        extracts.change("erp", "transaction", by_id(row["id"]), {"exchangerate": f"{rate:f}"})
        planter.label("F1", "RATE_SOURCE_MIX", row["id"])

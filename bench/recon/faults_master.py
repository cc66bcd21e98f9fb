"""Faults of who is who and what was agreed: customers (M1), catalogue (M2), quotes (O3), what nobody rates (B5)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from bench.recon.extracts import Row
from bench.recon.planter import Planter, by_id
from ingestion.sample_company.crm_ids import checksum

# 4 November, noon; who is billed from then on would see it in the bill.
WAIVER_END = 1_793_793_600
BILLED_LATER = range(4, 11)
# Whoever is there since then was billed more than once.
LONG_AGO = 1_790_000_000


def plant_customer_faults(planter: Planter) -> None:
    """M1: customers that nobody knows, stand twice, contradict each other, are gone, were another or pay otherwise."""
    extracts = planter.extracts
    customers = [row for row in extracts.last("stripe", "customers").values() if "account_id" in row["metadata"]]
    records = list(extracts.last("erp", "customer").values())
    accounts = {row["stripe_customer_id"]: row for row in extracts.rows("control_plane", "accounts")}
    for row in planter.choose(customers, "id", lambda _: True):
        name = f"{row['id']}Nobody"
        extracts.add("stripe", "customers", row | {"id": name, "metadata": {}}, by_id(row["id"]))
        planter.label("M1", "UNLINKED", f"stripe|{name}")
    for row in planter.choose(records, "id", lambda r: planter.is_free(r["externalid"])):
        planter.take(row["externalid"])
        extracts.add(
            "erp", "customer", row | {"id": f"7{row['id']}", "entityid": f"{row['entityid']}-2"}, by_id(row["id"])
        )
        planter.label("M1", "ONE_TO_MANY", f"erp|{row['externalid']}")
    for row in planter.choose(customers, "id", lambda _: True):
        extracts.change("stripe", "customers", by_id(row["id"]), {"metadata": {"account_id": "acct_9999"}})
        planter.label("M1", "CONFLICT", f"stripe|{row['id']}")
    sold = [row for row in extracts.last("crm", "Account", "Id").values() if row["ParentId"] != "#N/A"]
    parents = {row["ParentId"] for row in sold}
    gone = [row for row in extracts.last("crm", "Account", "Id").values() if row["Id"] not in parents]
    for row in planter.choose(gone, "Id", lambda _: True):
        extracts.change("crm", "Account", by_id(row["Id"], "Id"), {"IsDeleted": "true"})
        planter.label("M1", "MERGED_IN_SOURCE", f"crm|{row['Id']}", also=_paid_by_parent(planter, row))
    for row in planter.choose(records, "externalid", lambda r: r["externalid"] in accounts):
        other = "2" if row["currency"] != "2" else "1"
        extracts.change("erp", "customer", by_id(row["id"]), {"currency": other})
        planter.label("M1", "CURRENCY", f"{accounts[row['externalid']]['account_id']}|currency")
    for row in planter.choose(customers, "id", lambda r: r["id"] in accounts):
        account = accounts[row["id"]]
        now = account | {"updated_at": "2026-11-05T09:00:00Z"}
        _deliver_later(planter, now)
        key = by_id(account["account_id"], "account_id")
        for version in extracts.rows("control_plane", "accounts"):
            if key(version) and version is not now:
                version["stripe_customer_id"] = f"{row['id']}Before"
        also = [("M1", f"erp|{row['id']}")]
        planter.label("M1", "LINK_FLIP", f"stripe|{row['id']}", also=also)


def _paid_by_parent(planter: Planter, account: Row) -> list[tuple[str, str]]:
    """Invoices of a child that is gone: that their payer is its parent, nothing says any more (C1)."""
    if account["ParentId"] == "#N/A":
        return []
    own = [row["id"] for row in planter.extracts.rows("erp", "customer") if row["externalid"] == account["Id"]]
    bills = planter.extracts.last("erp", "transaction").values()
    return [("C1", f"erp|{row['id']}") for row in bills if row["type"] == "CustInvc" and row["entity"] in own]


def _deliver_later(planter: Planter, row: Row) -> None:
    """Put a version of an account into a delivery after the first one."""
    later = planter.extracts.later("control_plane", "accounts", "2026-11-06")
    later.rows.append(row)


def plant_price_record_faults(planter: Planter) -> None:
    """M2: products that Stripe taxes as something else; prices that it sells no more, or in another currency."""
    extracts = planter.extracts
    prices = list(extracts.last("stripe", "prices").values())
    products = list(extracts.last("stripe", "products").values())
    for row in planter.choose(products, "id", lambda _: True, 2):
        extracts.change("stripe", "products", by_id(row["id"]), {"tax_code": "txcd_99999999"})
        sold = [price for price in prices if price["product"] == row["id"]]
        own = [price["id"] for price in sorted(sold, key=lambda price: (not price["active"], price["id"]))]
        planter.take(*own)
        planter.label("M2", "TAX_CODE", f"stripe|{own[0]}", also=[("M2", f"stripe|{name}") for name in own[1:]])
    for row in planter.choose(prices, "id", lambda r: bool(r["active"])):
        extracts.change("stripe", "prices", by_id(row["id"]), {"active": False})
        planter.label("M2", "ACTIVE_FLAG", f"stripe|{row['id']}")
    for row in planter.choose(prices, "id", lambda r: bool(r["active"]) and not r.get("tiers")):
        extracts.change("stripe", "prices", by_id(row["id"]), {"currency": "chf"})
        planter.label("M2", "CURRENCY", f"stripe|{row['id']}")


def plant_quote_difference_faults(planter: Planter) -> None:
    """O3: quotes and orders that differ though nobody touched the quote after it was signed."""
    extracts = planter.extracts
    quoted = [
        row | {"key": f"{row['QuoteId']}|{row['PricebookEntryId']}"}
        for row in extracts.rows("crm", "QuoteLineItem")
        if Decimal(row["UnitPrice"]) > 0
    ]

    def some() -> list[Row]:
        return planter.choose(quoted, "key", lambda r: planter.is_free(r["QuoteId"]))

    by_quote = {row["QuoteId"]: row for row in quoted}
    for row in planter.choose(by_quote.values(), "key", lambda _: True):
        planter.take(row["QuoteId"])
        extracts.change("crm", "Quote", by_id(row["QuoteId"], "Id"), {"CurrencyIsoCode": "CHF"})
        others = [one for one in extracts.rows("crm", "QuoteLineItem") if one["QuoteId"] == row["QuoteId"]]
        also = [("O3", f"{one['QuoteId']}|{one['PricebookEntryId']}") for one in others]
        planter.label("O3", "CURRENCY", row["key"], also=also)
    for row, more in zip(some(), (1, 5, 40), strict=False):
        values = {"Quantity": f"{Decimal(row['Quantity']) + more:f}"}
        extracts.change("crm", "QuoteLineItem", by_id(row["Id"], "Id"), values)
        planter.label("O3", "QUANTITY", row["key"], quantity=str(more))
    for row, more in zip(some(), (1, 30, 500), strict=False):
        values = {"UnitPrice": f"{Decimal(row['UnitPrice']) + more:f}"}
        extracts.change("crm", "QuoteLineItem", by_id(row["Id"], "Id"), values)
        planter.label("O3", "AMOUNT", row["key"])
    for row in some():
        extracts.drop("crm", "QuoteLineItem", by_id(row["Id"], "Id"))
        planter.label("O3", "MISSING_LEFT", row["key"])
    for row in some():
        entry = _other_id(row["PricebookEntryId"])
        added = {name: value for name, value in row.items() if name != "key"}
        added |= {"Id": _other_id(row["Id"]), "PricebookEntryId": entry}
        extracts.add("crm", "QuoteLineItem", added, by_id(row["Id"], "Id"))
        planter.label("O3", "MISSING_RIGHT", f"{row['QuoteId']}|{entry}")


def plant_unrated_faults(planter: Planter) -> None:
    """B5: items at a price that no catalogue has, and discounts that are over and still there."""
    extracts = planter.extracts
    active = [row for row in extracts.last("stripe", "subscriptions").values() if row["status"] == "active"]

    def versions(name: str) -> list[Row]:
        found = [row for row in extracts.rows("stripe", "subscriptions") if row["id"] == name]
        events = (row["data"]["object"] for row in extracts.rows("stripe", "events"))
        return found + [row for row in events if row["id"] == name]

    def whole_time(row: Row) -> bool:
        return bool(row["created"] < LONG_AGO and not row["discounts"])

    def quiet(row: Row) -> bool:
        anchor = datetime.fromtimestamp(row["billing_cycle_anchor"], UTC).day
        return bool(row["discounts"]) and anchor not in BILLED_LATER

    for row in planter.choose(active, "id", whole_time):
        first = row["items"]["data"][0]
        name = f"{first['id']}Gift"
        price = first["price"] | {"id": f"{first['price']['id']}Gift", "metadata": {}, "lookup_key": None}
        for version in versions(row["id"]):
            version["items"]["data"].append(first | {"id": name, "price": price})
        planter.label("B5", "NEVER_RATED", f"stripe|{name}")
    for row in planter.choose(active, "id", quiet):
        for version in versions(row["id"]):
            for discount in version["discounts"]:
                discount["end"] = WAIVER_END
        planter.label("B5", "WAIVER_EXPIRED", f"{row['id']}|{row['discounts'][0]['id']}")


def _other_id(name: str) -> str:
    """A valid id of the CRM that nobody has."""
    short = f"{name[:12]}ZZZ"
    return short + checksum(short)

"""Faults of orders: what the ERP booked of a CRM order (O1), and what was quoted (O3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bench.recon.extracts import Row
from bench.recon.faults_documents import CURRENCIES
from bench.recon.planter import Planter, by_id
from ingestion.sample_company.money import EXPONENT


class SalesOrders:
    """The sales orders of the ERP, line by line, each with the currency of its order."""

    def __init__(self, planter: Planter) -> None:
        self.planter = planter
        extracts = planter.extracts
        orders = {row["id"]: row for row in extracts.last("erp", "transaction").values() if row["type"] == "SalesOrd"}
        self.lines = [
            row | {"currency": CURRENCIES[orders[row["transaction"]]["currency"]]}
            for row in extracts.rows("erp", "transactionline")
            if row["transaction"] in orders and row["mainline"] == "F" and row["custcol_order_item"]
        ]
        self.amended = {r["Id"] for r in extracts.rows("crm", "OrderItem") if r["OriginalOrderItemId"] != "#N/A"}

    def some(self, wanted: Callable[[Row], bool]) -> list[Row]:
        """Three lines that nothing was done to."""
        return self.planter.choose(self.lines, "uniquekey", wanted)

    def is_first(self, row: Row) -> bool:
        """Whether the line is not of an amendment."""
        return row["custcol_order_item"] not in self.amended

    def has_price(self, row: Row) -> bool:
        """Whether the line is not of an amendment, and sold by a price rather than by use."""
        return self.is_first(row) and Decimal(row["rate"]) > 0

    def drop(self, break_class: str, row: Row) -> None:
        """The ERP never booked it."""
        self.planter.extracts.drop("erp", "transactionline", by_id(row["uniquekey"], "uniquekey"))
        self._label(break_class, row, _net(row))

    def change(self, break_class: str, row: Row, **values: str) -> None:
        """The ERP booked it otherwise."""
        self.planter.extracts.change("erp", "transactionline", by_id(row["uniquekey"], "uniquekey"), dict(values))
        # Lines of orders hold what was sold as negative numbers, as invoices do.
        more = Decimal(values["quantity"]) - Decimal(row["quantity"]) if "quantity" in values else None
        self._label(break_class, row, _net(row) - _net(row | values), None if more is None else str(more))

    def _label(self, break_class: str, row: Row, amount: int, quantity: str | None = None) -> None:
        money = (amount, row["currency"])
        self.planter.label("O1", break_class, row["custcol_order_item"], money=money, quantity=quantity)


def plant_order_faults(planter: Planter) -> None:
    """O1: sales order lines that are missing, or that nobody ordered."""
    orders = SalesOrders(planter)
    for row in orders.some(lambda line: not orders.is_first(line)):
        orders.drop("AMEND_LOST", row)
    for row in orders.some(orders.has_price):
        orders.drop("ORDER_NOT_BOOKED", row)
    for row in orders.some(orders.has_price):
        added = row | {"id": "99", "uniquekey": f"7{row['uniquekey']}", "custcol_order_item": ""}
        del added["currency"]
        planter.extracts.add("erp", "transactionline", added, by_id(row["uniquekey"], "uniquekey"))
        planter.label("O1", "SUB_NO_ORDER", f"line|{row['transaction']}|99", money=(-_net(row), row["currency"]))


def plant_order_term_faults(planter: Planter) -> None:
    """O1: sales order lines of another quantity, price, discount, start or end than was ordered."""
    orders = SalesOrders(planter)
    for row, more in zip(orders.some(orders.has_price), (1, 5, -2), strict=False):
        orders.change("QTY_DRIFT", row, quantity=str(Decimal(row["quantity"]) - more))
    for row, more in zip(orders.some(orders.has_price), (1, 10, -5), strict=False):
        orders.change("PRICE_DRIFT", row, rate=f"{Decimal(row['rate']) + more:f}")
    for row, percent in zip(orders.some(orders.has_price), ("12", "25", "50"), strict=False):
        orders.change("DISCOUNT_OVERRUN", row, custcol_discount_percent=percent)
    for row, days in zip(orders.some(orders.is_first), (4, 10, 35), strict=False):
        orders.change("START_DRIFT", row, revrecstartdate=_later(row["revrecstartdate"], days))
    for row, days in zip(orders.some(orders.is_first), (-1, -30, 365), strict=False):
        orders.change("TERM_DRIFT", row, revrecenddate=_later(row["revrecenddate"], days))


def plant_quote_faults(planter: Planter) -> None:
    """O3: quotes that were changed after they were signed, or went out with a discount that nobody approved."""
    extracts = planter.extracts
    quoted = [
        row | {"key": f"{row['QuoteId']}|{row['PricebookEntryId']}"}
        for row in extracts.rows("crm", "QuoteLineItem")
        if Decimal(row["UnitPrice"]) > 0
    ]
    for row, more in zip(planter.choose(quoted, "key", lambda _: True), (1, 5, 40), strict=False):
        values = {"Quantity": f"{Decimal(row['Quantity']) + more:f}", "SystemModstamp": "2026-10-20T09:00:00.000Z"}
        extracts.change("crm", "QuoteLineItem", by_id(row["Id"], "Id"), values)
        planter.label("O3", "QUOTE_CHANGED_AFTER_SIGN", row["key"], quantity=str(more))
    for row, factor in zip(planter.choose(quoted, "key", lambda _: True), ("1.3", "2", "10"), strict=False):
        listed = f"{Decimal(row['UnitPrice']) * Decimal(factor):f}"
        extracts.change("crm", "QuoteLineItem", by_id(row["Id"], "Id"), {"ListPrice": listed})
        planter.label("O3", "UNAPPROVED_DISCOUNT", row["key"])


def _net(row: Row) -> int:
    """What a sales order line says one billing period costs, in minor units, rounded half away from zero."""
    percent = Decimal(row["custcol_discount_percent"] or 0)
    exact = -Decimal(row["quantity"]) * Decimal(row["rate"]) * (100 - percent) / 100
    return int(exact.scaleb(EXPONENT[row["currency"]]).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()

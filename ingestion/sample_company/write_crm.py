"""Salesforce objects as Data Loader exports them: CSV, API names, `#N/A` for null, 18-character ids.

Opportunity uses the 15-character form of its own id, as report exports do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.catalogue import ASSISTED, PRODUCTS, Price
from ingestion.sample_company.crm_ids import crm_id
from ingestion.sample_company.days import END_OF_WORLD, midnight
from ingestion.sample_company.extract import Extract, Row
from ingestion.sample_company.facts import Contract, Facts, Order, OrderLine
from ingestion.sample_company.money import plain

COLUMNS = {
    "Account": "Id IsDeleted Name ParentId BillingCountry BillingPostalCode Website CreatedDate SystemModstamp",
    "Opportunity": (
        "Id IsDeleted AccountId Name StageName Amount CurrencyIsoCode CloseDate IsWon IsClosed Pricebook2Id "
        "SystemModstamp"
    ),
    "OpportunityLineItem": (
        "Id IsDeleted OpportunityId PricebookEntryId Product2Id Quantity UnitPrice TotalPrice SystemModstamp"
    ),
    "Quote": (
        "Id IsDeleted QuoteNumber OpportunityId AccountId ContractId Status Discount Tax GrandTotal "
        "CurrencyIsoCode SystemModstamp"
    ),
    "QuoteLineItem": (
        "Id IsDeleted QuoteId PricebookEntryId Quantity UnitPrice Discount ListPrice Subtotal TotalPrice "
        "ServiceDate SystemModstamp"
    ),
    "Order": (
        "Id IsDeleted OrderNumber ContractId AccountId QuoteId OriginalOrderId EffectiveDate EndDate "
        "IsReductionOrder Status ActivatedDate TotalAmount PoNumber CurrencyIsoCode SystemModstamp"
    ),
    "OrderItem": (
        "Id IsDeleted OrderId PricebookEntryId Product2Id OriginalOrderItemId Quantity UnitPrice ListPrice "
        "TotalPrice ServiceDate EndDate Billing_Frequency__c Price_Code__c Discount_Percent__c "
        "CurrencyIsoCode SystemModstamp"
    ),
    "Contract": "Id IsDeleted ContractNumber AccountId StartDate EndDate ContractTerm Status SystemModstamp",
    "Product2": "Id IsDeleted Name ProductCode IsActive SystemModstamp",
    "PricebookEntry": (
        "Id IsDeleted Pricebook2Id Product2Id ProductCode UnitPrice CurrencyIsoCode IsActive SystemModstamp"
    ),
}
NULL = "#N/A"


class CrmWriter:
    """Adds every CRM record of the sales-assisted customers to one extract."""

    def __init__(self, facts: Facts, seed: int) -> None:
        self.extract = Extract("crm")
        self._facts = facts
        self._seed = seed
        self._pricebook = crm_id(seed, "01s", "standard")

    def columns(self) -> dict[str, list[str]]:
        """Columns of each object in their order."""
        return {name: text.split() for name, text in COLUMNS.items()}

    def write(self) -> Extract:
        """All objects."""
        self._price_book()
        for contract in self._facts.contracts:
            self._contract(contract)
        return self.extract

    def _add(self, name: str, record_id: str, at: datetime, row: Row) -> None:
        if at < END_OF_WORLD:
            full = {"Id": record_id, "IsDeleted": "false", "SystemModstamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z"} | row
            full = {column: NULL if value is None else value for column, value in full.items()}
            self.extract.add(name, record_id, at, full)

    def _price_book(self) -> None:
        at = midnight(self._facts.start)
        names = {product.code: product.name for product in PRODUCTS}
        seen = set()
        for price in self._prices():
            code = str(price.crm_product_code)
            if code not in seen:
                seen.add(code)
                row = {"Name": names[price.product_code], "ProductCode": code, "IsActive": "true"}
                self._add("Product2", self._product(price), at, row)
            self._add(
                "PricebookEntry",
                self._entry(price),
                at,
                {
                    "Pricebook2Id": self._pricebook,
                    "Product2Id": self._product(price),
                    "ProductCode": code,
                    "UnitPrice": price.unit_amount or price.tiers[0].unit_amount,
                    "CurrencyIsoCode": price.currency.upper(),
                    "IsActive": "true",
                },
            )

    def _prices(self) -> list[Price]:
        return [price for price in self._facts.prices.values() if price.product_code in ASSISTED]

    def _product(self, price: Price) -> str:
        return crm_id(self._seed, "01t", price.crm_product_code)

    def _entry(self, price: Price) -> str:
        return crm_id(self._seed, "01u", price.code)

    def _contract(self, contract: Contract) -> None:
        account = contract.account
        account_id = str(account.crm_account_id)
        signed = midnight(contract.start) - timedelta(hours=21)
        row: Row = {
            "Name": account.name,
            "ParentId": account.parent.crm_account_id if account.parent else None,
            "BillingCountry": account.country,
            "BillingPostalCode": None,
            "Website": f"https://{account.name.split()[0].lower()}.example",
            "CreatedDate": f"{signed:%Y-%m-%dT%H:%M:%S}.000Z",
        }
        self._add("Account", account_id, signed, row)
        row = {
            "ContractNumber": contract.number,
            "AccountId": account_id,
            "StartDate": contract.start,
            "EndDate": contract.end - timedelta(days=1),
            "ContractTerm": "24",
            "Status": "Activated",
        }
        self._add("Contract", contract.contract_id, signed, row)
        for order in contract.orders:
            self._order(contract, order)

    def _order(self, contract: Contract, order: Order) -> None:
        at = _signed(order)
        account, currency = str(contract.account.crm_account_id), contract.account.currency.upper()
        opportunity = crm_id(self._seed, "006", order.order_id)
        quote = crm_id(self._seed, "0Q0", order.order_id)
        total = sum((_total(line) for line in order.lines), Decimal(0))
        self._add(
            "Opportunity",
            opportunity,
            at,
            {
                "Id": opportunity[:15],
                "AccountId": account,
                "Name": f"{contract.account.name} {order.kind}",
                "StageName": "Closed Won",
                "Amount": _scientific(total),
                "CurrencyIsoCode": currency,
                "CloseDate": at.date(),
                "IsWon": "true",
                "IsClosed": "true",
                "Pricebook2Id": self._pricebook,
            },
        )
        self._add(
            "Quote",
            quote,
            at,
            {
                "QuoteNumber": f"Q-{order.order_number}",
                "OpportunityId": opportunity,
                "AccountId": account,
                "ContractId": contract.contract_id,
                "Status": "Accepted",
                "Discount": "0",
                "Tax": "0",
                "GrandTotal": plain(total),
                "CurrencyIsoCode": currency,
            },
        )
        self._add(
            "Order",
            order.order_id,
            at,
            {
                "OrderNumber": order.order_number,
                "ContractId": contract.contract_id,
                "AccountId": account,
                "QuoteId": quote,
                "OriginalOrderId": order.original_order_id,
                "EffectiveDate": order.effective_date,
                "EndDate": contract.end - timedelta(days=1),
                "IsReductionOrder": "true" if order.kind == "Reduction" else "false",
                "Status": "Activated",
                "ActivatedDate": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
                "TotalAmount": plain(total),
                "PoNumber": order.po_number,
                "CurrencyIsoCode": currency,
            },
        )
        for line in order.lines:
            self._line(contract, order, line, opportunity=opportunity, quote=quote)

    def _line(self, contract: Contract, order: Order, line: OrderLine, *, opportunity: str, quote: str) -> None:
        at = _signed(order)
        product, entry = self._product(line.price), self._entry(line.price)
        quantity, total = plain(line.quantity), plain(_total(line))
        listed = line.price.unit_amount or line.price.tiers[0].unit_amount
        self._add(
            "OpportunityLineItem",
            crm_id(self._seed, "00k", line.order_item_id),
            at,
            {
                "OpportunityId": opportunity,
                "PricebookEntryId": entry,
                "Product2Id": product,
                "Quantity": quantity,
                "UnitPrice": plain(line.unit_price),
                "TotalPrice": total,
            },
        )
        self._add(
            "QuoteLineItem",
            crm_id(self._seed, "0QL", line.order_item_id),
            at,
            {
                "QuoteId": quote,
                "PricebookEntryId": entry,
                "Quantity": quantity,
                "UnitPrice": plain(line.unit_price),
                "Discount": _percent(line),
                "ListPrice": listed,
                "Subtotal": total,
                "TotalPrice": total,
                "ServiceDate": line.service_date,
            },
        )
        self._add(
            "OrderItem",
            line.order_item_id,
            at,
            {
                "OrderId": order.order_id,
                "PricebookEntryId": entry,
                "Product2Id": product,
                "OriginalOrderItemId": line.original_order_item_id,
                "Quantity": _scientific(line.quantity),
                "UnitPrice": plain(line.unit_price),
                "ListPrice": listed,
                "TotalPrice": total,
                "ServiceDate": line.service_date,
                "EndDate": contract.end - timedelta(days=1),
                "Billing_Frequency__c": line.frequency,
                "Price_Code__c": line.price.code,
                "Discount_Percent__c": _percent(line),
                "CurrencyIsoCode": contract.account.currency.upper(),
            },
        )


def _signed(order: Order) -> datetime:
    """When the order was activated: four in the morning of the day before."""
    return midnight(order.effective_date) - timedelta(hours=20)


def _total(line: OrderLine) -> Decimal:
    return line.quantity * line.unit_price


def _percent(line: OrderLine) -> str | None:
    return None if line.discount_percent is None else plain(line.discount_percent)


def _scientific(value: Decimal) -> str:
    """Doubles leave Salesforce in scientific notation once they are large: 4.0E1, 1.2345E4."""
    mantissa = value.normalize()
    if mantissa == 0:
        return "0.0"
    exponent = mantissa.adjusted()
    digits = plain(mantissa.scaleb(-exponent))
    return f"{digits if '.' in digits else digits + '.0'}E{exponent}"

"""Faults of lines of invoices: another customer, currency, period or amount than was rated (B1, B2, B3, T1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench.recon.extracts import Row
from bench.recon.planter import SIZES, Planter, by_id, is_settled
from ingestion.sample_company.write_erp import CURRENCY_ID

DAY = 86_400


class StripeLines:
    """Lines of paid Stripe invoices that nothing was done to, by the way they are billed."""

    def __init__(self, planter: Planter) -> None:
        self.planter = planter
        extracts = planter.extracts
        self.invoices = extracts.last("stripe", "invoices")
        self.rows = [
            row
            for row in extracts.last("stripe", "invoice_line_items").values()
            if row["amount"] > 0 and self.invoices[row["invoice"]]["status"] == "paid" and is_settled(self._issued(row))
        ]
        self.licensed = {
            row["id"] for row in extracts.rows("stripe", "prices") if row["recurring"]["usage_type"] == "licensed"
        }
        self.customers = extracts.last("stripe", "customers")

    def _issued(self, row: Row) -> object:
        return self.invoices[row["invoice"]]["created"]

    def some(self, wanted: Callable[[Row], bool], count: int = len(SIZES)) -> list[Row]:
        """Lines of invoices and items that carry no other fault."""
        chosen: list[Row] = []
        for row in self.planter.shuffled(self.rows):
            names = (row["id"], row["invoice"], item_of(row))
            if len(chosen) < count and all(self.planter.is_free(name) for name in names) and wanted(row):
                self.planter.take(*names)
                chosen.append(row)
        return chosen

    def is_recurring(self, row: Row) -> bool:
        """Whether the line is a whole period of something sold by a price."""
        return price_of(row) in self.licensed and not details_of(row)["proration"] and not row["discount_amounts"]

    def change(self, row: Row, **values: Any) -> None:
        """Give the line other values, in its own record and inside of its invoice."""
        extracts = self.planter.extracts
        extracts.change("stripe", "invoice_line_items", by_id(row["id"]), values)
        for invoice in extracts.rows("stripe", "invoices"):
            for line in invoice["lines"]["data"]:
                if line["id"] == row["id"]:
                    line.update(values)

    def key(self, row: Row, kind: str = "recurring") -> str:
        """By which B1 knows the charge of the line."""
        return f"{item_of(row)}|{kind}|{_day(row['period']['start'])}|{_day(row['period']['end'])}"

    def notes_of(self, row: Row) -> list[tuple[str, str]]:
        """Where T1 sees credit notes that give back a part of the line, and of its tax the same part."""
        notes = self.planter.extracts.last("stripe", "credit_notes").values()
        named = [(note["id"], line["invoice_line_item"]) for note in notes for line in note["lines"]["data"]]
        return [("T1", f"note|{note}") for note, line in named if line == row["id"]]

    def lines_of(self, invoice: str) -> Iterable[Row]:
        """Every line of an invoice."""
        return (row for row in self.rows if row["invoice"] == invoice)


def plant_stripe_line_faults(planter: Planter) -> None:
    """B1: lines with another amount, and lines whose period ends earlier or later than what was rated."""
    lines = StripeLines(planter)
    # A minor unit is within the tolerance of a line.
    for size, row in zip((2, *SIZES[1:]), lines.some(lines.is_recurring), strict=False):
        lines.change(row, amount=row["amount"] + size, subtotal=row["amount"] + size)
        also = [("B3", f"stripe|{row['invoice']}"), ("T1", row["id"]), *lines.notes_of(row)]
        planter.label("B1", "AMOUNT", lines.key(row), money=(-size, row["currency"]), also=also)
    for name, days in (("PERIOD_GAP", (-1, -3, -10)), ("PERIOD_OVERLAP", (1, 3, 10))):
        for more, row in zip(days, lines.some(lines.is_recurring), strict=False):
            planter.label("B1", name, lines.key(row))
            lines.change(row, period=row["period"] | {"end": row["period"]["end"] + more * DAY})


def plant_currency_faults(planter: Planter) -> None:
    """B1, B3: a line in another currency than its invoice; both are asked for it three times."""
    lines = StripeLines(planter)
    for number, row in enumerate(lines.some(lines.is_recurring, 2 * len(SIZES))):
        lines.change(row, currency="eur" if row["currency"] != "eur" else "usd")
        places = [("B1", lines.key(row)), ("B3", f"stripe|{row['invoice']}")]
        control, key = places.pop(number % len(places))
        planter.label(control, "CURRENCY", key, also=places)


def plant_wrong_customer_faults(planter: Planter) -> None:
    """B1: a whole invoice at another customer of the same country; and a line that two customers are billed."""
    lines = StripeLines(planter)
    invoices = planter.extracts

    def is_alone(row: Row) -> bool:
        return lines.is_recurring(row) and len(list(lines.lines_of(row["invoice"]))) == 1

    def stranger(row: Row) -> Row:
        here = lines.customers[lines.invoices[row["invoice"]]["customer"]]
        return next(
            one
            for one in planter.shuffled(lines.customers.values())
            if one["id"] != here["id"]
            and one["address"]["country"] == here["address"]["country"]
            and one["tax_exempt"] == here["tax_exempt"]
            and "account_id" in one["metadata"]
            and planter.is_free(one["id"])
        )

    for row in lines.some(is_alone):
        other = stranger(row)
        invoices.change("stripe", "invoices", by_id(row["invoice"]), {"customer": other["id"]})
        also = [("C1", f"stripe|{row['invoice']}"), ("T1", row["id"])]
        planter.label("B1", "WRONG_CUSTOMER", lines.key(row), also=also)
    for row in lines.some(lines.is_recurring):
        others = [
            one
            for one in planter.shuffled(lines.rows)
            if one["currency"] == row["currency"]
            and planter.is_free(one["invoice"])
            and lines.invoices[one["invoice"]]["customer"] != lines.invoices[row["invoice"]]["customer"]
        ]
        if others:
            _bill_again(planter, row, others[0]["invoice"])
            planter.take(others[0]["invoice"])
            also = [("B3", f"stripe|{others[0]['invoice']}"), ("T1", f"{row['id']}Again")]
            money = (-row["amount"], row["currency"])
            planter.label("B1", "DOUBLE_BILL", lines.key(row), money=money, also=also)


def plant_invoice_document_faults(planter: Planter) -> None:
    """B3: an invoice over less than nothing, and a number that two invoices have."""
    lines = StripeLines(planter)
    # By series: an invoice may stand at another customer by now.
    last: dict[str, Row] = {}
    for row in lines.invoices.values():
        if row["number"] and row["number"] > last.get(_series(row), {"number": ""})["number"]:
            last[_series(row)] = row
    for size, row in zip((100, 2_500, 90_000), lines.some(lines.is_recurring), strict=False):
        series = _series(lines.invoices[row["invoice"]])
        last[series] = _owe(planter, row, last[series], size)
        planter.take(last[series]["id"])
    ends = [row for row in last.values() if row["status"] == "paid" and not row["number"].endswith(("-0001", "X", "R"))]
    for row in planter.choose(ends, "id", lambda r: planter.is_free(r["customer"])):
        series, _, number = row["number"].rpartition("-")
        before = f"{series}-{int(number) - 1:0{len(number)}d}"
        for version in planter.extracts.rows("stripe", "invoices"):
            if version["id"] == row["id"] and version["number"]:
                version["number"] = before
        planter.label("B3", "DUPLICATE", f"stripe|{before}")


def plant_jurisdiction_faults(planter: Planter) -> None:
    """T1: a line whose tax is that of another country."""
    lines = StripeLines(planter)
    countries = {row["id"]: row["country"] for row in planter.extracts.rows("stripe", "tax_rates")}

    def rate_of(row: Row) -> str | None:
        taxes = row.get("taxes") or row.get("tax_amounts") or []
        if not taxes:
            return None
        return str(taxes[0]["tax_rate"] if "tax_rate" in taxes[0] else taxes[0]["tax_rate_details"]["tax_rate"])

    for row in lines.some(lambda r: rate_of(r) in countries):
        here = str(rate_of(row))
        other = next(name for name, country in countries.items() if country != countries[here])
        name = "taxes" if row.get("taxes") else "tax_amounts"
        first = dict(row[name][0])
        first |= {"tax_rate": other} if "tax_rate" in first else {"tax_rate_details": {"tax_rate": other}}
        lines.change(row, **{name: [first, *row[name][1:]]})
        planter.label("T1", "JURISDICTION", row["id"])


class ErpLines:
    """Lines that the ERP invoices for its own orders, with the header of their invoice."""

    def __init__(self, planter: Planter) -> None:
        self.planter = planter
        extracts = planter.extracts
        self.invoices = {
            row["id"]: row
            for row in extracts.last("erp", "transaction").values()
            if row["type"] == "CustInvc" and not row["externalid"] and row["trandate"] < "2026-10-20"
        }
        self.rows = [
            row
            for row in extracts.rows("erp", "transactionline")
            if row["transaction"] in self.invoices and row["custcol_order_item"] and row["revrecstartdate"]
        ]

    def some(self, wanted: Callable[[Row], bool], *, shared: bool = False) -> list[Row]:
        """Lines of invoices that nothing was done to as a whole; several of one invoice when it may be shared."""
        chosen: list[Row] = []
        for row in self.planter.shuffled(self.rows):
            invoice = f"erp|{row['transaction']}"
            # Two odd periods of one item that touch each other would be one riddle.
            fits = self.planter.is_free(row["custcol_order_item"]) and self.planter.is_free(invoice)
            if len(chosen) < len(SIZES) and fits and wanted(row):
                self.planter.take(row["custcol_order_item"], *(() if shared else (invoice,)))
                chosen.append(row)
        return chosen

    def key(self, row: Row) -> str:
        """By which B2 knows the charge of a line: periods of the ERP end on their last day."""
        kind = "usage" if row["rate"] in {"", "0"} or row["quantity"] == "" else "recurring"
        return f"{row['custcol_order_item']}|{kind}|{row['revrecstartdate']}|{_after(row)}"

    def is_sold_whole(self, row: Row) -> bool:
        """Whether the line is a whole period of something sold by a price."""
        sold = row["rate"] not in {"", "0"} and row["quantity"] not in {"", "0"} and int(row["quantity"]) < 0
        return sold and _after(row).day == date.fromisoformat(row["revrecstartdate"]).day

    def elsewhere(self, row: Row) -> list[tuple[str, str]]:
        """Every line of the invoice, and the controls that look at the document as a whole."""
        name = row["transaction"]
        others = [other for other in self.rows if other["transaction"] == name]
        places = [("B2", self.key(other)) for other in others] + [("T1", f"{name}|{other['id']}") for other in others]
        return [*places, ("C1", f"erp|{name}"), ("G1", name), ("T1", name), ("F1", name), ("B3", f"erp|{name}")]


def plant_erp_line_faults(planter: Planter) -> None:
    """B2: lines with another period, invoices of another customer or in another currency."""
    lines = ErpLines(planter)
    extracts = planter.extracts
    customers = extracts.last("erp", "customer")

    for row in lines.some(lines.is_sold_whole):
        entity = lines.invoices[row["transaction"]]["entity"]
        # A parent may be billed for its child.
        own = {entity, customers[entity].get("parent")}
        other = next(name for name in planter.shuffled(customers) if name not in own)
        extracts.change("erp", "transaction", by_id(row["transaction"]), {"entity": other})
        planter.label("B2", "WRONG_CUSTOMER", lines.key(row), also=lines.elsewhere(row))
    for row in lines.some(
        lambda r: lines.is_sold_whole(r) and lines.invoices[r["transaction"]]["currency"] != CURRENCY_ID["jpy"]
    ):
        now = lines.invoices[row["transaction"]]["currency"]
        other = CURRENCY_ID["eur"] if now == CURRENCY_ID["usd"] else CURRENCY_ID["usd"]
        extracts.change("erp", "transaction", by_id(row["transaction"]), {"currency": other})
        planter.label("B2", "CURRENCY", lines.key(row), also=lines.elsewhere(row))
    for name, days in (("PERIOD_GAP", (-1, -3, -10)), ("PERIOD_OVERLAP", (1, 3, 10))):
        for more, row in zip(days, lines.some(lines.is_sold_whole, shared=True), strict=False):
            planter.label("B2", name, lines.key(row))
            end = date.fromisoformat(row["revrecenddate"]) + timedelta(days=more)
            extracts.change("erp", "transactionline", by_id(row["uniquekey"], "uniquekey"), {"revrecenddate": str(end)})


def item_of(row: Row) -> str:
    """The subscription item that a line bills, in either version of the API."""
    return str(details_of(row)["subscription_item"])


def details_of(row: Row) -> Row:
    """What a line says of its subscription, in either version of the API."""
    parent: Row | None = row.get("parent")
    return row if parent is None else dict(parent["subscription_item_details"])


def price_of(row: Row) -> str:
    """The price that a line was billed at, in either version of the API."""
    return str(row["price"]["id"] if "price" in row else row["pricing"]["price_details"]["price"])


def _bill_again(planter: Planter, row: Row, invoice: str) -> None:
    """The line once more, on an invoice of somebody else."""
    extracts = planter.extracts
    again = row | {"id": f"{row['id']}Again", "invoice": invoice}
    extracts.add("stripe", "invoice_line_items", again, by_id(row["id"]))
    for version in extracts.rows("stripe", "invoices"):
        if version["id"] == invoice:
            version["lines"]["data"].append(again)


def _owe(planter: Planter, row: Row, last: Row, size: int) -> Row:
    """An invoice over a negative amount after the last one of its series, for the same item on one day."""
    extracts = planter.extracts
    series, _, number = last["number"].rpartition("-")
    name = f"{row['invoice']}Less"
    line = (
        row
        | {
            "id": f"{row['id']}Less",
            "invoice": name,
            "amount": -size,
            "subtotal": -size,
            "period": {"start": row["period"]["start"] + DAY, "end": row["period"]["start"] + 2 * DAY},
            "discount_amounts": [],
        }
        | ({"taxes": []} if "taxes" in row else {"tax_amounts": []})
    )
    like = extracts.last("stripe", "invoices")[row["invoice"]]
    zero = dict.fromkeys(("amount_due", "amount_paid", "amount_remaining", "tax"), 0)
    totals = dict.fromkeys(("total", "subtotal", "total_excluding_tax", "subtotal_excluding_tax"), -size)
    empty: Row = {name: [] for name in ("total_taxes", "total_tax_amounts", "total_discount_amounts", "discounts")}
    owed = {
        **like,
        **{key: value for key, value in (zero | totals | empty).items() if key in like},
        "id": name,
        "number": f"{series}-{int(number) + 1:0{len(number)}d}",
        "lines": like["lines"] | {"data": [line]},
    }
    extracts.add("stripe", "invoices", owed, lambda r: r["id"] == like["id"] and r["status"] == "paid")
    extracts.add("stripe", "invoice_line_items", line, by_id(row["id"]))
    also = [("B1", f"{item_of(line)}|recurring|{_day(line['period']['start'])}|{_day(line['period']['end'])}")]
    also += [("B4", name), ("T1", line["id"]), ("C1", f"stripe|{name}")]
    planter.label("B3", "NEG_INVOICE", f"stripe|{name}", also=also)
    return owed


def _series(invoice: Row) -> str:
    """What the numbers of a customer's invoices begin with."""
    return str(invoice["number"]).rpartition("-")[0]


def _day(epoch: int) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}"


def _after(row: Row) -> date:
    """The day after the last of a line's period."""
    return date.fromisoformat(row["revrecenddate"]) + timedelta(days=1)

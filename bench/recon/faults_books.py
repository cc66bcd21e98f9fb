"""Faults of the ERP's books: receivables, clearing, tax, rates, records of Stripe's documents, sales orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from bench.recon.extracts import Row
from bench.recon.faults_documents import CURRENCIES, books, copy_transaction, drop_transaction
from bench.recon.planter import SIZES, Planter, by_id
from ingestion.sample_company.money import EXPONENT

LAST_SETTLED = "2026-10-20"
RECEIVABLES, CLEARING, TAX, SUPPORT = "2", "3", "4", "8"
# Created after the month of its period was closed, which the periods say.
AFTER_CLOSING = "2026-10-25 09:00:00"
LAST_CLOSED = "2026-09-01"


class Books:
    """Transactions of the ERP with their lines and postings; each is taken once."""

    def __init__(self, planter: Planter) -> None:
        self.planter = planter
        self.extracts = planter.extracts
        self.documents = self.extracts.last("erp", "transaction")

    def some(self, kind: str, wanted: Callable[[Row], bool] = lambda _: True, count: int = len(SIZES)) -> list[Row]:
        """Documents of a type that nothing was done to, and that were settled long ago."""
        rows = [row for row in self.documents.values() if row["type"] == kind and row["trandate"] < LAST_SETTLED]
        free = self.planter.is_free
        chosen = self.planter.choose(
            rows, "id", lambda row: wanted(row) and free(row["externalid"] or row["id"]), count
        )
        self.planter.take(*(row["externalid"] or row["id"] for row in chosen))
        return chosen

    def change(self, row: Row, **values: str) -> None:
        """Give the document other values."""
        self.extracts.change("erp", "transaction", by_id(row["id"]), dict(values))

    def lines(self, row: Row) -> list[Row]:
        """The lines of the document."""
        return [line for line in self.extracts.rows("erp", "transactionline") if line["transaction"] == row["id"]]

    def postings(self, row: Row, account: str) -> list[Row]:
        """What the document posts to an account."""
        rows = self.extracts.rows("erp", "transactionaccountingline")
        return [line for line in rows if line["transaction"] == row["id"] and line["account"] == account]

    def drop_postings(self, row: Row, *accounts: str) -> None:
        """Leave out what the document posts to these accounts, or to any."""
        self.extracts.drop(
            "erp",
            "transactionaccountingline",
            lambda line: line["transaction"] == row["id"] and (not accounts or line["account"] in accounts),
        )

    def money(self, row: Row, amount: str | None = None) -> tuple[int, str]:
        """The total of a document, or another amount of it, in minor units, with its currency."""
        currency = CURRENCIES[row["currency"]]
        return int(Decimal(amount or row["foreigntotal"]).scaleb(EXPONENT[currency])), currency

    def journal(self, like: Row, name: str, **values: str) -> Row:
        """A journal entry that nothing stands behind, posted on the day of another one."""
        row = like | {"id": name, "externalid": "", "transactionnumber": f"JE{name}", "tranid": f"JE{name}"} | values
        self.extracts.add("erp", "transaction", row, by_id(like["id"]))
        return row


def plant_receivable_faults(planter: Planter) -> None:
    """G1: documents and the control account say different things of a receivable."""
    books_ = Books(planter)

    def mirrored(row: Row) -> bool:
        return str(row["externalid"]).startswith("pi_")

    for size, row in zip(SIZES, books_.some("CustPymt", mirrored), strict=False):
        _, currency = books_.money(row)
        line = next(line for line in books_.lines(row) if line["mainline"] == "F")
        more = Decimal(line["foreignamount"]) + Decimal(size).scaleb(-EXPONENT[currency])
        line["foreignamount"] = f"{more:f}"
        planter.label("G1", "CONTROL_DIFF", row["id"], money=(size, currency))
    for row in books_.some("CustPymt", mirrored):
        books_.drop_postings(row, RECEIVABLES)
        amount, currency = books_.money(row)
        planter.label("G1", "SUBLEDGER_ONLY", row["id"], money=(-amount, currency))
    for row in books_.some("CustPymt", mirrored):
        books_.change(row, status="V")
        planter.label("G1", "GL_ONLY", row["id"], money=books_.money(row))
    for row in books_.some("CustPymt", lambda row: mirrored(row) and row["trandate"] < LAST_CLOSED):
        books_.change(row, createddate=AFTER_CLOSING)
        planter.label("G1", "BACKDATED", row["id"])
    for row in books_.some("CustCred", lambda row: bool(row["externalid"])):
        books_.change(row, posting="F")
        books_.drop_postings(row)
        amount, currency = books_.money(row)
        planter.label("G1", "UNPOSTED_DOC", row["id"], money=(-abs(amount), currency), also=[("B4", row["externalid"])])
    for number, (debit, row) in enumerate(zip(("0.01", "250.00", "99999.99"), books_.some("Journal"), strict=False)):
        _manual_entry(books_, row, f"8800{number}", debit)


def _manual_entry(books_: Books, like: Row, name: str, size: str) -> None:
    """Somebody debits receivables and credits support revenue."""
    extracts = books_.extracts
    row = books_.journal(like, name, currency="1", exchangerate="1", foreigntotal=size)
    for number, (sign, account) in enumerate((("", RECEIVABLES), ("-", SUPPORT))):
        old = next(line for line in books_.lines(like) if line["id"] == "0")
        line = old | {"id": str(number), "transaction": name, "uniquekey": f"{name}00{number}"}
        line |= {"foreignamount": f"{sign}{size}", "netamount": f"{sign}{size}", "mainline": "F" if number else "T"}
        extracts.add("erp", "transactionline", line, by_id(like["id"], "transaction"))
        posting = {
            "accountingbook": "1",
            "transaction": name,
            "transactionline": str(number),
            "account": account,
            "amount": f"{sign}{size}",
            "netamount": f"{sign}{size}",
            "exchangerate": "1",
            "posting": "T",
            "credit": size if sign else "",
            "debit": "" if sign else size,
        }
        extracts.add("erp", "transactionaccountingline", posting, by_id(like["id"], "transaction"))
    amount, currency = books_.money(row)
    books_.planter.label("G1", "MANUAL_JE_ON_CONTROL", name, money=(-amount, currency))


def plant_clearing_faults(planter: Planter) -> None:
    """C8: payouts that never left the clearing account, or left it in another currency."""
    books_ = Books(planter)

    def paid_out(row: Row) -> bool:
        return str(row["externalid"]).startswith("po_") and Decimal(row["foreigntotal"]) < 0

    for row in books_.some("Deposit", paid_out):
        drop_transaction(planter, row["id"])
        amount, currency = books_.money(row)
        planter.label("C8", "NONZERO_AGED", f"1200|{row['externalid']}", money=(-amount, currency))
    for row in books_.some("Deposit", paid_out):
        other = "2" if row["currency"] != "2" else "1"
        books_.change(row, currency=other)
        planter.label("C8", "CURRENCY", f"1200|{row['externalid']}", also=[("F1", row["id"])])


def plant_tax_posting_faults(planter: Planter) -> None:
    """T1: tax of a document that was posted nowhere."""
    books_ = Books(planter)
    for row in books_.some("CustInvc", lambda row: row["status"] != "V" and len(books_.postings(row, TAX)) == 1):
        line = books_.postings(row, TAX)[0]
        own = next(one for one in books_.lines(row) if one["id"] == line["transactionline"])
        books_.drop_postings(row, TAX)
        amount, currency = books_.money(row, own["foreignamount"])
        planter.label("T1", "PAYABLE_DIFF", row["id"], money=(-amount, currency))


def plant_document_rate_faults(planter: Planter) -> None:
    """F1: documents at the rate of an earlier day, and documents in a currency that no table has."""
    books_ = Books(planter)
    rates = {
        (row["transactioncurrency"], row["effectivedate"]): row["exchangerate"]
        for row in planter.extracts.rows("erp", "currencyrate")
    }

    def earlier(row: Row, days: int) -> str | None:
        return rates.get((row["currency"], str(date.fromisoformat(row["trandate"]) - timedelta(days=days))))

    def moved(days: int, row: Row) -> bool:
        return _is_other(row["exchangerate"], earlier(row, days))

    for days in (3, 10, 30):
        for row in books_.some("CustPymt", partial(moved, days), 1):
            books_.change(row, exchangerate=str(earlier(row, days)))
            planter.label("F1", "RATE_STALE", row["id"])
    # Each in a currency of its own that is on no list of rates.
    currencies = planter.extracts.last("erp", "currency")
    for number, code in enumerate(("CHF", "NOK", "CAD"), start=4):
        new = currencies["2"] | {"id": str(number), "name": code, "symbol": code}
        planter.extracts.add("erp", "currency", new, by_id("2"))
    for number, row in enumerate(books_.some("Journal"), start=4):
        name = f"8900{number}"
        books_.journal(row, name, currency=str(number), exchangerate="1.25", foreigntotal="100.00")
        planter.label("F1", "RATE_MISSING", name)


def plant_record_faults(planter: Planter) -> None:
    """B4: records that somebody changed in the ERP, in another currency, or of a document that Stripe has not."""
    books_ = Books(planter)

    def mirrored(row: Row) -> bool:
        return str(row["externalid"]).startswith("in_") and row["status"] == "B" and Decimal(row["foreigntotal"]) > 0

    for size, row in zip(SIZES, books_.some("CustInvc", mirrored), strict=False):
        _, currency = books_.money(row)
        more = Decimal(size).scaleb(-EXPONENT[currency])
        for line in books_.lines(row):
            line["linelastmodifieddate"] = AFTER_CLOSING
            if line["mainline"] == "T":
                line["foreignamount"] = f"{Decimal(line['foreignamount']) + more:f}"
        books_.change(row, foreigntotal=f"{Decimal(row['foreigntotal']) + more:f}", lastmodifieddate=AFTER_CLOSING)
        planter.label("B4", "EDITED_AFTER_SYNC", row["externalid"], money=(-size, currency), also=books(row["id"]))
    for row in books_.some("CustInvc", mirrored):
        books_.change(row, currency="2" if row["currency"] != "2" else "1")
        planter.label("B4", "CURRENCY", row["externalid"], also=books(row["id"]))
    for row in books_.some("CustInvc", mirrored):
        unknown = f"{row['externalid']}Unknown"
        copy_transaction(planter, row["id"], f"7{row['id']}")
        planter.extracts.change("erp", "transaction", by_id(f"7{row['id']}"), {"externalid": unknown})
        amount, currency = books_.money(row)
        planter.label("B4", "MISSING_LEFT", unknown, money=(-amount, currency), also=books(f"7{row['id']}"))


def plant_booked_order_faults(planter: Planter) -> None:
    """O1: sales orders in another currency, and lines of one that stand twice."""
    books_ = Books(planter)
    for row in books_.some("SalesOrd"):
        first, *others = [line["custcol_order_item"] for line in books_.lines(row) if line["custcol_order_item"]]
        books_.change(row, currency="2" if row["currency"] != "2" else "1")
        planter.label("O1", "CURRENCY", first, also=[("O1", other) for other in others])
    for row in books_.some("SalesOrd"):
        line = next(line for line in books_.lines(row) if line["custcol_order_item"])
        again = line | {"id": "99", "uniquekey": f"7{line['uniquekey']}"}
        planter.extracts.add("erp", "transactionline", again, by_id(line["uniquekey"], "uniquekey"))
        planter.label("O1", "DUPLICATE", line["custcol_order_item"])


def _is_other(rate: str, other: str | None) -> bool:
    """Whether a rate is so far from another one that it is no rounding."""
    return other is not None and abs(Decimal(rate) - Decimal(other)) * 1_000 > Decimal(rate)

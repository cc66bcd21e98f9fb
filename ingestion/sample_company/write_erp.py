"""NetSuite records by SuiteQL names: master data as JSON pages, transactions as CSV, every value a string.

A transaction's lines: 0 is the main line (total, debit positive for an invoice). Each item line n (odd) is followed by
its tax line n + 1, which names it in `custcol_tax_of_line`. Revenue and tax are credits, so `foreignamount` and
`quantity` are negative. Payments apply by lines with `appliedtotransaction` and a positive `foreignamount`.
Self-service invoices, payments, credit notes, refunds, disputes and payouts are mirrored with their Stripe id as
`externalid`.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ingestion.sample_company.cash import Cash
from ingestion.sample_company.catalogue import PRODUCTS, fx_rates
from ingestion.sample_company.days import END_OF_WORLD, add_months, midnight
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.erp_transactions import (
    Transaction,
    TransactionLine,
    dispute_journals,
    invoice_transaction,
    memo_transaction,
    mirror_payment,
    mirror_refund,
    payment_transaction,
    payout_journals,
    sales_order,
)
from ingestion.sample_company.extract import Extract, Row, csv_rows
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.landing_files import Landing
from ingestion.sample_company.money import plain, to_major

CURRENCY_ID = {"usd": "1", "eur": "2", "jpy": "3"}
LEDGER = {
    "1000": ("1", "Bank", "Operating bank"),
    "1100": ("2", "AcctRec", "Accounts receivable"),
    "1200": ("3", "OthCurrAsset", "Processor clearing"),
    "2100": ("4", "OthCurrLiab", "Tax payable"),
    "2200": ("5", "DeferRevenue", "Deferred revenue"),
    "4000": ("6", "Income", "Subscription revenue"),
    "4010": ("7", "Income", "Usage revenue"),
    "4100": ("8", "Income", "Support revenue"),
    "6100": ("9", "Expense", "Processing fees"),
    "6200": ("10", "Expense", "Disputes"),
}
COLUMNS = {
    "transaction": (
        "id externalid transactionnumber tranid type trandate status duedate closedate currency exchangerate entity "
        "postingperiod posting voided foreigntotal otherrefnum memo createddate lastmodifieddate"
    ),
    "transactionline": (
        "id transaction linesequencenumber mainline taxline item quantity rate netamount foreignamount revrecstartdate "
        "revrecenddate memo uniquekey custcol_order_item custcol_tax_of_line custcol_discount_percent "
        "custcol_billing_frequency appliedtotransaction linelastmodifieddate"
    ),
    "transactionaccountingline": (
        "accountingbook transaction transactionline account amount credit debit exchangerate netamount posting "
        "amountpaid amountunpaid"
    ),
    "currencyrate": "id basecurrency transactioncurrency exchangerate effectivedate",
}
PAGED = ("customer", "item", "account", "accountingperiod", "subsidiary", "currency")
PAGE_ROWS = 25
_PREFIXES = {
    "CustInvc": "INV",
    "CustPymt": "PYMT",
    "CustCred": "CM",
    "CustRfnd": "RFND",
    "Deposit": "DEP",
    "Journal": "JE",
    "SalesOrd": "SO",
}


class ErpWriter:
    """Builds every transaction, numbers them by date, and adds their records to one extract."""

    def __init__(self, facts: Facts) -> None:
        self.extract = Extract("erp")
        self._facts = facts
        self._rates = fx_rates(facts.start)
        self._customers = {account.account_id: str(2000 + n) for n, account in enumerate(facts.accounts, start=1)}
        self._periods: dict[date, str] = {}
        self.transactions: list[Transaction] = []

    def write(self, contracts: list[Invoice], subscriptions: list[Invoice], cash: Cash) -> Extract:
        """All objects of inputs.md. Sets `invoice_id` of the contracts' invoices to their transaction id."""
        self._master_data()
        # Own invoices come first, so their ids do not depend on how many Stripe invoices are mirrored.
        # An invoice that nobody expected has the number of its day, too.
        dated = sorted(contracts, key=lambda invoice: invoice.finalized)
        self._number([invoice_transaction(invoice) for invoice in dated], 10_000)
        for transaction in self.transactions:
            if transaction.invoice is not None:
                transaction.invoice.invoice_id = transaction.transaction_id
                transaction.invoice.number = f"INV{transaction.transaction_id}"
        self._number([payment_transaction(wire) for wire in cash.wires], 20_000)
        self._number([memo_transaction(i, note) for i in contracts for note in i.credit_notes], 30_000)
        mirrored = [invoice for invoice in subscriptions if invoice.finalized < END_OF_WORLD]
        mirrors = self._number([invoice_transaction(invoice) for invoice in mirrored], 40_000)
        ids = {mirror.external_id: mirror.transaction_id for mirror in mirrors}
        self._number(
            [
                mirror_payment(invoice, number, ids[invoice.invoice_id])
                for invoice in mirrored
                for number, payment in enumerate(invoice.payments)
                if payment.succeeded
            ],
            60_000,
        )
        self._mirror_money(mirrored, cash, ids)
        self._number([sales_order(c, order) for c in self._facts.contracts for order in c.orders], 90_000)
        for transaction in self.transactions:
            self._add_transaction(transaction)
        return self.extract

    def _mirror_money(self, mirrored: list[Invoice], cash: Cash, ids: dict[str | None, str]) -> None:
        """What the processor credits, gives back, loses, keeps and pays out."""
        memos = self._number(
            [memo_transaction(i, note, ids[i.invoice_id]) for i in mirrored for note in i.credit_notes], 70_000
        )
        memo_ids = {memo.external_id: memo.transaction_id for memo in memos}
        notes = {note.refund_id: note.note_id for invoice in mirrored for note in invoice.credit_notes}
        self._number([mirror_refund(r, memo_ids.get(notes.get(r.refund_id))) for r in cash.refunds], 75_000)
        self._number([journal for dispute in cash.disputes for journal in dispute_journals(dispute)], 80_000)
        journals: list[Transaction] = []
        cleared: set[str] = set()
        for payout in cash.payouts:
            # What the processor lists twice has left clearing with the first payout.
            listed = [booking for booking in payout.listed if booking.booking_id not in cleared]
            cleared |= {booking.booking_id for booking in listed}
            journals += payout_journals(payout, listed)
        self._number(journals, 85_000)

    def _number(self, transactions: list[Transaction], first: int) -> list[Transaction]:
        for number, transaction in enumerate(transactions, start=first):
            transaction.transaction_id = str(number)
        self.transactions += transactions
        return transactions

    def _add(self, name: str, record_id: str, at: datetime, row: Row) -> None:
        if at < END_OF_WORLD:
            self.extract.add(name, record_id, at, {key: value for key, value in row.items() if value is not None})

    def _master_data(self) -> None:
        at = midnight(self._facts.start)
        stamp = _stamp(at)
        self._add(
            "subsidiary",
            "1",
            at,
            {"id": "1", "name": "Acme Inc", "country": "US", "currency": "1", "lastmodifieddate": stamp},
        )
        for code, currency_id in CURRENCY_ID.items():
            row = {
                "id": currency_id,
                "name": code.upper(),
                "symbol": code.upper(),
                "currencyprecision": "0" if code == "jpy" else "2",
                "isbasecurrency": "T" if code == "usd" else "F",
                "lastmodifieddate": stamp,
            }
            self._add("currency", currency_id, at, row)
        for number, (account_id, kind, name) in LEDGER.items():
            row = {
                "id": account_id,
                "acctnumber": number,
                "accttype": kind,
                "fullname": f"{number} {name}",
                "isinactive": "F",
                "lastmodifieddate": stamp,
            }
            self._add("account", account_id, at, row)
        self._periods_and_items(at, stamp)
        for account in self._facts.accounts:
            if account.crm_account_id is None and account.stripe_customer_id is None:
                # Nobody bills it.
                continue
            customer_id = self._customers[account.account_id]
            customer: Row = {
                "id": customer_id,
                "entityid": f"C-{account.account_id[-4:]}",
                "externalid": account.crm_account_id or account.stripe_customer_id,
                "companyname": account.name,
                "email": account.email,
                "parent": self._customers[account.parent.account_id] if account.parent else None,
                "currency": CURRENCY_ID[account.currency],
                "isinactive": "F",
                "lastmodifieddate": _stamp(account.created_at),
            }
            self._add("customer", customer_id, account.created_at, customer)
        for day, rates in self._rates.items():
            for code in ("eur", "jpy"):
                value = rates["usd"] if code == "eur" else _rate(rates["usd"] / rates["jpy"])
                row = {
                    "id": f"{day:%Y%m%d}{CURRENCY_ID[code]}",
                    "basecurrency": "1",
                    "transactioncurrency": CURRENCY_ID[code],
                    "exchangerate": plain(value),
                    "effectivedate": day.isoformat(),
                }
                self._add("currencyrate", str(row["id"]), max(at, midnight(day)), row)

    def _periods_and_items(self, at: datetime, stamp: str) -> None:
        first = self._facts.start
        number = 0
        while midnight(first) < END_OF_WORLD:
            number += 1
            after = add_months(first, 1, 1)
            self._periods[first] = str(300 + number)
            closes = midnight(after) + timedelta(days=20)
            for closed_at, closed in ((at, "F"), (closes, "T")):
                row = {
                    "id": self._periods[first],
                    "periodname": f"{first:%b %Y}",
                    "startdate": first.isoformat(),
                    "enddate": (after - timedelta(days=1)).isoformat(),
                    "isposting": "T",
                    "isquarter": "F",
                    "isyear": "F",
                    "closed": closed,
                    "alllocked": closed,
                    "arlocked": closed,
                    "lastmodifieddate": _stamp(closed_at),
                }
                self._add("accountingperiod", self._periods[first], closed_at, row)
            first = after
        names = {product.code: product.name for product in PRODUCTS}
        accounts = {number: account_id for number, (account_id, _, _) in LEDGER.items()}
        for price in self._facts.prices.values():
            row = {
                "id": price.erp_item_id,
                "itemid": f"{price.product_code}-{price.currency}-{price.interval}".upper(),
                "fullname": names[price.product_code],
                "itemtype": "Service",
                "incomeaccount": accounts[price.revenue_account],
                "deferralaccount": accounts["2200"],
                "lastmodifieddate": stamp,
            }
            self._add("item", price.erp_item_id, at, row)

    def _exchange_rate(self, currency: str, day: date) -> Decimal:
        """US dollars per unit of the currency, by the last published rate."""
        if currency == "usd":
            return Decimal(1)
        while day not in self._rates:
            day -= timedelta(days=1)
        rates = self._rates[day]
        return rates["usd"] if currency == "eur" else _rate(rates["usd"] / rates["jpy"])

    def _add_transaction(self, transaction: Transaction) -> None:
        currency = transaction.currency
        rate = self._exchange_rate(currency, transaction.day)
        created = transaction.states[0][0]
        period = self._periods[transaction.day.replace(day=1)]
        prefix = _PREFIXES[transaction.kind]
        number = f"{prefix}{transaction.transaction_id}"
        for at, status, closed in transaction.states:
            row = {
                "id": transaction.transaction_id,
                "externalid": transaction.external_id,
                "transactionnumber": number,
                "tranid": number,
                "type": transaction.kind,
                "trandate": transaction.day.isoformat(),
                "status": status,
                "duedate": transaction.due.isoformat() if transaction.due else None,
                "closedate": closed.isoformat() if closed else None,
                "currency": CURRENCY_ID[currency],
                "exchangerate": plain(rate),
                "entity": self._customers[transaction.account.account_id] if transaction.account else None,
                "postingperiod": period,
                "posting": _flag(transaction.posting and status != "V"),
                "voided": "T" if status == "V" else "F",
                "foreigntotal": to_major(transaction.lines[0].amount, currency),
                "otherrefnum": transaction.po_number,
                "memo": transaction.memo,
                "createddate": _stamp(created),
                "lastmodifieddate": _stamp(at),
            }
            self._add("transaction", transaction.transaction_id, at, row)
        for line in transaction.lines:
            self._add_line(transaction, line, rate, created)
        if transaction.posting:
            self._add_postings(transaction, rate, created)

    def _add_line(self, transaction: Transaction, line: TransactionLine, rate: Decimal, at: datetime) -> None:
        row = {
            "id": str(line.line_id),
            "transaction": transaction.transaction_id,
            "linesequencenumber": str(line.line_id),
            "mainline": _flag(line.mainline),
            "taxline": _flag(line.taxline),
            "item": line.item,
            "quantity": None if line.quantity is None else plain(line.quantity),
            "rate": None if line.rate is None else plain(line.rate),
            "netamount": _base(line.amount, transaction.currency, rate),
            "foreignamount": to_major(line.amount, transaction.currency),
            "revrecstartdate": line.starts.isoformat() if line.starts else None,
            "revrecenddate": (line.ends - timedelta(days=1)).isoformat() if line.ends else None,
            "memo": line.memo,
            "uniquekey": f"{transaction.transaction_id}{line.line_id:03d}",
            "custcol_order_item": line.order_item,
            "custcol_tax_of_line": None if line.tax_of is None else str(line.tax_of),
            "custcol_discount_percent": None if line.discount_percent is None else plain(line.discount_percent),
            "custcol_billing_frequency": line.frequency,
            "appliedtotransaction": line.applied_to,
            "linelastmodifieddate": _stamp(at),
        }
        self._add("transactionline", f"{transaction.transaction_id}|{line.line_id}", at, row)

    def _add_postings(self, transaction: Transaction, rate: Decimal, at: datetime) -> None:
        """Debits equal credits in the base currency: the main line takes what the others round to."""
        others = [line for line in transaction.lines if not line.mainline and line.post]
        bases = {line.line_id: Decimal(_base(line.post, transaction.currency, rate)) for line in others}
        main = transaction.lines[0]
        bases[main.line_id] = -sum(bases.values(), Decimal(0))
        for line in transaction.lines:
            amount = bases.get(line.line_id)
            if amount is None:
                continue
            account = LEDGER[line.account][0]
            row = {
                "accountingbook": "1",
                "transaction": transaction.transaction_id,
                "transactionline": str(line.line_id),
                "account": account,
                "amount": f"{amount:f}",
                "debit": f"{amount:f}" if amount > 0 else None,
                "credit": f"{-amount:f}" if amount < 0 else None,
                "exchangerate": plain(rate),
                "netamount": f"{amount:f}",
                "posting": "T",
            }
            record_id = f"1|{transaction.transaction_id}|{line.line_id}|{account}"
            self._add("transactionaccountingline", record_id, at, row)


def write_erp(landing: Landing, extract: Extract) -> None:
    """Transactions as CSV, master data as SuiteQL pages of JSON."""
    for name in sorted(extract.versions):
        for (day, _), rows in extract.deliveries(name).items():
            if name not in PAGED:
                content = csv_rows(COLUMNS[name].split())(rows)
                landing.write("erp", name, day, f"{name}.csv", content, rows=len(rows))
                continue
            for number, offset in enumerate(range(0, len(rows), PAGE_ROWS), start=1):
                part = rows[offset : offset + PAGE_ROWS]
                page = {
                    "links": [],
                    "count": len(part),
                    "hasMore": offset + PAGE_ROWS < len(rows),
                    "items": [{"links": [], **row} for row in part],
                    "offset": offset,
                    "totalResults": len(rows),
                }
                content = (json.dumps(page, separators=(",", ":")) + "\n").encode()
                landing.write("erp", name, day, f"{name}-{number:03d}.json", content, rows=len(part))


def _rate(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.00000001"), rounding=ROUND_HALF_UP)


def _base(minor: int, currency: str, rate: Decimal) -> str:
    """US dollars with two decimals."""
    exact = Decimal(to_major(minor, currency)) * rate
    return f"{exact.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):f}"


def _flag(value: bool) -> str:
    return "T" if value else "F"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"

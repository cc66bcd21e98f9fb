"""Sheets over the lines of the month: trial balance, roll-forwards, flux, journal, and what goes to the ERP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from orchestration.close.package.book import WHAT_CHECKS_ARE, Book, Check, Count, Money, Sheet, elsewhere, span, words
from orchestration.close.package.erp_import import Journal
from orchestration.close.package.recorded import ClosedMonth, Row


class Ties:
    """Where the trial balance stands on its sheet, for the formulas of all others."""

    COLUMNS = ("opening", "debit", "credit", "closing")
    FIRST_AMOUNT = 5

    def __init__(self, sheet: Sheet, month: ClosedMonth, first: int, last: int) -> None:
        self._sheet, self._month, self._first, self._last = sheet, month, first, last
        # columns of the journal by account: currency, debit; set when that sheet is written
        self.journal_currencies = self.journal_debits = ""

    def of(
        self,
        what: str,
        currency: str,
        *,
        account: str | None = None,
        functional: str | None = None,
        in_functional: bool = False,
        sign: int = 1,
    ) -> Money:
        """Sum of a column over rows of a currency: of one account, or of net revenue when none is named.

        ``functional`` takes rows of that functional currency alone, ``in_functional`` their amounts in it.
        """
        column = self.FIRST_AMOUNT + self.COLUMNS.index(what) + (FUNCTIONAL_SHIFT if in_functional else 0)
        conditions = [(3, currency.upper()), (2, account) if account else (4, NET_REVENUE)]
        if functional is not None:
            conditions.append((FUNCTIONAL_CURRENCY, functional.upper()))
        among = "".join(f',{self._range(place)},"{wanted}"' for place, wanted in conditions)
        rows = [
            row
            for row in self._month.trial_balance
            if row["currency"] == currency
            and (row["account"] == account if account else row["account"] in net_revenue_accounts(self._month))
            and functional in {None, row["functional_currency"]}
        ]
        name = f"functional_{what}_minor" if in_functional else f"{what}_minor"
        minor = sign * sum(int(row[name]) for row in rows)
        formula = f"{'-' if sign < 0 else ''}SUMIFS({self._range(column)}{among})"
        return Money(minor, functional if functional and in_functional else currency, formula)

    def moved(self, currency: str, *, account: str | None = None, sign: int = 1) -> Money:
        """Debits less credits of the month."""
        debit = self.of("debit", currency, account=account)
        credit = self.of("credit", currency, account=account)
        minus = "-" if sign < 0 else ""
        return Money(sign * (debit.minor - credit.minor), currency, f"{minus}({debit.formula}-{credit.formula})")

    def _range(self, column: int) -> str:
        return elsewhere(self._sheet, column, self._first, self._last)


NET_REVENUE = "net revenue"


FUNCTIONAL_CURRENCY, FUNCTIONAL_SHIFT = 12, 8


def net_revenue_accounts(month: ClosedMonth) -> set[str]:
    """The accounts of revenue and of what is taken back of it, as they were when the month was closed."""
    return {row["account"] for row in month.reports.get("accounts", []) if row["is_net_revenue"] == "true"}


def add_trial_balance(book: Book, month: ClosedMonth) -> Ties:
    """Trial balance of the month, against what the database wrote down when it was closed; where its figures stand."""
    sheet = book.sheet("Trial balance", [10, 30, 26, 9, 13, *[16] * 4, 16, 16, 13, 11, *[16] * 4, 16, 13])
    sheet.title(
        "Trial balance",
        WHAT_CHECKS_ARE + " Debits are positive, credits negative.",
        "Closing as closed: what the database wrote down when the month was locked. Opening: what the month before was "
        "closed with.",
    )
    head = sheet.row
    sheet.header(
        "GL account",
        "GL name",
        "Subledger account",
        "Currency",
        "Class",
        "Opening",
        "Debit",
        "Credit",
        "Closing",
        "Closing as closed",
        "Prior closing",
        "Difference",
        "Functional",
        "Opening",
        "Debit",
        "Credit",
        "Closing",
        "Closing as closed",
        "Difference",
        texts=5,
        freeze=4,
    )
    first = sheet.row
    closed, before = _by_account(month.balances), _by_account(month.prior_balances)
    for row in month.trial_balance:
        _trial_balance_line(sheet, month, row, closed[_key(row)], before.get(_key(row)))
    last = max(sheet.row - 1, first)
    sheet.filter_from(head, 19)
    sheet.gap()
    _balanced(sheet, "All accounts", "currency", ("opening", "debit", "credit", "closing"), month, first, last)
    return Ties(sheet, month, first, last)


def _trial_balance_line(sheet: Sheet, month: ClosedMonth, row: Row, closed: Row, before: Row | None) -> None:
    currency, functional = row["currency"], row["functional_currency"]
    prior = before["balance_minor"] if before else 0
    closing = row["opening_minor"] + row["debit_minor"] - row["credit_minor"]
    functional_closing = (
        row["functional_opening_minor"] + row["functional_debit_minor"] - row["functional_credit_minor"]
    )
    at = sheet.here
    sheet.line(
        row["gl_account"] or "",
        row["gl_name"] or "",
        row["account"],
        currency.upper(),
        NET_REVENUE if row["account"] in net_revenue_accounts(month) else "",
        Money(row["opening_minor"], currency),
        Money(row["debit_minor"], currency),
        Money(row["credit_minor"], currency),
        Money(closing, currency, f"{at(5)}+{at(6)}-{at(7)}"),
        Money(closed["balance_minor"], currency),
        Money(prior, currency),
        Check(
            abs(closing - closed["balance_minor"]) + abs(row["opening_minor"] - prior),
            currency,
            f"ABS({at(8)}-{at(9)})+ABS({at(5)}-{at(10)})",
        ),
        functional.upper(),
        Money(row["functional_opening_minor"], functional),
        Money(row["functional_debit_minor"], functional),
        Money(row["functional_credit_minor"], functional),
        Money(functional_closing, functional, f"{at(13)}+{at(14)}-{at(15)}"),
        Money(closed["functional_balance_minor"], functional),
        Check(functional_closing - closed["functional_balance_minor"], functional, f"{at(16)}-{at(17)}"),
    )


def _balanced(
    sheet: Sheet, title: str, key: str, names: Sequence[str], month: ClosedMonth, first: int, last: int
) -> None:
    """Totals of the trial balance by currency, and by functional currency: debits are credits, all balances are 0."""
    sheet.section(title)
    sheet.header("", "", "", "Currency", "", "Opening", "Debit", "Credit", "Closing", "", "", "Difference", texts=5)
    for functional in (False, True):
        shift, prefix = (8, "functional_") if functional else (0, "")
        place = FUNCTIONAL_CURRENCY if functional else 3
        name = f"functional_{key}" if functional else key
        for currency in sorted({row[name] for row in month.trial_balance}):
            rows = [row for row in month.trial_balance if row[name] == currency]
            sums = {what: sum(row[f"{prefix}{what}_minor"] for row in rows) for what in names}
            amounts = [
                Money(
                    sums[what],
                    currency,
                    f"SUMIFS({span(sheet, 5 + shift + offset, first, last)},"
                    f'{span(sheet, place, first, last)},"{currency.upper()}")',
                )
                for offset, what in enumerate(names)
            ]
            at = sheet.here
            off = abs(sums["opening"]) + abs(sums["debit"] - sums["credit"]) + abs(sums["closing"])
            sheet.line(
                "",
                "In functional currency" if functional else "In currency",
                "",
                currency.upper(),
                "",
                *amounts,
                "",
                "",
                Check(
                    off,
                    currency,
                    f"ABS(ROUND({at(5)},{sheet.book.exponent(currency)}))+ABS({at(6)}-{at(7)})"
                    f"+ABS(ROUND({at(8)},{sheet.book.exponent(currency)}))",
                ),
                style="total",
            )


@dataclass(frozen=True)
class RollforwardSheet:
    """How the roll-forward of an account is shown; ``sign`` is -1 where credits are positive."""

    name: str
    title: str
    account: str
    sign: int
    note: str


ROLLFORWARDS = (
    RollforwardSheet(
        "Deferred revenue",
        "Deferred revenue roll-forward",
        "deferred_revenue",
        -1,
        "Contract liabilities: what is billed and not earned.",
    ),
    RollforwardSheet(
        "Receivables",
        "Accounts receivable roll-forward",
        "accounts_receivable",
        1,
        "What customers owe on issued invoices, tax included.",
    ),
    RollforwardSheet(
        "Unbilled",
        "Unbilled receivables roll-forward",
        "unbilled_receivable",
        1,
        "Contract assets: what is earned and not billed.",
    ),
    RollforwardSheet(
        "Credit balances",
        "Customer credit balances roll-forward",
        "customer_credit_balance",
        -1,
        "What customers have as credit towards later invoices.",
    ),
    RollforwardSheet(
        "Tax payable", "Tax payable roll-forward", "tax_payable", -1, "Tax on invoices, less what was taken back."
    ),
)


def add_rollforwards(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """A sheet for each account that is rolled forward."""
    for shown in ROLLFORWARDS:
        _rollforward(book, month, ties, shown)


def _rollforward(book: Book, month: ClosedMonth, ties: Ties, shown: RollforwardSheet) -> None:
    rows = month.rollforwards[shown.account]
    causes = movements_of(rows)
    sheet = book.sheet(shown.name, [13, 11, *[15] * (len(causes) + 2), 16, 13])
    sheet.title(
        shown.title,
        f"{shown.note} {WHAT_CHECKS_ARE}",
        "Opening + movements = closing = trial balance. Late facts stand in this month under their own cause; "
        "'adjusted' is what no cause names.",
    )
    if not rows:
        sheet.note("No balance and no movement.")
        return
    for functional in (False, True):
        sheet.section("In functional currency" if functional else "In currency")
        names = ["Currency", "Functional", "Opening", *map(words, causes), "Closing", "Trial balance", "Difference"]
        sheet.header(*names, texts=2, freeze=None if functional else 2)
        for row in rows:
            _rollforward_line(sheet, ties, shown, row, causes, functional=functional)
        sheet.gap()


def _rollforward_line(
    sheet: Sheet, ties: Ties, shown: RollforwardSheet, row: Row, causes: Sequence[str], *, functional: bool
) -> None:
    prefix = "functional_" if functional else ""
    currency = row["functional_currency"] if functional else row["currency"]
    opening = row[f"{prefix}opening_minor"]
    moved = [row[f"{prefix}{cause}_minor"] for cause in causes]
    closing = opening + sum(moved)
    last = 2 + len(causes)
    booked, opened = (
        ties.of(
            what,
            row["currency"],
            account=shown.account,
            functional=row["functional_currency"],
            in_functional=functional,
            sign=shown.sign,
        )
        for what in ("closing", "opening")
    )
    at = sheet.here
    sheet.line(
        row["currency"].upper(),
        row["functional_currency"].upper(),
        Money(opening, currency),
        *[Money(amount, currency) for amount in moved],
        Money(closing, currency, f"SUM({at(2)}:{at(last)})"),
        booked,
        Check(
            abs(closing - booked.minor) + abs(opening - opened.minor),
            currency,
            f"ABS({at(last + 1)}-{at(last + 2)})+ABS({at(2)}-({opened.formula}))",
        ),
    )


def add_flux(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """Net revenue against the month before, by driver."""
    sheet = book.sheet("Flux", [11, 26, 18, 18, 18, 12, 18, 13])
    sheet.title(
        "Flux: net revenue against the month before",
        "Revenue of the month's own service customer by customer; late facts and what was taken back are drivers of "
        "their own.",
        WHAT_CHECKS_ARE,
    )
    sheet.header(
        "Currency",
        "Driver",
        "Prior month",
        "Change",
        "This month",
        "Customers",
        "Trial balance",
        "Difference",
        texts=2,
        freeze=2,
    )
    revenue = net_revenue_accounts(month)
    for currency, group in groupby(month.flux, key=itemgetter("currency")):
        rows = list(group)
        first = sheet.row
        for row in rows:
            current = row["prior_minor"] + row["change_minor"]
            sheet.line(
                currency.upper(),
                words(row["driver"]),
                Money(row["prior_minor"], currency),
                Money(row["change_minor"], currency),
                Money(current, currency, f"{sheet.here(2)}+{sheet.here(3)}"),
                Count(row["customer_count"]) if row["customer_count"] else None,
            )
        last = sheet.row - 1
        prior, change = (sum(row[name] for row in rows) for name in ("prior_minor", "change_minor"))
        booked = ties.moved(currency, sign=-1)
        prior_booked = -sum(
            row["movement_minor"]
            for row in month.prior_balances
            if row["currency"] == currency and row["account"] in revenue
        )
        at = sheet.here
        sheet.line(
            currency.upper(),
            "Net revenue",
            *[
                Money(minor, currency, f"SUM({span(sheet, 2 + place, first, last)})")
                for place, minor in enumerate((prior, change, prior + change))
            ],
            None,
            booked,
            Check(prior + change - booked.minor, currency, f"{at(4)}-{at(6)}"),
            style="total",
        )
        sheet.line(
            currency.upper(),
            "Prior month as it was closed",
            Money(prior_booked, currency),
            None,
            None,
            None,
            None,
            Check(prior - prior_booked, currency, f"{at(2, sheet.row - 1)}-{at(2)}"),
        )
        sheet.gap()
    if not month.flux:
        sheet.note("No revenue in this month or the one before.")


def add_journal(book: Book, month: ClosedMonth, ties: Ties) -> None:
    """Lines of the month summed by account and currency."""
    sheet = book.sheet("Journal by account", [12, 32, 28, 11, 11, 18, 18, 18, 18, 13])
    sheet.title(
        "Journal of the month by account",
        "Every line that stands in the books of the month. The lines themselves: the detail file of the package.",
        WHAT_CHECKS_ARE,
    )
    head = sheet.row
    sheet.header(
        "GL account",
        "GL name",
        "Subledger account",
        "Currency",
        "Lines",
        "Debit",
        "Credit",
        "Net",
        "Trial balance",
        "Difference",
        texts=4,
        freeze=4,
    )
    first = sheet.row
    for row in month.journal:
        currency = row["currency"]
        net = row["debit_minor"] - row["credit_minor"]
        booked = ties.moved(currency, account=row["account"])
        at = sheet.here
        sheet.line(
            row["gl_account"] or "",
            row["gl_name"] or "",
            row["account"],
            currency.upper(),
            Count(row["line_count"]),
            Money(row["debit_minor"], currency),
            Money(row["credit_minor"], currency),
            Money(net, currency, f"{at(5)}-{at(6)}"),
            booked,
            Check(net - booked.minor, currency, f"{at(7)}-{at(8)}"),
        )
    last = max(sheet.row - 1, first)
    sheet.filter_from(head, 10)
    ties.journal_currencies, ties.journal_debits = (elsewhere(sheet, column, first, last) for column in (3, 5))
    sheet.gap()
    lines = sum(row["line_count"] for row in month.journal)
    for currency in sorted({row["currency"] for row in month.journal}):
        rows = [row for row in month.journal if row["currency"] == currency]
        debit, credit = (sum(row[name] for row in rows) for name in ("debit_minor", "credit_minor"))
        of_currency = f'{span(sheet, 3, first, last)},"{currency.upper()}"'
        at = sheet.here
        sheet.line(
            "Total",
            "",
            "",
            currency.upper(),
            Count(sum(row["line_count"] for row in rows), f"SUMIFS({span(sheet, 4, first, last)},{of_currency})"),
            Money(debit, currency, f"SUMIFS({span(sheet, 5, first, last)},{of_currency})"),
            Money(credit, currency, f"SUMIFS({span(sheet, 6, first, last)},{of_currency})"),
            Money(debit - credit, currency, f"ROUND({at(5)}-{at(6)},{book.exponent(currency)})"),
            None,
            Check(debit - credit, currency, at(7)),
            style="total",
        )
    sheet.line(
        "Lines as closed",
        "",
        "",
        "",
        Count(month.closing["line_count"]),
        None,
        None,
        None,
        None,
        Check(lines - month.closing["line_count"], None, f"SUM({span(sheet, 4, first, last)})-{sheet.here(4)}"),
    )


def add_erp_journal(book: Book, month: ClosedMonth, ties: Ties, journal: Journal) -> None:
    """What the import file holds, balanced by External ID and against the journal."""
    sheet = book.sheet("ERP journal", [30, 8, 12, 30, 11, 18, 18, 11, 13])
    sheet.title(
        "Journal for the ERP",
        "What the import file holds, by External ID, GL account and currency. Importing an External ID twice books it "
        "once.",
        f"{WHAT_CHECKS_ARE} Lines of functional currency alone are not transferred: the ERP realises and revalues "
        "itself.",
    )
    head = sheet.row
    sheet.header(
        "External ID",
        "Line",
        "GL account",
        "GL name",
        "Currency",
        "Debit",
        "Credit",
        "Lines",
        "Difference",
        texts=4,
        freeze=1,
    )
    first = sheet.row
    for line in journal.lines:
        sheet.line(
            line.external_id,
            Count(line.number),
            line.gl_account,
            line.gl_name,
            line.currency.upper(),
            Money(line.debit_minor, line.currency) if line.debit_minor else None,
            Money(line.credit_minor, line.currency) if line.credit_minor else None,
            Count(line.line_count),
        )
    last = max(sheet.row - 1, first)
    sheet.filter_from(head, 8)
    sheet.gap()
    sheet.section("Balanced per External ID")
    for external_id, group in groupby(journal.lines, key=lambda line: line.external_id):
        lines = list(group)
        currency = lines[0].currency
        debit, credit = sum(line.debit_minor for line in lines), sum(line.credit_minor for line in lines)
        among = f'{span(sheet, 0, first, last)},"{external_id}"'
        at = sheet.here
        sheet.line(
            external_id,
            None,
            "",
            "",
            currency.upper(),
            Money(debit, currency, f"SUMIFS({span(sheet, 5, first, last)},{among})"),
            Money(credit, currency, f"SUMIFS({span(sheet, 6, first, last)},{among})"),
            Count(sum(line.line_count for line in lines), f"SUMIFS({span(sheet, 7, first, last)},{among})"),
            Check(debit - credit, currency, f"{at(5)}-{at(6)}"),
            style="total",
        )
    _all_transferred(sheet, month, ties, journal, first, last)


def _all_transferred(sheet: Sheet, month: ClosedMonth, ties: Ties, journal: Journal, first: int, last: int) -> None:
    """Per currency what is transferred is what the journal of the month has; no line is left over."""
    sheet.gap()
    sheet.section("Against the journal of the month")
    for currency in sorted({row["currency"] for row in month.journal}):
        debit = sum(row["debit_minor"] for row in month.journal if row["currency"] == currency)
        transferred = sum(line.debit_minor for line in journal.lines if line.currency == currency)
        among = f'{span(sheet, 4, first, last)},"{currency.upper()}"'
        at = sheet.here
        sheet.line(
            "Debits, transferred and in the books",
            None,
            "",
            "",
            currency.upper(),
            Money(transferred, currency, f"SUMIFS({span(sheet, 5, first, last)},{among})"),
            Money(debit, currency, f'SUMIFS({ties.journal_debits},{ties.journal_currencies},"{currency.upper()}")'),
            None,
            Check(transferred - debit, currency, f"{at(5)}-{at(6)}"),
        )
    transferred_lines = sum(line.line_count for line in journal.lines)
    at = sheet.here
    sheet.line("Lines transferred", None, "", "", "", None, None, Count(transferred_lines))
    sheet.line("Lines of functional currency alone", None, "", "", "", None, None, Count(journal.not_transferred))
    lines = f"SUM({span(sheet, 7, first, last)})"
    sheet.line(
        "Lines of the month",
        None,
        "",
        "",
        "",
        None,
        None,
        Count(month.closing["line_count"]),
        Check(
            transferred_lines + journal.not_transferred - month.closing["line_count"],
            None,
            f"{lines}+{at(7, sheet.row - 1)}-{at(7)}",
        ),
    )


def add_late_facts(book: Book, month: ClosedMonth) -> None:
    """What belongs to earlier months."""
    sheet = book.sheet("Late facts", [13, 20, 28, 11, 18, 12, 18, 10])
    sheet.title(
        "Facts of earlier months, posted in this one",
        "They came after their own month was closed. Debits are positive.",
    )
    if not month.late_facts:
        sheet.note("None.")
        return
    head = sheet.row
    sheet.header(
        "Belongs to", "Cause", "Account", "Currency", "Amount", "Functional", "Amount", "Lines", texts=4, freeze=1
    )
    for row in month.late_facts:
        sheet.line(
            f"{row['original_period']:%Y-%m}",
            words(row["rule"]),
            row["account"],
            row["currency"].upper(),
            Money(row["amount_minor"], row["currency"]),
            row["functional_currency"].upper(),
            Money(row["functional_minor"], row["functional_currency"]),
            Count(row["line_count"]),
        )
    sheet.filter_from(head, 8)


def _key(row: Row) -> tuple[str, str, str]:
    return row["account"], row["currency"], row["functional_currency"]


def _by_account(rows: list[Row]) -> dict[tuple[str, str, str], Row]:
    return {_key(row): row for row in rows}


def movements_of(rows: list[Row]) -> list[str]:
    """What moves an account, in the order of the mart's columns."""
    if not rows:
        return []
    names = [name.removesuffix("_minor") for name in rows[0] if name.endswith("_minor")]
    return [name for name in names if not name.startswith("functional_") and name not in {"opening", "closing"}]

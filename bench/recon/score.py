"""What was planted against what was raised: recall, right names, noise, closure, and what fans out.

A fault is found when an open break of its control has its key; it is named rightly when the class, the amount and the
quantity are those of the label too. One cause may show in several controls: what a fault says that it also touches is
its fan-out, every other break is noise.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

OPEN_BREAKS = """
    select break_id, control_id, break_class, tracking_key, currency, amount_minor, quantity_delta
    from reconciliation.recon_breaks
    where status = 'open'
    order by control_id, tracking_key, break_id
"""
# A break has one amount in one currency. Of a key whose rows have several, every currency counts what its rows say.
CLOSURE = """
    with keys as (
        select
            breaks.control_id, breaks.comparison, breaks.tracking_key, breaks.amount_minor,
            cast(date_trunc('month', breaks.business_on) as date) as period_month,
            coalesce(breaks.currency, 'xxx') as currency,
            count(distinct sides.currency) > 1 as is_mixed
        from reconciliation.recon_breaks as breaks
        left join reconciliation.recon_sides as sides using (control_id, comparison, tracking_key)
        where breaks.status = 'open'
        group by 1, 2, 3, 4, 5, 6
    ),
    parts as (
        select control_id, comparison, period_month, currency, coalesce(amount_minor, 0) as minor
        from keys
        where not is_mixed
        union all
        select
            keys.control_id, keys.comparison, keys.period_month, sides.currency,
            case when sides.side = 'left' then 1 else -1 end * coalesce(sides.amount_minor, 0)
        from keys
        inner join reconciliation.recon_sides as sides using (control_id, comparison, tracking_key)
        where keys.is_mixed
    ),
    breaks as (
        select control_id, comparison, period_month, currency, sum(minor) as minor
        from parts
        group by 1, 2, 3, 4
    )
    select
        count(*),
        count(*) filter (
            where coalesce(totals.residue_minor, 1) <> 0
            or coalesce(totals.breaks_minor, 0) <> coalesce(breaks.minor, 0)
        )
    from reconciliation.recon_control_totals as totals
    full join breaks using (control_id, comparison, period_month, currency)
"""

# What a wire pays is known: payer and ERP write down one reference. Which of it was applied by rules is judged by that.
RECEIPT_MATCHES = """
    with receipts as (
        select bank_line_key, currency, coalesce(end_to_end_id, bank_reference) as reference
        from intermediate.int_cash__bank_lines
    ),
    payments as (
        select
            payments.transaction_id, payments.memo as reference,
            'erp|' || lines.applied_to_transaction_id as invoice_key
        from intermediate.int_cash__recorded_receipts as payments
        left join staging.stg_erp__transaction_lines as lines
            on payments.transaction_id = lines.transaction_id and lines.applied_to_transaction_id is not null
    ),
    matches as (
        select
            receipts.currency, matches.used_minor,
            not exists (
                select from payments
                where payments.transaction_id = matches.transaction_id and payments.reference = receipts.reference
            ) as is_false
        from intermediate.int_cash__recorded_receipt_matches as matches
        inner join receipts using (bank_line_key)
        union all
        select
            receipts.currency, matches.used_minor,
            exists (select from payments where payments.reference = receipts.reference)
            and not exists (
                select from payments
                where payments.reference = receipts.reference and payments.invoice_key = matches.invoice_key
            )
        from intermediate.int_cash__receipt_invoice_matches as matches
        inner join receipts using (bank_line_key)
    )
    select currency, sum(used_minor), coalesce(sum(used_minor) filter (where is_false), 0)
    from matches
    group by currency
"""
# What controls call equal, by the currency of the left side; and of that what stands under the given keys.
KEY_MATCHES = """
    with wrong as (select * from unnest(%s::text[], %s::text[]) as keys (control_id, tracking_key))
    select
        sides.currency, sum(abs(sides.amount_minor)),
        coalesce(sum(abs(sides.amount_minor)) filter (where wrong.control_id is not null), 0)
    from reconciliation.recon_sides as sides
    inner join reconciliation.recon_results as results using (control_id, comparison, tracking_key)
    left join wrong using (control_id, tracking_key)
    where sides.side = 'left' and sides.amount_minor is not null and results.status in ('matched', 'rounding')
    group by sides.currency
"""


@dataclass(frozen=True)
class Label:
    """One planted fault or decoy. `also` names the control and key of every other break that it causes."""

    fault_id: str
    control: str
    break_class: str
    key: str
    currency: str | None
    amount: int | None
    quantity: Decimal | None
    visible_from: str
    also: tuple[tuple[str, str], ...] = ()

    def agrees(self, one: Break) -> bool:
        """Whether the break says of the fault what is true."""
        if self.break_class != one.break_class:
            return False
        if self.amount is not None and (self.amount, self.currency) != (one.amount_minor, one.currency):
            return False
        return self.quantity is None or self.quantity == one.quantity_delta


@dataclass(frozen=True)
class Break:
    """One open break of the warehouse."""

    break_id: str
    control_id: str
    break_class: str
    tracking_key: str
    currency: str | None
    amount_minor: int | None
    quantity_delta: Decimal | None

    @property
    def place(self) -> tuple[str, str]:
        """What it is about."""
        return (self.control_id, self.tracking_key)


@dataclass
class Score:
    """Of one world, or of several added up. Amounts are minor units, by currency."""

    worlds: int = 1
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    named: int = 0
    confused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    planted_minor: Counter[str] = field(default_factory=Counter)
    found_minor: Counter[str] = field(default_factory=Counter)
    matched_minor: Counter[str] = field(default_factory=Counter)
    false_minor: Counter[str] = field(default_factory=Counter)
    breaks: int = 0
    followed: int = 0
    decoys: int = 0
    raised_decoys: list[str] = field(default_factory=list)
    cells: int = 0
    open_cells: int = 0
    missed: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)

    def kept(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {
            one.name: [[key, count] for key, count in value.items()] if isinstance(value, Counter) else value
            for one in fields(self)
            for value in [getattr(self, one.name)]
        }

    @classmethod
    def of_kept(cls, row: dict[str, Any]) -> Score:
        """What `kept` gave."""
        score = cls()
        for name, value in row.items():
            is_counter = isinstance(getattr(score, name), Counter)
            setattr(score, name, Counter({_hashable(key): count for key, count in value}) if is_counter else value)
        return score

    def add(self, other: Score) -> None:
        """Count another world in."""
        self.worlds += other.worlds
        self.planted += other.planted
        self.found += other.found
        self.named += other.named
        self.confused += other.confused
        self.planted_minor += other.planted_minor
        self.found_minor += other.found_minor
        self.matched_minor += other.matched_minor
        self.false_minor += other.false_minor
        self.breaks += other.breaks
        self.followed += other.followed
        self.decoys += other.decoys
        self.raised_decoys += other.raised_decoys
        self.cells += other.cells
        self.open_cells += other.open_cells
        self.missed += other.missed
        self.noise += other.noise

    @property
    def recall(self) -> Decimal:
        """Share of the planted faults that an open break points at."""
        return _share(self.found.total(), self.planted.total())

    @property
    def recall_of_value(self) -> Decimal:
        """Share of the planted value that was found to the minor unit, in the currency where it is least."""
        return min((_share(self.found_minor[c], total) for c, total in self.planted_minor.items()), default=Decimal(1))

    @property
    def false_value(self) -> Decimal:
        """Share of the value that was matched and is none of each other's, in the currency where it is most."""
        shares = (_share(self.false_minor[c], total) for c, total in self.matched_minor.items() if total)
        return max(shares, default=Decimal(0))

    @property
    def accuracy(self) -> Decimal:
        """Share of the found faults with the right class, amount and quantity."""
        return _share(self.named, self.found.total())

    @property
    def precision(self) -> Decimal:
        """Share of the open breaks that a fault caused."""
        return _share(self.breaks - len(self.noise), self.breaks)

    @property
    def fan_out(self) -> Decimal:
        """Breaks a found fault, its own included."""
        return (Decimal(self.found.total() + self.followed) / self.found.total()) if self.found else Decimal(0)

    def __str__(self) -> str:
        return (
            f"{self.found.total()} of {self.planted.total()} planted faults found, recall {self.recall:.2%}, "
            f"rightly named {self.accuracy:.2%}; {self.breaks} open breaks, precision {self.precision:.2%}"
        )

    @property
    def is_perfect(self) -> bool:
        """Everything found and named, nothing else raised, every total closed."""
        return not (
            self.missed
            or self.noise
            or self.raised_decoys
            or self.open_cells
            or self.confused
            or self.false_minor.total()
        )

    def sentences(self) -> list[str]:
        """What is wrong, one thing a line."""
        return [
            *(f"missed: {one}" for one in self.missed),
            *(
                f"{control}: {planted} was raised as {raised}, {times} times"
                for (control, planted, raised), times in self.confused.items()
            ),
            *(f"noise: {one}" for one in self.noise),
            *(f"decoy raised: {one}" for one in self.raised_decoys),
            *([f"{self.open_cells} totals do not close"] if self.open_cells else []),
            *(f"falsely matched: {minor} {currency}" for currency, minor in self.false_minor.items() if minor),
        ]


def labels(truth: Path, kind: str) -> list[Label]:
    """The labels of one kind (fault or decoy) of a truth.jsonl."""
    rows = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
    return [_label(row) for row in rows if row["kind"] == kind]


def open_breaks(url: str) -> list[Break]:
    """Every open break of a warehouse."""
    with psycopg.connect(url) as connection, connection.cursor(row_factory=class_row(Break)) as cursor:
        return cursor.execute(OPEN_BREAKS).fetchall()


def closure(url: str) -> tuple[int, int]:
    """How many totals there are (control, comparison, month, currency), and how many their breaks do not add up to."""
    with psycopg.connect(url) as connection:
        found = connection.execute(CLOSURE).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def matched(url: str, unraised: Iterable[tuple[str, str]]) -> tuple[Counter[str], Counter[str]]:
    """Minor units by currency that are matched, and that are matched falsely.

    False is a receipt applied to what it does not pay, and whatever a control calls equal under a key of `unraised`
    (control and key), where a fault was planted.
    """
    wrong = sorted(unraised)
    total: Counter[str] = Counter()
    false: Counter[str] = Counter()
    with psycopg.connect(url) as connection:
        rows = connection.execute(RECEIPT_MATCHES).fetchall()
        rows += connection.execute(KEY_MATCHES, ([one for one, _ in wrong], [key for _, key in wrong])).fetchall()
    for currency, minor, false_minor in rows:
        total[currency] += int(minor)
        false[currency] += int(false_minor)
    return total, false


def score(planted: list[Label], decoys: list[Label], raised: list[Break], cells: tuple[int, int]) -> Score:
    """Compare labels with open breaks, each break used once."""
    result = Score(breaks=len(raised), decoys=len(decoys), cells=cells[0], open_cells=cells[1])
    rest: dict[tuple[str, str], list[Break]] = {}
    for one in raised:
        rest.setdefault(one.place, []).append(one)
    for label in planted:
        _look_for(label, rest.get((label.control, label.key), []), result)
    # A fault may show in several comparisons of its own control.
    also = {place for label in planted for place in (*label.also, (label.control, label.key))}
    for place, others in rest.items():
        if place in also:
            result.followed += len(others)
        else:
            result.noise += [str(one) for one in others]
    places = {one.place for one in raised}
    result.raised_decoys = [label.fault_id for label in decoys if (label.control, label.key) in places]
    return result


def score_of(url: str, truth: Path) -> Score:
    """The score of a built world."""
    planted, raised = labels(truth, "fault"), open_breaks(url)
    result = score(planted, labels(truth, "decoy"), raised, closure(url))
    unraised = {(label.control, label.key) for label in planted} - {one.place for one in raised}
    result.matched_minor, result.false_minor = matched(url, unraised)
    return result


def _look_for(label: Label, candidates: list[Break], result: Score) -> None:
    kind = (label.control, label.break_class)
    result.planted[kind] += 1
    if label.amount is not None and label.currency is not None:
        result.planted_minor[label.currency] += abs(label.amount)
    answers = [one for one in candidates if label.agrees(one)]
    alike = [one for one in candidates if one.break_class == label.break_class]
    match = next(iter(answers or alike or candidates), None)
    if match is None:
        result.missed.append(f"{label.fault_id} {label.key} {label.amount}")
        return
    candidates.remove(match)
    result.found[kind] += 1
    if answers:
        result.named += 1
        if label.amount is not None and label.currency is not None:
            result.found_minor[label.currency] += abs(label.amount)
    else:
        said = match.break_class
        if said == label.break_class:
            said = f"{said} of {match.amount_minor} {match.currency}, quantity {match.quantity_delta}"
            planted = f"{label.break_class} of {label.amount} {label.currency}, quantity {label.quantity}"
        else:
            planted = label.break_class
        result.confused[label.control, planted, said] += 1


def _label(row: dict[str, Any]) -> Label:
    return Label(
        fault_id=row["fault_id"],
        control=row["control_expected"],
        break_class=row["class"],
        key=row["key"],
        currency=row["currency"],
        amount=None if row["amount"] is None else int(row["amount"]),
        quantity=None if row["quantity"] is None else Decimal(row["quantity"]),
        visible_from=row["should_be_visible_at"],
        also=tuple((control, key) for control, key in row.get("also", ())),
    )


def _hashable(key: str | list[str]) -> str | tuple[str, ...]:
    return tuple(key) if isinstance(key, list) else key


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / whole if whole else Decimal(1)


def summed(scores: Iterable[Score]) -> Score:
    """Several worlds as one."""
    total = Score(worlds=0)
    for one in scores:
        total.add(one)
    return total

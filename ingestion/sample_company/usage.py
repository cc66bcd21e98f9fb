"""The usage stream of the whole company, written day by day, and the book the billers read afterwards.

A day's events are written to files and forgotten; what stays is one sum per account, meter and local day, and the few
late events one by one. So memory does not grow with `scale`.

Beside the ordinary events of a day there are, in small fixed numbers: events recorded one to nine days late, exact
repetitions in the same and in the next file, and repetitions with another quantity (the first delivered one counts).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample_company.catalogue import METER, Meter
from ingestion.sample_company.days import (
    INITIAL_DELIVERY,
    LAST_ACTIVITY,
    delivery_day,
    local_date,
    local_midnight,
    midnight,
)
from ingestion.sample_company.facts import Account, Facts
from ingestion.sample_company.landing_files import Landing, StreamedFile
from ingestion.sample_company.randomness import substream
from ingestion.sample_company.usage_lines import (
    CLOCK,
    DAY,
    LAST_SECOND,
    UNIT,
    Block,
    Span,
    Template,
    block,
    one_line,
    quantity_text,
    template,
)

SYSTEM, EVENTS, TOTALS = "usage", "events", "control_totals"
PART_ROWS = 1_000_000
DUPLICATE_EVERY = 250
LATE_A_DAY, DAYS_LATE = 2, (1, 1, 2, 4, 9)
# Days of the month on which an event comes with two quantities, and on which one is sent again the next day.
CONFLICT_EVERY, RESEND_EVERY = 3, 2
MIDNIGHT_CALLS = 7
# Hours east of UTC that producers of these zones print; the others print UTC.
OFFSETS = {"Asia/Tokyo": 9}
# From this scale on the history is split per day; below it a file per month is plenty.
DAILY_HISTORY_SCALE = 10


@dataclass(frozen=True)
class Consumer:
    """One account's metered use: events happen from `since` on, on local days in [first, last)."""

    account: Account
    meter: Meter
    since: datetime
    first: date
    last: date


@dataclass(frozen=True)
class Use:
    """A consumer's part of one UTC day, which holds the ends of two local days."""

    consumer: Consumer
    day: date
    span: Span
    local_days: tuple[date, date]

    def local_day(self, second: int) -> date:
        """The local day of a second of the UTC day; local midnight belongs to the next."""
        return self.local_days[0] if second < self.span.cut else self.local_days[1]

    @property
    def window(self) -> tuple[str, date]:
        """The producer's counting window."""
        return self.consumer.meter.source, self.day

    def template(self) -> Template:
        """Line template; Tokyo's producer prints its own offset."""
        account = self.consumer.account
        return template(self.consumer.meter, account.account_id, self.day, OFFSETS.get(account.timezone, 0))


@dataclass(frozen=True)
class LateEvent:
    """One event that was recorded a day or more after its local day."""

    account_id: str
    meter_code: str
    local_day: date
    thousandths: int
    recorded: datetime
    utc_day: date


@dataclass
class Book:
    """What was used, per account, meter and local day, in the units of the meter's aggregate; `utc_days` by UTC day."""

    days: dict[tuple[str, str, date], int] = field(default_factory=dict)
    utc_days: dict[tuple[str, str, date], int] = field(default_factory=dict)
    late: list[LateEvent] = field(default_factory=list)

    def quantity(self, account_id: str, meter_code: str, first: date, last: date, cutoff: datetime) -> Decimal:
        """Aggregate over local days in [first, last) as far as recorded before `cutoff`."""
        gauge = METER[meter_code].aggregation == "max"
        amounts = []
        day = first
        while day < last:
            amounts.append(self.days.get((account_id, meter_code, day), 0))
            day += timedelta(days=1)
        amounts += [
            event.thousandths
            for event in self.late
            if (event.account_id, event.meter_code) == (account_id, meter_code)
            and first <= event.local_day < last
            and event.recorded < cutoff
        ]
        total = (max(amounts, default=0)) if gauge else sum(amounts)
        return Decimal(total) / UNIT


@dataclass
class UsageFaults:
    """What goes wrong between a producer and the landing folder. Days are UTC days of recording."""

    silent: set[tuple[str, date]] = field(default_factory=set)
    unknown_meter: dict[date, int] = field(default_factory=dict)
    malformed: dict[date, int] = field(default_factory=dict)
    storms: set[date] = field(default_factory=set)


@dataclass
class Window:
    """A producer's own count of one UTC day."""

    count: int = 0
    thousandths: int = 0


@dataclass
class FileNote:
    """What stands in one events file beside good events; the fault plan labels from it."""

    delivered_on: date
    file_name: str
    rows: int = 0
    unknown_meter: int = 0
    malformed: int = 0
    duplicates: int = 0
    days: set[date] = field(default_factory=set)


@dataclass
class UsageOutcome:
    """What is left of the stream: the book, producers' counts, and what stands in which file."""

    book: Book
    windows: dict[tuple[str, date], Window]
    restated: dict[date, set[tuple[str, date]]]
    files: list[FileNote]
    events: int
    late_windows: dict[tuple[str, date], list[tuple[date, Window]]]

    def still_to_come(self, key: tuple[str, date], delivered_on: date) -> list[Window]:
        """Late events of a window that were recorded only after the delivery was cut."""
        return [window for recorded, window in self.late_windows.get(key, []) if recorded >= delivered_on]


def consumers(facts: Facts) -> list[Consumer]:
    """Every metered item of every subscription and contract, in a fixed order."""
    found = []
    for subscription in facts.subscriptions:
        zone = subscription.account.timezone
        last = local_date(subscription.ended_at, zone) if subscription.ended_at else date.max
        for item in subscription.items:
            if item.metered and item.price.meter_code:
                first = local_date(subscription.anchor, zone)
                found.append(
                    Consumer(subscription.account, METER[item.price.meter_code], subscription.anchor, first, last)
                )
    for contract in facts.contracts:
        for line in contract.lines():
            if line.metered and line.price.meter_code:
                first = contract.start
                since = max(local_midnight(first, contract.account.timezone), midnight(facts.start))
                found.append(Consumer(contract.account, METER[line.price.meter_code], since, first, contract.end))
    return found


class UsageWriter:
    """Writes `usage/events` and keeps the book. Days must be written in order."""

    def __init__(self, landing: Landing, facts: Facts, seed: int, scale: int, faults: UsageFaults) -> None:
        self._landing = landing
        self._seed = seed
        self._scale = scale
        self._faults = faults
        self._start = facts.start
        self._consumers = consumers(facts)
        self._book = Book()
        self._windows: dict[tuple[str, date], Window] = {}
        self._restated: dict[date, set[tuple[str, date]]] = {}
        self._later: dict[date, list[str]] = {}
        self._notes: list[FileNote] = []
        self._file: StreamedFile | None = None
        self._delivered_on = INITIAL_DELIVERY
        self._label = ""
        self._part = 0
        self._since_duplicate = 0
        self._events = 0
        self._late_windows: dict[tuple[str, date], list[tuple[date, Window]]] = {}

    def write(self) -> UsageOutcome:
        """All days of the world, oldest first."""
        day = self._start
        while day <= LAST_ACTIVITY:
            self._write_day(day)
            day += timedelta(days=1)
        self._close()
        return UsageOutcome(self._book, self._windows, self._restated, self._notes, self._events, self._late_windows)

    def _write_day(self, day: date) -> None:
        self._open(day)
        rng = substream(self._seed, "usage", day)
        uses = list(self._uses(day))
        for use in uses:
            self._write_block(rng, use)
        self._write_odd_events(day, uses)
        self._emit(self._later.pop(day, []))

    def _uses(self, day: date) -> Iterator[Use]:
        """Who can use the service on this UTC day, and in which seconds."""
        for consumer in self._consumers:
            if (consumer.meter.source, day) in self._faults.silent:
                continue
            zone = consumer.account.timezone
            first_local = local_date(midnight(day), zone)
            second_local = first_local + timedelta(days=1)
            cut = min(int((local_midnight(second_local, zone) - midnight(day)).total_seconds()), DAY)
            lower = max(0, int((consumer.since - midnight(day)).total_seconds()))
            upper = LAST_SECOND
            if first_local < consumer.first:
                lower = max(lower, cut)
            if second_local >= consumer.last:
                upper = min(upper, cut)
            if first_local < consumer.last and lower < upper:
                yield Use(consumer, day, Span(lower, upper, cut), (first_local, second_local))

    def _write_block(self, rng: Random, use: Use) -> None:
        meter, account, span = use.consumer.meter, use.consumer.account, use.span
        usual = meter.base_events * account.weight * self._scale
        count = max(1, usual * rng.randrange(70, 131) // 100 * (span.upper - span.lower) // DAY)
        parts = use.template()
        level = (40 + account.weight * 15 + (use.day - self._start).days // 3) * UNIT
        written = block(parts, meter, rng, count, span, level=level)
        if (span.lower, span.upper) == (0, LAST_SECOND) and 0 < span.cut < LAST_SECOND and meter.code == "api_calls":
            _add_midnight_pair(parts, meter, span.cut, written)
        for side in (0, 1):
            if written.counts[side]:
                self._book_day(use, use.local_days[side], written.sums[side])
        window = self._window(use.window)
        window.count += sum(written.counts)
        window.thousandths += written.sent
        self._add_duplicates(use.day, written.lines)
        self._emit(written.lines)

    def _add_duplicates(self, day: date, lines: list[str]) -> None:
        if day in self._faults.storms:
            repeated = lines[::2]
        else:
            self._since_duplicate += len(lines)
            repeated = lines[-1:] * (self._since_duplicate >= DUPLICATE_EVERY)
            if repeated:
                self._since_duplicate = 0
        self._notes[-1].duplicates += len(repeated)
        lines.extend(repeated)
        self._events -= len(repeated)

    def _write_odd_events(self, day: date, uses: list[Use]) -> None:
        """Late, conflicting and repeated events, and lines the landing door refuses."""
        rng = substream(self._seed, "odd", day)
        if uses:
            for number in range(LATE_A_DAY):
                self._late_event(rng, rng.choice(uses), number)
            if day.day % CONFLICT_EVERY == 0:
                self._conflict(rng.choice(uses))
            if day.day % RESEND_EVERY == 0:
                self._repeat_tomorrow(rng.choice(uses))
        unknown = [_unknown_meter(day, n) for n in range(self._faults.unknown_meter.get(day, 0))]
        malformed = [_malformed(day, n) for n in range(self._faults.malformed.get(day, 0))]
        self._notes[-1].unknown_meter += len(unknown)
        self._notes[-1].malformed += len(malformed)
        self._events -= len(unknown) + len(malformed)
        self._emit(unknown + malformed)

    def _late_event(self, rng: Random, use: Use, number: int) -> None:
        """An event that its producer records days after it happened."""
        second = rng.randrange(use.span.lower, use.span.upper)
        late_on = midnight(use.day + timedelta(days=rng.choice(DAYS_LATE)))
        recorded = late_on + timedelta(hours=3, seconds=second % 600)
        if recorded.date() > LAST_ACTIVITY:
            return
        meter, account = use.consumer.meter, use.consumer.account
        thousandths = UNIT if meter.aggregation == "count" else rng.randrange(2, 60) * UNIT
        line = one_line(
            template(meter, account.account_id, use.day, 0),
            f"L{number}",
            second,
            recorded=f"{recorded:%Y-%m-%dT%H:%M:%S}",
            quantity=quantity_text(meter, thousandths),
        )
        self._later.setdefault(recorded.date(), []).append(line)
        event = LateEvent(account.account_id, meter.code, use.local_day(second), thousandths, recorded, use.day)
        self._book.late.append(event)
        window = self._window(use.window)
        window.count += 1
        window.thousandths += thousandths
        self._restated.setdefault(recorded.date(), set()).add(use.window)
        self._late_windows.setdefault(use.window, []).append((recorded.date(), Window(1, thousandths)))

    def _conflict(self, use: Use) -> None:
        """One more event, and again with another quantity: in the same file, or a day later once days are files."""
        meter = use.consumer.meter
        parts = template(meter, use.consumer.account.account_id, use.day, 0)
        thousandths = UNIT if meter.aggregation == "count" else 3 * UNIT
        second = use.span.lower
        stamp = f"{parts.today}T{CLOCK[second + 30]}"
        first = one_line(parts, "C0", second, recorded=stamp, quantity=quantity_text(meter, thousandths))
        other = one_line(parts, "C0", second, recorded=stamp, quantity=quantity_text(meter, 5 * UNIT), tail=1)
        self._emit([first])
        tomorrow = use.day + timedelta(days=1)
        if INITIAL_DELIVERY <= tomorrow <= LAST_ACTIVITY:
            self._later.setdefault(tomorrow, []).append(other)
        else:
            self._emit([other])
        self._events -= 1
        self._count_once(use, thousandths)

    def _repeat_tomorrow(self, use: Use) -> None:
        """One more event that the producer sends again, unchanged, the next day."""
        meter = use.consumer.meter
        parts = template(meter, use.consumer.account.account_id, use.day, 0)
        thousandths = UNIT if meter.aggregation == "count" else 2 * UNIT
        stamp = f"{parts.today}T{CLOCK[use.span.lower + 40]}"
        line = one_line(parts, "R0", use.span.lower, recorded=stamp, quantity=quantity_text(meter, thousandths))
        self._emit([line])
        if use.day < LAST_ACTIVITY:
            self._later.setdefault(use.day + timedelta(days=1), []).append(line)
            self._events -= 1
        self._count_once(use, thousandths)

    def _count_once(self, use: Use, thousandths: int) -> None:
        """Book an extra event in the first second of the use."""
        self._book_day(use, use.local_day(use.span.lower), thousandths)
        window = self._window(use.window)
        window.count += 1
        window.thousandths += thousandths

    def _book_day(self, use: Use, local_day: date, thousandths: int) -> None:
        account, meter = use.consumer.account, use.consumer.meter
        gauge = meter.aggregation == "max"
        for days, day in ((self._book.days, local_day), (self._book.utc_days, use.day)):
            key = (account.account_id, meter.code, day)
            before = days.get(key, 0)
            days[key] = max(before, thousandths) if gauge else before + thousandths

    def _window(self, key: tuple[str, date]) -> Window:
        self._restated.setdefault(key[1], set()).add(key)
        return self._windows.setdefault(key, Window())

    def _open(self, recorded: date) -> None:
        """The file for events recorded on this day; history below a certain scale shares one per month."""
        delivered_on = delivery_day(midnight(recorded))
        history = delivered_on == INITIAL_DELIVERY
        label = f"{recorded:%Y-%m}" if history and self._scale < DAILY_HISTORY_SCALE else recorded.isoformat()
        if label != self._label:
            self._close()
            self._delivered_on, self._label, self._part = delivered_on, label, 0
            self._start_part()
        self._notes[-1].days.add(recorded)

    def _start_part(self) -> None:
        name = f"events-{self._label}-{self._part:03d}.jsonl"
        self._file = StreamedFile(self._landing, SYSTEM, EVENTS, self._delivered_on, name)
        self._notes.append(FileNote(self._delivered_on, name))

    def _emit(self, lines: list[str]) -> None:
        if not lines or self._file is None:
            return
        if self._file.rows >= PART_ROWS:
            days = {max(self._notes[-1].days)}
            self._close()
            self._part += 1
            self._start_part()
            self._notes[-1].days |= days
        self._file.append("".join(lines).encode("ascii"), len(lines))
        self._notes[-1].rows += len(lines)
        self._events += len(lines)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _add_midnight_pair(parts: Template, meter: Meter, cut: int, written: Block) -> None:
    """The last second of one local day and the first of the next: a boundary instant belongs to the next."""
    for side, second in ((0, cut - 1), (1, cut)):
        stamp = f"{parts.today}T{CLOCK[second + 5]}"
        quantity = quantity_text(meter, MIDNIGHT_CALLS * UNIT)
        written.lines.append(one_line(parts, f"m{side}", second, recorded=stamp, quantity=quantity))
        written.sums[side] += MIDNIGHT_CALLS * UNIT
        written.counts[side] += 1
        written.sent += MIDNIGHT_CALLS * UNIT


def _unknown_meter(day: date, number: int) -> str:
    return (
        f'{{"specversion":"1.0","id":"beta-{day:%Y%m%d}-{number}","source":"//acme/beta","type":"com.acme.beta_feature",'
        f'"subject":"acct_0001","time":"{day}T09:00:{number % 60:02d}Z","recordedtime":"{day}T09:01:00Z",'
        f'"datacontenttype":"application/json","data":{{"units":1}}}}\n'
    )


def _malformed(day: date, number: int) -> str:
    return (
        f'{{"specversion":"1.0","id":"broken-{day:%Y%m%d}-{number}","source":"//acme/edge","type":"com.acme.egress",'
        f'"subject":"acct_0001","time":"yesterday","data":{{"gigabytes":1}}}}\n'
    )

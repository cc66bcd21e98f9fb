"""The hot path: CloudEvents of one customer, meter and UTC day as text, with their exact sums.

An event line is a template with four holes (number, time, recorded time, quantity), so no JSON encoder runs per event;
every inserted text is ASCII without quotes, which keeps the line exact JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from ingestion.sample_company.catalogue import Meter

DAY = 86400
# Recording follows the event by up to two minutes, and never crosses midnight.
LAST_SECOND = DAY - 120
CLOCK = tuple(f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY))
# Quantities are counted in thousandths, so sums stay integers.
UNIT = 1000
_HOLE = "\0"
CANARY = "pii.canary@customer.example"
_REGIONS = ("us-east-1", "eu-west-1", "ap-northeast-1", "us-west-2")


@dataclass(frozen=True)
class Template:
    """One (account, meter, UTC day). `offset` hours are printed in `time`; the instant is the same."""

    head: str
    source: str
    middle: str
    today: str
    tomorrow: str
    offset: int
    tails: tuple[str, ...]


def template(meter: Meter, account_id: str, day: date, offset: int) -> Template:
    """The fixed parts of the lines of one account, meter and UTC day."""
    zone = "Z" if offset == 0 else f"+{offset:02d}:00"
    prefix = meter.source.rsplit("/", 1)[-1]
    tails: tuple[str, ...] = ("}}\n",)
    if meter.code == "documents":
        tails = (f',"requested_by":"{CANARY}"}}}}\n',)
    elif meter.dimensions:
        tails = tuple(f',"{meter.dimensions[0]}":"{region}"}}}}\n' for region in _REGIONS)
    return Template(
        head=f'{{"specversion":"1.0","id":"{prefix}-{account_id}-{day:%Y%m%d}-',
        source=f'","source":"{meter.source}","type":"{meter.event_type}","subject":"{account_id}","time":"',
        middle=f'{zone}","recordedtime":"',
        today=day.isoformat(),
        tomorrow=(day + timedelta(days=1)).isoformat(),
        offset=offset * 3600,
        tails=tuple(
            f'Z","datacontenttype":"application/json","data":{{"{meter.quantity_field}":{_HOLE}{tail}' for tail in tails
        ),
    )


def one_line(parts: Template, number: str, second: int, *, recorded: str, quantity: str, tail: int = 0) -> str:
    """A single event; `recorded` is 'YYYY-MM-DDTHH:MM:SS'."""
    before, after = parts.tails[tail % len(parts.tails)].split(_HOLE)
    return (
        f"{parts.head}{number}{parts.source}{_printed(parts, second)}{parts.middle}{recorded}{before}{quantity}{after}"
    )


def _printed(parts: Template, second: int) -> str:
    shifted = second + parts.offset
    return f"{parts.today}T{CLOCK[shifted]}" if shifted < DAY else f"{parts.tomorrow}T{CLOCK[shifted - DAY]}"


def quantity_text(meter: Meter, thousandths: int) -> str:
    """Quantity as it stands in the event's data: whole calls and pages, gigabytes with three decimals."""
    if meter.aggregation == "count" or meter.code == "api_calls":
        return str(thousandths // UNIT)
    return f"{thousandths // UNIT}.{thousandths % UNIT:03d}"


@dataclass(frozen=True)
class Span:
    """Seconds [lower, upper) of a UTC day in which an account is active; its local midnight is second `cut`."""

    lower: int
    upper: int
    cut: int


@dataclass
class Block:
    """The events of one account, meter and UTC day.

    For the part before the local midnight and the part from it on: the aggregate in thousandths under the meter's own
    function, and the number of events. `sent` is the plain sum of all quantities.
    """

    lines: list[str]
    sums: list[int]
    counts: list[int]
    sent: int


def block(parts: Template, meter: Meter, rng: Random, count: int, span: Span, *, level: int) -> Block:
    """`count` events inside the span. `level` is the floor of a gauge in thousandths."""
    bits = rng.getrandbits
    lower, width, cut = span.lower, span.upper - span.lower, span.cut
    head, source, middle, today = parts.head, parts.source, parts.middle, parts.today
    split = [tail.split(_HOLE) for tail in parts.tails]
    whole = meter.code == "api_calls" or meter.aggregation == "count"
    gauge = meter.aggregation == "max"
    counted = meter.aggregation == "count"
    shift, stamp = parts.offset, f"{today}T"
    kinds = len(split)
    lines: list[str] = []
    add = lines.append
    sums, counts, sent = [0, 0], [0, 0], 0
    for number in range(count):
        x = bits(52)
        second = lower + ((x & 0xFFFFF) * width >> 20)
        amount = 1 + (x >> 20 & 0xFF)
        recorded = second + 1 + (x >> 28 & 0x3F)
        before, after = split[(x >> 34) % kinds]
        if whole:
            text = str(amount)
            thousandths = UNIT if counted else amount * UNIT
        else:
            thousandths = (level if gauge else 0) + amount * 31 + (x >> 36 & 0x1F)
            text = f"{thousandths // 1000}.{thousandths % 1000:03d}"
        printed = stamp + CLOCK[second] if not shift else _printed(parts, second)
        add(f"{head}{number:x}{source}{printed}{middle}{stamp}{CLOCK[recorded]}{before}{text}{after}")
        side = 0 if second < cut else 1
        counts[side] += 1
        if gauge:
            sent += thousandths
            sums[side] = max(sums[side], thousandths)
        else:
            sums[side] += thousandths
    return Block(lines, sums, counts, sent if gauge else sum(sums))

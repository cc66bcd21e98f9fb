"""Usage events on their way in: read, repeats within the file taken out, the too late and too early set aside."""

from __future__ import annotations

import itertools
import mmap
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion import sensitive
from ingestion.control_totals import UsageTotals
from ingestion.formats import cloudevents, cloudevents_parquet, strict_json
from ingestion.formats.cloudevents import INSTANT, Decoded
from ingestion.formats.streams import Source
from ingestion.meters import MeterBook
from ingestion.records import FileRefused, Reject

LATE, FUTURE = "late_excluded", "future_dated"
Hashes = np.ndarray[Any, np.dtype[np.uint64]]
ShortHashes = np.ndarray[Any, np.dtype[np.uint16]]
NOTHING = np.uint64(1)
SHELVES = 64
FEWEST_PAGES = 1 << 16
SHELF_STARTS = np.arange(1, SHELVES, dtype=np.uint64) * np.uint64(2**64 // SHELVES)
WEIGHTS: list[list[Hashes]] = [[np.frombuffer(secrets.token_bytes(8 * 512), np.uint64)] for _ in range(2)]


@dataclass(slots=True)
class Part:
    """A part of a file with the fate of every record in it; ``late`` are the rejects that count as late_excluded.

    Accepted events have a column more than decoded ones: ``identity_hash``, a number of source and event id. Within one
    process equal identities have equal numbers, and two that differ share one so seldom that it may be left to chance
    where that costs time alone.
    """

    accepted: pa.Table
    duplicate: int = 0
    rejects: list[Reject] = field(default_factory=list)
    late: list[Reject] = field(default_factory=list)


def read(
    source: Source, book: MeterBook, delivered_on: date, max_age_days: int, totals: UsageTotals | None = None
) -> Iterator[Part]:
    """Every event of ``source``. ``delivered_on`` is a UTC day; events of the day after it are still accepted.

    ``totals`` are summed over what was delivered.
    Raises FileRefused ``schema`` when no event could be read because all lack the same attribute or declared quantity.
    """
    start = datetime.combine(delivered_on, time(), UTC)
    oldest, too_new = start - timedelta(days=max_age_days), start + timedelta(days=2)
    seen = SeenEvents()
    usable = count = 0
    missing: Reject | None = None
    for decoded in _decoded(source, book):
        if totals is not None:
            totals.add(decoded.events, len(decoded.rejects))
        clean, sensitive_ones = _without_sensitive(source, decoded.events)
        events, duplicate = _without_repeats(clean, seen)
        part = Part(events, duplicate, [*decoded.rejects, *sensitive_ones])
        _set_aside(source, part, oldest, too_new)
        usable += decoded.events.num_rows
        count += decoded.events.num_rows + len(decoded.rejects)
        missing = missing or next((one for one in decoded.rejects if one.reason == "missing_attribute"), None)
        if any(one.reason != "missing_attribute" for one in decoded.rejects):
            usable += 1
        yield part
    if count and not usable and missing is not None:
        raise FileRefused("schema", f"no line of {source.label} is an event, for example {missing.detail}")


class SeenEvents:
    """Which events of a file were seen, as 80 bits of hash each: 10 bytes an event, whatever the event holds.

    Of 20 million events two that differ are taken for one once in 10**9 files. The hashes are kept apart by their
    first bits, so that putting them in order never needs more than a fraction of the memory once more.
    """

    def __init__(self) -> None:
        self._shelves = [_Shelf() for _ in range(SHELVES)]

    def repeats(self, first: Hashes, second: Hashes) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Mask of the events that were seen before, in an earlier block or earlier in this one; all are seen now."""
        order = np.argsort(first, kind="stable")
        keys, others = first[order], second[order].astype(np.uint16)
        again = np.zeros(len(first), bool)
        again[1:] = (keys[1:] == keys[:-1]) & (others[1:] == others[:-1])
        edges = [0, *np.searchsorted(keys, SHELF_STARTS).tolist(), len(keys)]
        for shelf, (start, end) in zip(self._shelves, itertools.pairwise(edges), strict=True):
            if start < end:
                again[start:end] |= shelf.repeats(keys[start:end], others[start:end])
        found = np.zeros(len(first), bool)
        found[order] = again
        return found


class _Shelf:
    """Hashes of one range, as sorted runs of growing size that are merged as they fill.

    Looking up a block costs the logarithm of what was seen.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Hashes, ShortHashes]] = []

    def repeats(self, keys: Hashes, others: ShortHashes) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Mask of the hashes, which are in order, that an earlier call brought; then keep them."""
        again = np.zeros(len(keys), bool)
        for run_keys, run_others in self._runs:
            at = np.searchsorted(run_keys, keys)
            at[at == len(run_keys)] = 0
            again |= (run_keys[at] == keys) & (run_others[at] == others)
        self._runs.append((_kept(keys), _kept(others)))
        while len(self._runs) > 1 and len(self._runs[-2][0]) <= 2 * len(self._runs[-1][0]):
            (keys_a, others_a), (keys_b, others_b) = self._runs.pop(), self._runs.pop()
            merged = np.concatenate((keys_a, keys_b))
            order = np.argsort(merged, kind="stable")
            self._runs.append((_kept(merged[order]), _kept(np.concatenate((others_a, others_b))[order])))
        return again


def _kept(hashes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy in pages of its own, if it fills some: they go back to the system when it is merged into a larger one.

    What malloc holds meanwhile would come to more than the hashes themselves.
    """
    if hashes.nbytes < FEWEST_PAGES:
        return hashes.copy()
    pages = np.frombuffer(mmap.mmap(-1, hashes.nbytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), hashes.dtype)
    pages[:] = hashes
    return pages


def _decoded(source: Source, book: MeterBook) -> Iterator[Decoded]:
    if source.extension == ".parquet":
        return cloudevents_parquet.read(source, book)
    if source.extension == ".json":
        return cloudevents.read_document(source, book)
    return cloudevents.read_lines(source, book)


def _without_sensitive(source: Source, events: pa.Table) -> tuple[pa.Table, list[Reject]]:
    """The events that may be stored, and rejects of those that hold a card number, a key or an e-mail address."""
    mask, kinds = sensitive.sensitive_rows(events)
    if mask is None:
        return events, []
    found = [
        reject
        for kind, remedy in sensitive.REMEDIES.items()
        for reject in _rejects(
            source,
            events.take(pa.array([row for row, of_row in kinds.items() if of_row == kind], pa.int64())),
            kind,
            f"an attribute or dimension {remedy}",
        )
    ]
    return events.filter(pc.invert(mask)), found


def _without_repeats(events: pa.Table, seen: SeenEvents) -> tuple[pa.Table, int]:
    if not events.num_rows:
        return events, 0
    first, second = _identity_hashes(events)
    events = events.append_column("identity_hash", pa.array(first))
    again = seen.repeats(*_hashes(events, first, second))
    repeated = int(again.sum())
    return (events.filter(pa.array(~again)), repeated) if repeated else (events, 0)


def _identity_hashes(events: pa.Table) -> tuple[Hashes, Hashes]:
    """Two hashes of what identifies an event."""
    return _mixed_texts(events, "source", *_text_hashes(events.column("event_id").combine_chunks()))


def _hashes(events: pa.Table, first: Hashes, second: Hashes) -> tuple[Hashes, Hashes]:
    """Two hashes of everything that is stored of an event but its line, from those of its identity."""
    for name in ("event_type", "subject", "dimensions"):
        first, second = _mixed_texts(events, name, first, second)
    for name in ("occurred_at", "recorded_at"):
        numbers = pc.fill_null(events.column(name).cast(pa.int64()), -1).to_numpy()
        first, second = _mixed(first, numbers.view(np.uint64)), _mixed(second, numbers.view(np.uint64))
    for half in _decimal_halves(events.column("quantity").combine_chunks()):
        first, second = _mixed(first, half), _mixed(second, half)
    return first, second


def _mixed_texts(events: pa.Table, name: str, first: Hashes, second: Hashes) -> tuple[Hashes, Hashes]:
    """The hashes so far with those of a column of few texts."""
    encoded = events.column(name).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    firsts, seconds = (np.append(hashes, NOTHING) for hashes in _text_hashes(encoded.dictionary))
    return _mixed(first, firsts[codes]), _mixed(second, seconds[codes])


def _text_hashes(texts: pa.Array) -> tuple[Hashes, Hashes]:
    """Two hashes of each text: its bytes (plus one) times random weights, one for each place, summed modulo 2**64.

    Two texts that differ have one hash in common once in 2**57 drawings of the weights; each process draws anew.
    """
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :][: len(texts) + 1].astype(np.int64)
    if not len(texts) or offsets[0] == offsets[-1]:
        return np.zeros(len(texts), np.uint64), np.zeros(len(texts), np.uint64)
    content = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].astype(np.uint64) + np.uint64(1)
    lengths = np.diff(offsets)
    starts = offsets[:-1] - offsets[0]
    places = np.arange(len(content)) - np.repeat(starts, lengths)
    filled = lengths > 0  # an empty text has no slice of the bytes, and the hash 0
    found = []
    for weights in _weights(int(lengths.max())):
        hashes = np.zeros(len(texts), np.uint64)
        hashes[filled] = np.add.reduceat(content * weights[places], starts[filled])
        found.append(hashes)
    return found[0], found[1]


def _weights(longest: int) -> tuple[Hashes, Hashes]:
    """Random weights for at least ``longest`` places; those of a place do not change within a process."""
    for weights in WEIGHTS:
        while len(weights[0]) < longest:
            more = np.frombuffer(secrets.token_bytes(8 * len(weights[0])), np.uint64)
            weights[0] = np.concatenate((weights[0], more))
    return WEIGHTS[0][0], WEIGHTS[1][0]


def _mixed(hashes: Hashes, numbers: Hashes) -> Hashes:
    """splitmix64 of the hash so far and the next number."""
    mixed = (hashes * np.uint64(0x9E3779B97F4A7C15)) ^ numbers
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _decimal_halves(quantities: pa.Array) -> tuple[Hashes, Hashes]:
    words = np.frombuffer(quantities.buffers()[1], np.uint64)
    words = words[2 * quantities.offset : 2 * (quantities.offset + len(quantities))]
    return words[0::2], words[1::2]


def _set_aside(source: Source, part: Part, oldest: datetime, too_new: datetime) -> None:
    """Move events that are too old or from the future from the accepted ones to the rejects."""
    events = part.accepted
    if not events.num_rows:
        return
    span = pc.min_max(events.column("occurred_at")).as_py()
    if oldest <= span["min"] and span["max"] < too_new:
        return
    late = pc.less(events.column("occurred_at"), pa.scalar(oldest, INSTANT))
    future = pc.greater_equal(events.column("occurred_at"), pa.scalar(too_new, INSTANT))
    part.late.extend(_rejects(source, events.filter(late), LATE, f"the event is from before {oldest:%Y-%m-%d}"))
    part.rejects.extend(
        _rejects(
            source, events.filter(future), FUTURE, f"the event is from {too_new:%Y-%m-%d} or later; is a clock wrong?"
        )
    )
    part.accepted = events.filter(pc.invert(pc.or_(late, future)))


def _rejects(source: Source, events: pa.Table, reason: str, detail: str) -> Iterator[Reject]:
    for event in events.to_pylist():
        kept = {
            "id": event["event_id"],
            "source": event["source"],
            "type": event["event_type"],
            "subject": event["subject"],
            "time": event["occurred_at"].isoformat().replace("+00:00", "Z"),
            "quantity": f"{event['quantity'].normalize():f}",
            "dimensions": strict_json.parse(event["dimensions"]) if event["dimensions"] else None,
        }
        place = event["line_no"]
        record_id = f"{event['source']}|{event['event_id']}"
        yield Reject(place, reason, f"{source.at(place)}: {detail}", strict_json.dump(kept), record_id)

"""Pulls Stripe's objects through the official SDK into delivered files.

`pull` writes `<landing>/stripe/<object>/<date>/<instant it began>-<list|feed>.jsonl`, one API object a line, in the
words Stripe used. Beside each file stands its manifest (rows, sha256, API version, and with the events the cursor).
Nothing here writes to the warehouse.

* **List**: an object that was never pulled, or that has no usable cursor, is listed to its end.
* **Feed**: an object that was pulled before is followed by Stripe's events, those of the API and those that webhooks
  brought. An event only says that an id changed: the object is fetched again, once, at the pinned version. An object
  that is gone and whose deletion an event tells is delivered as the event shows it last, marked `deleted`.
* What no event tells follows its parent or is listed by `created`: the payments and lines of changed invoices, the
  balance transactions since the cursor and those of changed payouts, the summaries of days that ended.
* The cursor is min(now - 60 s, newest event seen), and the feed reads from 600 s before it, inclusive. After more than
  28 days without a pull the feed is refused, everything is listed, and the result says so.
* A list nested in an object that Stripe cut is completed in place; an invoice keeps its cut list of lines, as the lines
  are an object of their own. The lines of a draft can still change and land when the invoice is finalised.
* Every page is kept on the disk as it arrives. After a failure the same call goes on at the page where it stopped.
  Files are delivered when everything has arrived, the events with the cursor last. Nothing is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingestion.sources import cursors, json_text, stripe_webhooks
from ingestion.sources.delivered_file import (
    Cursor,
    Description,
    Target,
    WorkBusy,
    delivered,
    publish,
    sole_worker,
    work_folder,
)
from ingestion.sources.stripe_changes import DELETIONS, Changes
from ingestion.sources.stripe_reader import API_VERSION, Reader, StripePullFailed, StripeSettings
from ingestion.sources.stripe_work import Chunk, Position, Work

__all__ = ["API_VERSION", "OBJECTS", "Pull", "PullResult", "StripePullFailed", "StripeSettings", "pull"]

SYSTEM = "stripe"
LAG = timedelta(seconds=60)
OVERLAP = timedelta(seconds=600)
LONGEST_GAP = timedelta(days=28)
# A pull that was given up; its answers are too old to go on with.
UNFINISHED_FOR = timedelta(days=7)
SUMMARY_DAYS = 35
DRAFT = "draft"


@dataclass(frozen=True)
class PullResult:
    """What became of one object.

    `mode` is `list` or `feed`; `status` is `pulled`, `unchanged` (nothing to deliver) or `already_pulled`; `rows` are
    lines of the file at `path`, `pages` the requests made in this call.
    """

    object: str
    mode: str
    status: str
    rows: int
    pages: int
    path: str | None


@dataclass(frozen=True)
class Pull:
    """A finished pull: its objects in the order of `OBJECTS`; `notes` say what people should know about it."""

    objects: list[PullResult]
    notes: list[str]
    cursor: Cursor | None


@dataclass(frozen=True)
class _Listing:
    """How one object is listed: its address, what is asked beside the page, and whether `created` filters it."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    expand: tuple[str, ...] = ()
    has_created: bool = True


LISTINGS: dict[str, _Listing] = {
    "events": _Listing("/v1/events"),
    "customers": _Listing("/v1/customers"),
    "products": _Listing("/v1/products"),
    "prices": _Listing("/v1/prices", expand=("tiers",)),
    "coupons": _Listing("/v1/coupons", expand=("applies_to",)),
    "tax_rates": _Listing("/v1/tax_rates"),
    "subscriptions": _Listing("/v1/subscriptions", params=(("status", "all"),), expand=("discounts",)),
    "invoices": _Listing("/v1/invoices"),
    "invoice_payments": _Listing("/v1/invoice_payments"),
    "credit_notes": _Listing("/v1/credit_notes"),
    "charges": _Listing("/v1/charges"),
    "payment_intents": _Listing("/v1/payment_intents"),
    "refunds": _Listing("/v1/refunds"),
    "disputes": _Listing("/v1/disputes"),
    "payouts": _Listing("/v1/payouts"),
    "balance_transactions": _Listing("/v1/balance_transactions"),
    "meters": _Listing("/v1/billing/meters", has_created=False),
}
PARENTS = {"invoice_line_items": "invoices", "payout_balance_transactions": "payouts"}
OBJECTS = (*LISTINGS, "invoice_line_items", "payout_balance_transactions", "meter_event_summaries")
"""Every object that lands, in the order they are pulled: parents before what is asked for each of them."""


def pull(
    landing: Path | str,
    delivered_on: date,
    settings: StripeSettings | None = None,
    objects: Sequence[str] | None = None,
    since: datetime | None = None,
    *,
    backfill: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[str, int], None] = lambda _name, _rows: None,
) -> Pull:
    """Pulls Stripe's objects into the landing, or goes on with the pull that stopped.

    Args:
        landing: the landing folder or URL.
        delivered_on: the delivery date, the folder the files go into.
        settings: default: from the environment.
        objects: names of `OBJECTS`; default all. The cursor moves only with `events` among them, and only for them.
        since: list only what was created at or after this instant; default everything. Lists what else would be fed.
        backfill: list everything, whatever was pulled before.
        clock: what time it is.
        progress: is told the object and its rows so far, after every page or so.

    Raises:
        StripePullFailed: an object could not be pulled to its end, or another process pulls into this landing; what
            has arrived is kept.
        ValueError: an unknown object name, or an object whose parent is not among `objects`.
        psycopg.OperationalError: the warehouse, which knows what was loaded, does not answer.
    """
    wanted = _checked(objects)
    settings = settings or StripeSettings()
    folder = work_folder(landing, "stripe-pull")
    try:
        with sole_worker(folder):
            asked = {
                "objects": wanted,
                "since": since.astimezone(UTC).isoformat() if since else None,
                "backfill": backfill,
                "api": [settings.api_base, settings.api_version, settings.expand],
            }
            work = Work(folder)
            plan = work.plan
            if plan is None or plan["asked"] != asked or clock() - _instant(plan["began"]) > UNFINISHED_FOR:
                done = _delivered_before(landing, delivered_on, asked)
                plan = _plan(landing, delivered_on, asked, clock())
                if done and not backfill and not plan["feed"]:
                    return Pull(done, [], None)
                work.begin(plan)
            return _Pulling(landing, delivered_on, Reader(settings), work, plan, progress).run()
    except WorkBusy as error:
        raise StripePullFailed(f"Stripe is being pulled already: {error}") from error


def _checked(objects: Sequence[str] | None) -> list[str]:
    unknown = sorted(set(objects or ()) - set(OBJECTS))
    if unknown:
        raise ValueError(f"Stripe has no object {', '.join(unknown)}; known are {', '.join(OBJECTS)}")
    wanted = [name for name in OBJECTS if not objects or name in objects]
    for name, parent in PARENTS.items():
        if name in wanted and parent not in wanted:
            raise ValueError(f"{name} are asked for each of the {parent} of the same pull: add {parent}")
    return wanted


def _plan(landing: Path | str, delivered_on: date, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What is listed and what is fed, from which cursor; fixed for the whole pull, however often it is interrupted."""
    known = [] if asked["backfill"] or asked["since"] else cursors.known(landing, SYSTEM, "events")
    covering = {
        name: cursor
        for name in asked["objects"]
        if (cursor := next((one for one in known if name in one.get("objects", ())), None)) is not None
    }
    notes = []
    gap = now - min((_instant(one["asked"]) for one in covering.values()), default=now)
    if gap > LONGEST_GAP:
        notes.append(
            f"The last pull was {gap.days} days ago. Stripe keeps events for 30 days, so the feed is refused after "
            f"{LONGEST_GAP.days} and everything is listed again. Deletions in the gap are not seen."
        )
        covering = {}
    for name, parent in PARENTS.items():
        if name in asked["objects"] and name not in covering:
            covering.pop(parent, None)
    listed = [name for name in asked["objects"] if name not in covering]
    if covering and listed:
        notes.append(f"Listed, as no earlier pull covers them: {', '.join(listed)}.")
    stripe_webhooks.rotate(landing, now)
    webhooks = [target for target, _ in delivered(landing, SYSTEM, "events") if stripe_webhooks.is_delivery(target)]
    labels = [f"{target.delivered_on.isoformat()}/{target.file_name}" for target in webhooks]
    seen = min((str(one.get("webhooks") or "") for one in covering.values()), default="")
    return {
        "asked": asked,
        "began": cursors.text_of(now),
        "stamp": now.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ"),
        "feed": list(covering),
        "through": min((str(one["through"]) for one in covering.values()), key=_instant, default=None),
        "webhooks": [label for label in labels if label > seen] if covering else [],
        "webhooks_seen": max([*labels, seen]) or None,
        "summaries": _summary_window(landing, delivered_on, asked),
        "notes": notes,
    }


def _summary_window(landing: Path | str, delivered_on: date, asked: dict[str, Any]) -> list[int] | None:
    """First and last second of the UTC days whose summaries are asked for; None when they have been.

    A day is asked for again with the next one, as events may arrive late.
    """
    if "meter_event_summaries" not in asked["objects"]:
        return None
    end = datetime.combine(delivered_on, time(), UTC)
    start = end - timedelta(days=1)
    if asked["since"]:
        start = _instant(asked["since"]).replace(hour=0, minute=0, second=0, microsecond=0)
    elif not asked["backfill"]:
        cursor = cursors.latest(landing, SYSTEM, "meter_event_summaries")
        through = _instant(cursor["through"]) if cursor else start
        if cursor and through >= end:
            return None
        start = max(min(through, start) - timedelta(days=1 if cursor else 0), end - timedelta(days=SUMMARY_DAYS))
    return [int(start.timestamp()), int(end.timestamp())]


def _delivered_before(landing: Path | str, delivered_on: date, asked: dict[str, Any]) -> list[PullResult]:
    """The files of a list of the same objects for the same delivery date, all of them or none."""
    found = []
    for name in asked["objects"]:
        same = [
            (target, manifest)
            for target, manifest in delivered(landing, SYSTEM, name)
            if target.delivered_on == delivered_on
            and manifest.get("api_version") == asked["api"][1]
            and (manifest.get("pull") or {}).get("mode") == "list"
            and (manifest.get("pull") or {}).get("since") == asked["since"]
        ]
        if not same:
            return []
        target, manifest = same[-1]
        found.append(PullResult(name, "list", "already_pulled", manifest["rows"], 0, f"{landing}/{target.label}"))
    return found


class _Pulling:
    """One pull on its way. What it is to do stands in its plan, what has arrived in its work folder."""

    def __init__(
        self,
        landing: Path | str,
        delivered_on: date,
        reader: Reader,
        work: Work,
        plan: dict[str, Any],
        progress: Callable[[str, int], None],
    ) -> None:
        self._landing = landing
        self._delivered_on = delivered_on
        self._reader = reader
        self._work = work
        self._plan = plan
        self._wanted: list[str] = plan["asked"]["objects"]
        self._fed: set[str] = set(plan["feed"])
        self._progress = progress
        self._known_changes: Changes | None = None
        self._newest: int | None = None

    def run(self) -> Pull:
        requests = {name: self._arrive(name) for name in self._steps()}
        # The events carry the cursor: when they are delivered, everything else has been.
        order = sorted(self._wanted, key=lambda name: name == "events")
        results = {name: self._deliver(name, requests[name]) for name in order}
        cursor = self._cursor("events")
        self._work.end()
        return Pull([results[name] for name in self._wanted], self._plan["notes"], cursor)

    def _steps(self) -> list[str]:
        """The objects, and before them what they are made from; those have names that begin with an underscore."""
        needed = {
            "_events": bool(self._fed),
            "_payout_lists": "payout_balance_transactions" in self._wanted,
            "_all_meters": self._plan["summaries"] is not None,
            "_all_customers": self._plan["summaries"] is not None,
        }
        before = {
            "balance_transactions": "_payout_lists",
            "payout_balance_transactions": "_payout_lists",
            "meter_event_summaries": "_all_meters",
        }
        # payouts stand before balance transactions in the order of objects, as their lists are made from them
        steps = ["_events"] if needed["_events"] else []
        for name in self._wanted:
            made_from = before.get(name)
            if made_from and needed[made_from] and made_from not in steps:
                steps += [made_from, "_all_customers"] if made_from == "_all_meters" else [made_from]
            steps.append(name)
        return steps

    def _arrive(self, name: str) -> int:
        """Bring an object to its end; gives the requests it took."""
        self._reader.about = name.removeprefix("_").replace("_", " ") if name.startswith("_") else name
        before = self._reader.requests
        try:
            self._work.fill(name, self._source(name), lambda rows: self._progress(name.removeprefix("_"), rows))
        except json_text.JsonTextError as error:
            raise StripePullFailed(
                f"Stripe {self._reader.about}, {self._reader.place}: the response is not readable: {error}"
            ) from error
        return self._reader.requests - before

    def _source(self, name: str) -> Callable[[Position], Iterator[Chunk]]:
        special: dict[str, Callable[[Position], Iterator[Chunk]]] = {
            "_events": lambda position: self._listed("events", position, self._from_cursor()),
            "events": self._events,
            "_payout_lists": self._payout_lists,
            "_all_meters": lambda position: self._listed("meters", position, {}),
            "_all_customers": self._all_customers,
            "invoice_line_items": self._invoice_lines,
            "payout_balance_transactions": lambda _position: self._payout_pairs(),
            "meter_event_summaries": self._meter_event_summaries,
        }
        if name in special:
            return special[name]
        if name not in self._fed:
            return lambda position: self._listed(name, position, self._since())
        if name == "balance_transactions":
            return self._new_balance_transactions
        return self._invoice_payments if name == "invoice_payments" else lambda at: self._changed(name, at)

    def _listed(self, name: str, position: Position, created: dict[str, str]) -> Iterator[Chunk]:
        """Objects that have a list of their own, newest first."""
        if position.get("end"):
            return
        listing = LISTINGS[name]
        params = dict(listing.params) | (created if listing.has_created else {}) | self._expand(name, "data.")
        for page in self._reader.pages(listing.path, params, position.get("after")):
            place = self._reader.place
            # An invoice keeps its cut list of lines: the lines are an object of their own.
            lines = page.objects if name == "invoices" else [self._reader.completed(text) for text in page.objects]
            self._reader.place = place
            yield lines, {"after": page.last} if page.last else {"end": True}

    def _events(self, position: Position) -> Iterator[Chunk]:
        """The events are listed once: for the feed, if there is one, else for themselves."""
        if "events" in self._fed:
            yield from _in_chunks(self._work.lines("_events"))
        else:
            yield from self._listed("events", position, self._since())

    def _changed(self, name: str, position: Position) -> Iterator[Chunk]:
        """Every object that changed, as it is now."""
        ids = self._changes().of(name)
        for number in range(position.get("done", 0), len(ids)):
            yield [self._now(name, ids[number])], {"done": number + 1}

    def _now(self, name: str, identity: str) -> str:
        text = self._reader.fetched(f"{LISTINGS[name].path}/{quote(identity, safe='')}", self._expand(name, ""))
        if text is not None and json_text.parse(text).get("deleted") is not True:
            return text if name == "invoices" else self._reader.completed(text)
        last_words = self._changes().last_words(name, identity) or self._deletion(name, identity)
        if last_words is None and text is None:
            raise StripePullFailed(
                f"Stripe {name}, {identity}: HTTP 404, there is no such object, and no event says that it was deleted. "
                "Try again in a minute; if it stays, list everything anew (--backfill)"
            )
        return last_words or str(text)

    def _deletion(self, name: str, identity: str) -> str | None:
        """The last words on an object that was deleted after the events had been listed."""
        if name not in DELETIONS:
            return None
        about = {"type": DELETIONS[name], **self._from_cursor()}
        return Changes(self._reader.listed("/v1/events", about)).last_words(name, identity)

    def _invoice_payments(self, position: Position) -> Iterator[Chunk]:
        """The payments of every invoice that changed: only one of their changes has an event."""
        invoices = (json.dumps({"id": identity}) for identity in self._changes().of("invoices"))
        yield from self._of_each(
            invoices, position, lambda invoice: ("/v1/invoice_payments", {"invoice": invoice["id"]}), lambda _, one: one
        )

    def _invoice_lines(self, position: Position) -> Iterator[Chunk]:
        """Every line of every invoice of this pull; one that does not name its invoice gets it as first member."""
        invoices = self._work.lines("invoices")
        for number, text in enumerate(invoices):
            if number < position.get("parent", 0):
                continue
            invoice = json_text.parse(text)
            if invoice.get("deleted") is True or invoice.get("status") == DRAFT:
                continue
            lines = json_text.member(text, "lines")
            if lines is None:
                raise json_text.JsonTextError(f"invoice {invoice['id']} has no list of lines")
            found: Iterable[str] = json_text.array_member(text, "data", lines[0])
            if invoice["lines"]["has_more"]:
                found = self._reader.listed(f"/v1/invoices/{invoice['id']}/lines", {})
            whole = [
                line if json_text.member(line, "invoice") else _with_first(line, "invoice", invoice["id"])
                for line in found
            ]
            yield whole, {"parent": number + 1}

    def _payout_lists(self, position: Position) -> Iterator[Chunk]:
        """The balance transactions of every payout of this pull that Stripe made itself: it lists no others'."""

        def address(payout: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
            if payout.get("automatic") is False or payout.get("deleted") is True:
                return None
            return "/v1/balance_transactions", {"payout": payout["id"]}

        yield from self._of_each(
            self._work.lines("payouts"),
            position,
            address,
            lambda payout, text: f'{{"payout":{json.dumps(payout["id"])},"balance_transaction":{text}}}',
        )

    def _payout_pairs(self) -> Iterator[Chunk]:
        """Pairs of ids, one a balance transaction of a payout: Stripe answers it only as a filter of a list."""

        def pair(text: str) -> str:
            found = json_text.parse(text)
            return json.dumps({"payout": found["payout"], "balance_transaction": found["balance_transaction"]["id"]})

        yield from _in_chunks(map(pair, self._work.lines("_payout_lists")))

    def _new_balance_transactions(self, position: Position) -> Iterator[Chunk]:
        """Those since the cursor, and those of changed payouts, which have become available meanwhile."""
        if "listed" not in position:
            yield from self._listed("balance_transactions", position, self._from_cursor())
        if "payout_balance_transactions" in self._wanted:
            for number, text in enumerate(self._work.lines("_payout_lists"), start=1):
                begin, end = json_text.member(text, "balance_transaction") or (0, 0)
                if number > position.get("listed", 0):
                    yield [text[begin:end]], {"listed": number}

    def _all_customers(self, position: Position) -> Iterator[Chunk]:
        """Customers to ask summaries for; none when there is no meter."""
        if self._work.state("_all_meters").rows:
            yield from self._listed("customers", position, {})

    def _meter_event_summaries(self, position: Position) -> Iterator[Chunk]:
        """What Stripe counted for each meter and customer on the UTC days of the window, a row a day."""
        if self._plan["summaries"] is None:
            return
        start, end = self._plan["summaries"]
        window = {"start_time": str(start), "end_time": str(end), "value_grouping_window": "day"}
        pairs = (
            json.dumps({"meter": json_text.parse(meter)["id"], "customer": json_text.parse(customer)["id"]})
            for meter in self._work.lines("_all_meters")
            for customer in self._work.lines("_all_customers")
        )

        def address(pair: dict[str, Any]) -> tuple[str, dict[str, str]]:
            return f"/v1/billing/meters/{pair['meter']}/event_summaries", {"customer": pair["customer"], **window}

        def with_customer(pair: dict[str, Any], text: str) -> str:
            return text if json_text.member(text, "customer") else _with_first(text, "customer", pair["customer"])

        yield from self._of_each(pairs, position, address, with_customer)

    def _of_each(
        self,
        parents: Iterable[str],
        position: Position,
        address: Callable[[dict[str, Any]], tuple[str, dict[str, str]] | None],
        shaped: Callable[[dict[str, Any], str], str],
    ) -> Iterator[Chunk]:
        """The list of each parent, page by page; a parent without an address has none."""
        first, after = position.get("parent", 0), position.get("after")
        for number, text in enumerate(parents):
            if number < first:
                continue
            parent = json_text.parse(text)
            asked = address(parent)
            if asked is not None:
                for page in self._reader.pages(*asked, after):
                    lines = [shaped(parent, one) for one in page.objects]
                    yield lines, {"parent": number, "after": page.last} if page.last else {"parent": number + 1}
            after = None

    def _changes(self) -> Changes:
        """What changed since the cursor, as the events of the feed and of the webhooks say."""
        if self._known_changes is None:
            changes = Changes(self._work.lines("_events"))
            for label in self._plan["webhooks"]:
                for event in stripe_webhooks.events_of(self._landing, label):
                    changes.add(event)
            self._known_changes = changes
        return self._known_changes

    def _deliver(self, name: str, requests: int) -> PullResult:
        mode = "feed" if name in self._fed else "list"
        state = self._work.state(name)
        if state.delivered is None and (mode == "list" or state.rows or name == "events"):
            target = Target(SYSTEM, name, self._delivered_on, f"{self._plan['stamp']}-{mode}.jsonl")
            about = {"mode": mode, "since": self._plan["asked"]["since"], "began": self._plan["began"]}
            description = Description(
                api_version=self._reader.settings.api_version,
                as_of=self._plan["began"],
                cursor=self._cursor(name),
                pull=about,
            )
            found = publish(self._landing, target, self._work.copy(name), description)
            self._work.mark_delivered(name, state, found.path)
        status = "unchanged" if state.delivered is None else "pulled"
        return PullResult(name, mode, status, state.rows, requests, state.delivered)

    def _cursor(self, name: str) -> Cursor | None:
        """Where the next pull goes on: with the events for every object of this one, with the summaries for them."""
        if name == "meter_event_summaries" and self._plan["summaries"]:
            return {"through": cursors.text_of(datetime.fromtimestamp(self._plan["summaries"][1], UTC))}
        if name != "events" or "events" not in self._wanted:
            return None
        began = _instant(self._plan["began"])
        through = began - LAG
        if newest := self._newest_event():
            through = min(through, datetime.fromtimestamp(newest, UTC))
        elif self._plan["through"]:
            through = _instant(self._plan["through"])
        return {
            "through": cursors.text_of(through),
            "asked": self._plan["began"],
            "objects": self._wanted,
            "webhooks": self._plan["webhooks_seen"],
        }

    def _newest_event(self) -> int:
        """`created` of the newest event that the API listed, 0 without any."""
        if self._newest is None:
            self._newest = Changes(self._work.lines("_events" if self._fed else "events")).newest
        return self._newest

    def _from_cursor(self) -> dict[str, str]:
        return {"created[gte]": str(int((_instant(self._plan["through"]) - OVERLAP).timestamp()))}

    def _since(self) -> dict[str, str]:
        since = self._plan["asked"]["since"]
        return {"created[gte]": str(int(_instant(since).timestamp()))} if since else {}

    def _expand(self, name: str, prefix: str) -> dict[str, str]:
        fields = LISTINGS[name].expand if self._reader.settings.expand else ()
        return {f"expand[{n}]": f"{prefix}{field}" for n, field in enumerate(fields)}


def _in_chunks(lines: Iterable[str]) -> Iterator[Chunk]:
    """Lines that cost nothing to make again: they have no position, so an interruption begins them anew."""
    for line in lines:
        yield [line], {}


def _with_first(text: str, key: str, value: str) -> str:
    return f"{{{json.dumps(key)}: {json.dumps(value)}, {text[1:].lstrip()}"


def _instant(text: str) -> datetime:
    return cursors.instant_of(text)

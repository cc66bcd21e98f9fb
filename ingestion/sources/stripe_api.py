"""Pulls Stripe's objects through the official SDK into delivery files.

`pull` lists every object at one pinned API version and writes `<landing>/stripe/<object>/<date>/api.jsonl`, one API
object a line, in the words Stripe used: the SDK sends the requests, the text of the responses is kept. Beside each file
stands its manifest (rows, sha256, API version), so the landing door takes it as complete. Nothing here writes to the
warehouse.

* A list is followed until Stripe says there is no more; a list nested in an object that Stripe cut is completed in
  place. The lines of invoices and the balance transactions of payouts are objects of their own, as their parents show
  only the first ten or none.
* 429, 5xx and lost connections are tried again: bounded, capped, with jitter (the SDK does not retry 429). Every other
  refusal, and the last failed try, is `StripePullFailed`, which names object, page, status and request. Nothing is
  skipped.
* An object is written only when its last page has arrived. After a failure the same call goes on with the first object
  that has no file; an object and a delivery date have one pull.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import cast

import stripe
import tenacity
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.sources import json_text

API_VERSION = "2026-10-28.endive"
FILE_NAME = "api.jsonl"
PAGE_SIZE = 100
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class StripePullFailed(RuntimeError):
    """A pull that could not be finished: which object, which page, what Stripe said. Holds no key and no payload."""


class StripeSettings(BaseSettings):
    """Environment variables `TIEOUT_STRIPE_*`. The key is a restricted, read-only one."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_STRIPE_", env_ignore_empty=True, extra="ignore")

    api_key: SecretStr
    api_base: str = "https://api.stripe.com"
    api_version: str = API_VERSION
    # Stripe accepts `expand` only for fields it knows at the version asked; a stand-in for Stripe may know fewer.
    expand: bool = True
    attempts: int = Field(default=6, ge=1, le=20)
    longest_wait_seconds: float = Field(default=30, ge=0, le=300)
    timeout_seconds: float = Field(default=60, gt=0, le=300)
    max_pages: int = Field(default=100_000, ge=1)

    @field_validator("api_base")
    @classmethod
    def _encrypted_or_loopback(cls, value: str) -> str:
        if not value.startswith(("https://", *LOOPBACK)):
            raise ValueError("the Stripe API is reached over https, or on this machine")
        return value.rstrip("/")


@dataclass(frozen=True)
class PullResult:
    """What became of one object: `status` is `pulled` or `already_pulled`; `rows` are lines of the file at `path`."""

    object: str
    status: str
    rows: int
    pages: int
    path: Path


@dataclass(frozen=True)
class _Listing:
    """How one object is listed: its address, what is asked beside the page, and whether `created` filters it."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    expand: tuple[str, ...] = ()
    has_created: bool = True


LISTINGS: dict[str, _Listing] = {
    "customers": _Listing("/v1/customers"),
    "products": _Listing("/v1/products"),
    "prices": _Listing("/v1/prices", expand=("data.tiers",)),
    "coupons": _Listing("/v1/coupons", expand=("data.applies_to",)),
    "tax_rates": _Listing("/v1/tax_rates"),
    "subscriptions": _Listing("/v1/subscriptions", params=(("status", "all"),), expand=("data.discounts",)),
    "invoices": _Listing("/v1/invoices"),
    "invoice_payments": _Listing("/v1/invoice_payments"),
    "credit_notes": _Listing("/v1/credit_notes"),
    "charges": _Listing("/v1/charges"),
    "payment_intents": _Listing("/v1/payment_intents"),
    "refunds": _Listing("/v1/refunds"),
    "disputes": _Listing("/v1/disputes"),
    "balance_transactions": _Listing("/v1/balance_transactions"),
    "payouts": _Listing("/v1/payouts"),
    "events": _Listing("/v1/events"),
    "meters": _Listing("/v1/billing/meters", has_created=False),
}


def pull(
    landing: Path,
    delivered_on: date,
    settings: StripeSettings | None = None,
    objects: Sequence[str] | None = None,
    since: datetime | None = None,
) -> list[PullResult]:
    """Pulls Stripe's objects for one delivery date.

    Args:
        landing: the landing folder.
        delivered_on: the delivery date, the folder the files go into.
        settings: default: from the environment.
        objects: names of `OBJECTS`; default all. `invoice_line_items` needs `invoices` of the same date, and so on.
        since: only what was created at or after this instant; default everything. A change to an older object is then
            not seen.

    Returns:
        One result an object, in the order of `OBJECTS`.

    Raises:
        StripePullFailed: an object could not be pulled to its end; the objects before it are written and stay.
        ValueError: an unknown object name.
    """
    unknown = sorted(set(objects or ()) - set(OBJECTS))
    if unknown:
        raise ValueError(f"Stripe has no object {', '.join(unknown)}; known are {', '.join(OBJECTS)}")
    reader = _Reader(settings or StripeSettings(), since)
    return [
        _pull_object(reader, landing / "stripe", name, delivered_on)
        for name in OBJECTS
        if not objects or name in objects
    ]


def _pull_object(reader: "_Reader", root: Path, name: str, delivered_on: date) -> PullResult:
    folder = root / name / delivered_on.isoformat()
    target = folder / FILE_NAME
    manifest = folder / f"{FILE_NAME}.manifest.json"
    if target.exists() and manifest.exists():
        rows = json.loads(manifest.read_text("utf-8"))["rows"]
        return PullResult(name, "already_pulled", rows, 0, target)
    folder.mkdir(parents=True, exist_ok=True)
    pages_before = reader.pages
    partial = folder / f".{FILE_NAME}.partial"
    try:
        records = OBJECTS[name](reader, name, root, delivered_on)
        rows, sha256 = _write_lines(partial, records)
    except stripe.StripeError as error:
        raise reader.failure(name, error) from error
    except json_text.JsonTextError as error:
        raise StripePullFailed(f"Stripe {name}, page {reader.page}: the response is not readable: {error}") from error
    description = {
        "rows": rows,
        "sha256": sha256,
        "control_totals": {},
        "api_version": reader.settings.api_version,
    }
    _write_whole(manifest, json.dumps(description, indent=1) + "\n")
    partial.replace(target)
    return PullResult(name, "pulled", rows, reader.pages - pages_before, target)


class _Reader:
    """Asks Stripe for pages and counts them; knows where it is, so that a failure can say so."""

    def __init__(self, settings: StripeSettings, since: datetime | None) -> None:
        self.settings = settings
        self.since = since
        self.pages = 0
        self.page = 0
        self._client = stripe.StripeClient(
            settings.api_key.get_secret_value(),
            stripe_version=settings.api_version,
            base_addresses={"api": settings.api_base},
            http_client=stripe.RequestsClient(timeout=settings.timeout_seconds),
            max_network_retries=0,
        )
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_passing),
            stop=tenacity.stop_after_attempt(settings.attempts),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=settings.longest_wait_seconds),
            reraise=True,
        )

    def listed(self, path: str, params: dict[str, str]) -> Iterator[str]:
        """Every object of a list, as text, following the list to its end."""
        cursor: dict[str, str] = {}
        for page in range(1, self.settings.max_pages + 1):
            self.page = page
            body = self._get(path, {"limit": str(PAGE_SIZE), **params, **cursor})
            found = json_text.array_member(body, "data")
            yield from found
            more = json_text.member(body, "has_more")
            if more is None:
                raise json_text.JsonTextError("the list does not say whether there is more")
            if body[slice(*more)] == "false":
                return
            last = json_text.parse(found[-1])["id"] if found else None
            if last is None or last == cursor.get("starting_after"):
                raise json_text.JsonTextError("the list says there is more but does not move on")
            cursor = {"starting_after": last}
        raise json_text.JsonTextError(f"the list has more than {self.settings.max_pages} pages")

    def completed(self, text: str) -> str:
        """The object with every nested list that Stripe cut filled to its end."""
        for _, begin, end in reversed(list(json_text.members(text))):
            value = json_text.parse(text[begin:end])
            if not (isinstance(value, dict) and value.get("object") == "list" and value.get("has_more") is True):
                continue
            rest = ",".join(self.listed(*_address(value["url"])))
            whole = f'{{"object":"list","data":[{rest}],"has_more":false,"url":{json.dumps(value["url"])}}}'
            text = text[:begin] + whole + text[end:]
        return text

    def created_filter(self) -> dict[str, str]:
        return {"created[gte]": str(int(self.since.timestamp()))} if self.since else {}

    def failure(self, name: str, error: stripe.StripeError) -> StripePullFailed:
        said = error.user_message or type(error).__name__
        return StripePullFailed(
            f"Stripe {name}, page {self.page}: {type(error).__name__}, HTTP {error.http_status or 'none'}, "
            f"request {error.request_id or 'unknown'}: {said}"
        )

    def _get(self, path: str, params: dict[str, str]) -> str:
        self.pages += 1
        response = self._retrying(self._client.raw_request, "get", path, **params)
        return cast("str", response.body)


def _plain(reader: _Reader, name: str, _root: Path, _delivered_on: date) -> Iterator[str]:
    """Objects that have a list of their own."""
    listing = LISTINGS[name]
    params = dict(listing.params)
    if listing.has_created:
        params |= reader.created_filter()
    if reader.settings.expand:
        params |= {f"expand[{n}]": field for n, field in enumerate(listing.expand)}
    for text in reader.listed(listing.path, params):
        # An invoice keeps its cut list of lines: the lines are an object of their own.
        yield text if name == "invoices" else reader.completed(text)


def _invoice_lines(reader: _Reader, _name: str, root: Path, delivered_on: date) -> Iterator[str]:
    """Every line of every invoice pulled for the date; one that does not name its invoice gets it as first member."""
    for text in _pulled(root, "invoices", delivered_on):
        invoice = json_text.parse(text)
        lines = json_text.member(text, "lines")
        if lines is None:
            raise json_text.JsonTextError(f"invoice {invoice['id']} has no list of lines")
        nested = invoice["lines"]
        found: Iterable[str] = json_text.array_member(text, "data", lines[0])
        if nested["has_more"]:
            found = reader.listed(f"/v1/invoices/{invoice['id']}/lines", {})
        for line in found:
            yield line if json_text.member(line, "invoice") else _with_first(line, "invoice", invoice["id"])


def _payout_balance_transactions(reader: _Reader, _name: str, root: Path, delivered_on: date) -> Iterator[str]:
    """Pairs of ids, one a balance transaction of a payout: Stripe answers it only as a filter of a list."""
    for text in _pulled(root, "payouts", delivered_on):
        payout = json_text.parse(text)["id"]
        for transaction in reader.listed("/v1/balance_transactions", {"payout": payout}):
            yield json.dumps({"payout": payout, "balance_transaction": json_text.parse(transaction)["id"]})


def _meter_event_summaries(reader: _Reader, _name: str, root: Path, delivered_on: date) -> Iterator[str]:
    """What Stripe counted for each meter and customer on the UTC day before the delivery date."""
    end = datetime.combine(delivered_on, time(), UTC)
    window = {"start_time": str(int((end - timedelta(days=1)).timestamp())), "end_time": str(int(end.timestamp()))}
    for meter_text in _pulled(root, "meters", delivered_on):
        meter = json_text.parse(meter_text)["id"]
        for customer_text in _pulled(root, "customers", delivered_on):
            customer = json_text.parse(customer_text)["id"]
            params = {"customer": customer, "value_grouping_window": "day", **window}
            for summary in reader.listed(f"/v1/billing/meters/{meter}/event_summaries", params):
                yield summary if json_text.member(summary, "customer") else _with_first(summary, "customer", customer)


OBJECTS: dict[str, Callable[[_Reader, str, Path, date], Iterator[str]]] = {
    **dict.fromkeys(LISTINGS, _plain),
    "invoice_line_items": _invoice_lines,
    "payout_balance_transactions": _payout_balance_transactions,
    "meter_event_summaries": _meter_event_summaries,
}
"""Every object that lands, in the order they are pulled: parents before what is asked for each of them."""


def _pulled(root: Path, name: str, delivered_on: date) -> Iterator[str]:
    path = root / name / delivered_on.isoformat() / FILE_NAME
    if not path.exists():
        raise StripePullFailed(f"Stripe {name} of {delivered_on} has to be pulled first")
    with path.open(encoding="utf-8") as lines:
        yield from lines


def _is_passing(error: BaseException) -> bool:
    """Whether trying again can help: the network, Stripe's rate limit, Stripe's own faults, a body cut on its way."""
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError):
        return True
    if not isinstance(error, stripe.APIError) or error.http_status is None:
        return False
    return error.http_status == HTTPStatus.OK or error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The path and the parameters of a nested list's address."""
    path, _, query = url.partition("?")
    return path, dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)


def _with_first(text: str, key: str, value: str) -> str:
    return f"{{{json.dumps(key)}: {json.dumps(value)}, {text[1:].lstrip()}"


def _write_lines(path: Path, records: Iterable[str]) -> tuple[int, str]:
    """Writes one record a line and syncs; returns the number of lines and the file's sha256."""
    rows, digest = 0, hashlib.sha256()
    with path.open("wb") as out:
        for record in records:
            line = json_text.one_line(record).encode() + b"\n"
            out.write(line)
            digest.update(line)
            rows += 1
        out.flush()
        os.fsync(out.fileno())
    return rows, digest.hexdigest()


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)

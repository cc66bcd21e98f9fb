"""Pulls Salesforce's objects into delivery files: CSV as Bulk API 2.0 writes it, deleted records included.

`pull` asks for what changed since the last pull (`SystemModstamp`, with an overlap) and writes
`<landing>/crm/<Object>/<date>/api-<start>-<part>.csv`, each with a manifest that says where to go on. Nothing here
writes to the warehouse.

* A large object is a Bulk query job of the operation `queryAll`; every page of its result is a delivered file of its
  own, word for word, so an interrupted pull goes on with the next page of the same job. A small object, and one that
  Bulk refuses, comes by REST `queryAll`, its values as they were written.
* A record younger than a minute is left for the next pull: what is still being changed within the second of its
  stamp is then never read halfway. The overlap brings what was committed late.
* A record deleted for good is no longer in any query. It is taken from the log of deletions and delivered as a row of
  its id, `IsDeleted` and the time. When the log does not reach back far enough, and for `full`, every id the warehouse
  knows is looked up instead.
* Fields are asked for by name: those the warehouse reads and the org's own (`__c`), never free text nor what a person
  could be reached or known by.
* What may pass is tried again; every other refusal is `SalesforcePullFailed`, which names object, call and error code.
  Nothing is skipped.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import psycopg
import requests
from psycopg import sql
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from ingestion.records import BadRecord
from ingestion.sources import crm, cursors, parts
from ingestion.sources.delivered_file import Cursor, Delivered, Description, sole_worker, work_folder, write
from ingestion.sources.failures import PullFailed
from ingestion.sources.web import (
    BoundedSession,
    CallSettings,
    PassingFault,
    Patience,
    asked_wait,
    is_passing,
    sayable,
    server_time,
)
from ingestion.timestamps import instant
from warehouse import embedded
from warehouse.connection import connect
from warehouse.settings import get_settings

# The last version whose SOAP login works, for orgs that still sign in with a password and a security token.
API_VERSION = "64.0"
SYSTEM = "crm"
# Salesforce keeps its log of deletions for 15 days.
LONGEST_LOG = timedelta(days=14)
ASKED_FOR, FIRST = "asked for", "first pull"
IDS_AT_ONCE = 200
NOT_SIGNED_IN = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER"})
PASSING_CODES = frozenset(
    {
        "REQUEST_LIMIT_EXCEEDED",
        "SERVER_UNAVAILABLE",
        "QUERY_TIMEOUT",
        "UNABLE_TO_LOCK_ROW",
        "ORG_LOCKED",
        "TXN_SECURITY_METERING_ERROR",
        "LOGIN_MAINTENANCE",
        "SERVICE_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
    }
)
BULK_REFUSES = frozenset(
    {"API_DISABLED_FOR_ORG", "FEATURENOTENABLED", "FUNCTIONALITY_NOT_ENABLED", "INVALIDENTITY", "EXCEEDEDQUOTA"}
)
LOG_REFUSES = frozenset({"EXCEEDED_ID_LIMIT", "INVALID_REPLICATION_DATE"})

ALWAYS = ("Id", "IsDeleted", "CreatedDate", "SystemModstamp")
COLUMNS: dict[str, tuple[str, ...]] = {
    "Account": ("Name", "ParentId", "BillingCountry", "BillingPostalCode", "Website"),
    "Opportunity": (
        *("AccountId", "Name", "StageName", "Amount", "CurrencyIsoCode", "CloseDate", "IsWon", "IsClosed"),
        "Pricebook2Id",
    ),
    "OpportunityLineItem": (
        *("OpportunityId", "PricebookEntryId", "Product2Id", "ProductCode", "Quantity", "UnitPrice", "ListPrice"),
        *("Discount", "TotalPrice", "CurrencyIsoCode", "ServiceDate"),
    ),
    "Quote": (
        *("QuoteNumber", "OpportunityId", "AccountId", "ContractId", "Status", "Discount", "Tax", "GrandTotal"),
        "CurrencyIsoCode",
    ),
    "QuoteLineItem": (
        *("QuoteId", "PricebookEntryId", "Product2Id", "Quantity", "UnitPrice", "Discount", "ListPrice", "Subtotal"),
        *("TotalPrice", "CurrencyIsoCode", "ServiceDate"),
    ),
    "Order": (
        *("OrderNumber", "ContractId", "AccountId", "QuoteId", "OriginalOrderId", "EffectiveDate", "EndDate"),
        *("IsReductionOrder", "Status", "ActivatedDate", "TotalAmount", "CurrencyIsoCode"),
    ),
    "OrderItem": (
        *("OrderId", "PricebookEntryId", "Product2Id", "OriginalOrderItemId", "Quantity", "UnitPrice", "ListPrice"),
        *("TotalPrice", "CurrencyIsoCode", "ServiceDate", "EndDate"),
    ),
    "Contract": ("ContractNumber", "AccountId", "StartDate", "EndDate", "ContractTerm", "Status"),
    "Product2": ("Name", "ProductCode", "Family", "IsActive"),
    "PricebookEntry": ("Pricebook2Id", "Product2Id", "ProductCode", "UnitPrice", "CurrencyIsoCode", "IsActive"),
}
# Only in orgs with several currencies, with quotes, or with reduction orders.
OF_SOME_ORGS = frozenset({"CurrencyIsoCode", "QuoteId", "OriginalOrderId", "IsReductionOrder", "OriginalOrderItemId"})
# Types of an org's own fields that hold a figure, a choice, a reference or a short text.
PLAIN_TYPES = frozenset(
    {
        *("boolean", "combobox", "currency", "date", "datetime", "double", "id", "int", "long", "multipicklist"),
        *("percent", "picklist", "reference", "string", "time"),
    }
)
PERSONAL = re.compile(
    r"e_?mail|phone|mobile|fax|birth|passport|social_?security|ssn|iban|street|address|(first|last|contact)_?name",
    re.IGNORECASE,
)


class SalesforcePullFailed(PullFailed):
    """A pull that could not be finished: which object, which call, what Salesforce said. No secret and no record."""


class SalesforceSettings(CallSettings):
    """Environment variables `TIEOUT_SALESFORCE_*`; one of three ways to sign in, with a user who may only read.

    Client credentials: `domain` (the org's My Domain, `acme.my`), `consumer_key`, `consumer_secret`. JWT:
    `consumer_key`, `username`, `private_key` or `private_key_file`. Password: `username`, `password`, `security_token`.
    """

    model_config = SettingsConfigDict(env_prefix="TIEOUT_SALESFORCE_")

    domain: str = Field(default="login", pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")
    consumer_key: SecretStr | None = None
    consumer_secret: SecretStr | None = None
    username: str | None = None
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    password: SecretStr | None = None
    security_token: SecretStr | None = None
    api_version: str = Field(default=API_VERSION, pattern=r"^[0-9]{2,3}\.0$")
    api: Literal["auto", "bulk", "rest"] = "auto"
    # Names as Object.Field. Own fields to ask for (default: all that are fit), fields never to ask for, and fields of
    # the vendor's that this org has not.
    custom_fields: list[str] | None = None
    denied_fields: list[str] = Field(default_factory=list)
    absent_fields: list[str] = Field(default_factory=list)
    overlap_seconds: int = Field(default=900, ge=600)
    page_rows: int = Field(default=50_000, ge=1)
    small_rows: int = Field(default=2_000, ge=0)
    job_seconds: float = Field(default=4 * 3600, gt=0)
    poll_seconds: float = Field(default=5, ge=0)

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> SalesforceSettings:
        self.sign_in()
        return self

    def sign_in(self) -> dict[str, Any]:
        """The arguments that simple-salesforce signs in with."""
        key, secret = _plain(self.consumer_key), _plain(self.consumer_secret)
        if key and self.username and (self.private_key or self.private_key_file):
            return {
                "username": self.username,
                "consumer_key": key,
                "privatekey": _plain(self.private_key),
                "privatekey_file": str(self.private_key_file) if self.private_key_file else None,
                "domain": self.domain,
            }
        if self.username and self.password and self.security_token:
            return {
                "username": self.username,
                "password": _plain(self.password),
                "security_token": _plain(self.security_token),
                "domain": self.domain,
            }
        if key and secret and self.domain not in {"login", "test"}:
            return {"consumer_key": key, "consumer_secret": secret, "domain": self.domain}
        raise ValueError(
            "set TIEOUT_SALESFORCE_DOMAIN (acme.my), _CONSUMER_KEY and _CONSUMER_SECRET; or _CONSUMER_KEY, _USERNAME "
            "and _PRIVATE_KEY_FILE; or _USERNAME, _PASSWORD and _SECURITY_TOKEN"
        )

    def secrets(self) -> list[str]:
        """Texts that no message may hold."""
        held = (self.consumer_key, self.consumer_secret, self.private_key, self.password, self.security_token)
        return [one.get_secret_value() for one in held if one is not None]


@dataclass(frozen=True, slots=True)
class PullResult:
    """What became of one object.

    ``rows`` are the rows of its ``files``, ``gone`` those of them that only say a record is gone for good; ``via`` is
    ``bulk`` or ``rest``, ``reach`` is ``changes`` or ``all``, and ``why`` says why all was asked for.
    """

    object: str
    rows: int
    gone: int
    pages: int
    via: str
    reach: str
    why: str | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one pull of one object asks for; everything that later parts need stands in each part's cursor."""

    object: str
    columns: tuple[str, ...]
    started: datetime
    until: datetime
    since: datetime | None
    through: datetime
    deleted_through: datetime | None
    why: str | None

    @property
    def soql(self) -> str:
        """The query: inclusive at its beginning, and nothing younger than a minute."""
        since = f"SystemModstamp >= {_literal(self.since)} AND " if self.since else ""
        condition = f"{since}SystemModstamp < {_literal(self.until)}"
        return f"SELECT {','.join(self.columns)} FROM {self.object} WHERE {condition}"  # noqa: S608  names of describe


@dataclass(slots=True)
class _Progress:
    """How far a pull has come; ``job`` and ``locator`` are None until a Bulk job stands."""

    part: int = 0
    newest: datetime | None = None
    job: str | None = None
    locator: str | None = None
    rows: int = 0
    gone: int = 0
    pages: int = 0
    via: str = "bulk"
    ids: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)


def pull(
    landing: Path | str,
    delivered_on: date,
    settings: SalesforceSettings | None = None,
    objects: Sequence[str] | None = None,
    *,
    full: bool = False,
) -> list[PullResult]:
    """Pull what changed since the last pull, or go on with a pull that was interrupted.

    Args:
        landing: the landing, a folder or a URL.
        delivered_on: the delivery date, the folder the files go into.
        settings: default: from the environment.
        objects: names of `COLUMNS`; default all.
        full: everything instead of what changed: formula fields do not move the time of change. Also looks up every id
            the warehouse knows, so load first what waits in the landing.

    Returns:
        One result an object, in the order of `COLUMNS`.

    Raises:
        SalesforcePullFailed: an object could not be pulled to its end; what was delivered stays, and the same call
            goes on from there.
        ValueError: an unknown object name.
        WorkBusy: another process pulls into this landing.
    """
    unknown = sorted(set(objects or ()) - set(COLUMNS))
    if unknown:
        raise ValueError(f"Salesforce has no object {', '.join(unknown)} here; known are {', '.join(COLUMNS)}")
    org = _Org(settings or SalesforceSettings())
    with sole_worker(work_folder(landing, f"{SYSTEM}-pull")):
        return [
            _Pull(org, landing, delivered_on, name).run(full=full) for name in COLUMNS if not objects or name in objects
        ]


class _Pull:
    """One object, from its plan to its last file."""

    def __init__(self, org: _Org, landing: Path | str, delivered_on: date, name: str) -> None:
        self._org = org
        self._landing = landing
        self._delivered_on = delivered_on
        self._name = name
        self._settings = org.settings
        self._replicated = True

    def run(self, *, full: bool) -> PullResult:
        org = self._org
        org.doing(self._name, "describe")
        columns = self._columns()
        plan, progress = self._resumed(columns, full=full) or (None, _Progress())
        if plan is None:
            plan = self._plan(columns, full=full)
        else:
            org.doing(self._name, f"the result of job {progress.job} from part {progress.part + 1} on")
            if not org.has_job(str(progress.job)):
                plan, progress = self._plan(columns, full=full), _Progress()
        if progress.job is None and not self._starts_bulk(plan, progress):
            self._rest(plan, progress)
        else:
            self._bulk(plan, progress)
        return PullResult(
            self._name,
            progress.rows,
            progress.gone,
            progress.pages,
            progress.via,
            "changes" if plan.since else "all",
            plan.why,
            tuple(progress.files),
        )

    def _columns(self) -> tuple[str, ...]:
        """The columns to ask for. Raises SalesforcePullFailed for one that the user may not read."""
        found = self._org.get_json(f"sobjects/{self._name}/describe")
        self._replicated = bool(found.get("replicateable", True))
        described = {one["name"]: one for one in found["fields"]}
        absent, denied = self._named(self._settings.absent_fields), self._named(self._settings.denied_fields)
        wanted = [name for name in (*ALWAYS, *COLUMNS[self._name]) if name not in {*absent, *denied}]
        missing = [name for name in wanted if name not in described and name not in OF_SOME_ORGS]
        if missing:
            raise self._org.failed(
                f"the user sees no field {missing[0]}; let the user read it, or if this org has none name "
                f"{self._name}.{missing[0]} in TIEOUT_SALESFORCE_ABSENT_FIELDS"
            )
        allowed = self._named(self._settings.custom_fields)
        own = sorted(
            name
            for name, one in described.items()
            if name.endswith("__c")
            and name not in denied
            and not PERSONAL.search(name)
            and one["type"] in PLAIN_TYPES
            and (self._settings.custom_fields is None or name in allowed)
        )
        return (*dict.fromkeys(name for name in wanted if name in described), *own)

    def _named(self, names: list[str] | None) -> set[str]:
        prefix = f"{self._name}."
        return {name.removeprefix(prefix) for name in names or () if name.startswith(prefix)}

    def _resumed(self, columns: tuple[str, ...], *, full: bool) -> tuple[_Plan, _Progress] | None:
        """A pull whose last part has not been delivered, when it asked for the same; None when there is none."""
        through, work = parts.last_part(self._landing, SYSTEM, self._name)
        if "job" not in work or tuple(work["columns"]) != columns or (full and work["since"]):
            return None
        plan = _Plan(
            self._name,
            columns,
            cursors.instant_of(work["started"]),
            cursors.instant_of(work["until"]),
            parts.instant_or_none(work["since"]),
            through,
            parts.instant_or_none(work["deleted_through"]),
            work["why"],
        )
        return plan, _Progress(work["part"], parts.instant_or_none(work["newest"]), work["job"], work["locator"])

    def _plan(self, columns: tuple[str, ...], *, full: bool) -> _Plan:
        through, work = parts.last_part(self._landing, SYSTEM, self._name)
        now = self._org.now()
        why = None
        if full:
            why = ASKED_FOR
        elif through == parts.START:
            why = FIRST
        elif new := sorted(set(columns) - set(work["columns"])):
            why = f"new column {new[0]}"
        elif "job" in work:
            why = work["why"]  # of a pull that was interrupted and whose job is gone
        return _Plan(
            self._name,
            columns,
            parts.begun(now, work),
            now - parts.YOUNGEST,
            None if why else through - timedelta(seconds=self._settings.overlap_seconds),
            through,
            parts.instant_or_none(work.get("deleted_through")),
            why,
        )

    def _starts_bulk(self, plan: _Plan, progress: _Progress) -> bool:
        """Create the Bulk job, unless REST is chosen, the rows are few, or Bulk refuses."""
        mode = self._settings.api
        if mode == "rest" or (mode == "auto" and self._is_small(plan)):
            return False
        self._org.doing(self._name, "creating a query job")
        try:
            progress.job = self._org.create_job(plan.soql)
        except _Refused as refused:
            if mode == "auto" and refused.code in BULK_REFUSES:
                return False
            raise self._org.failed(str(refused)) from refused
        return True

    def _is_small(self, plan: _Plan) -> bool:
        self._org.doing(self._name, "counting rows")
        condition = plan.soql.partition(" WHERE ")[2]
        found = self._org.query(f"SELECT COUNT() FROM {plan.object} WHERE {condition}")  # noqa: S608  the same
        return int(found["totalSize"]) <= self._settings.small_rows

    def _bulk(self, plan: _Plan, progress: _Progress) -> None:
        """Deliver every page of the job's result; the last one with the rows of records that are gone."""
        job = str(progress.job)
        self._org.doing(self._name, f"waiting for job {job}")
        self._org.wait_for_job(job)
        for _ in range(self._settings.max_pages):
            self._org.doing(self._name, f"part {progress.part + 1} of job {job}")
            page = self._org.result_page(job, progress.locator, plan.columns)
            progress.pages += 1
            self._seen(progress, plan, page.rows)
            if page.locator is None:
                self._deliver(plan, replace(progress, job=None, locator=None), progress, page.lines, len(page.rows))
                return
            if page.locator == progress.locator:
                raise self._org.failed("the result says there is more but does not move on")
            self._deliver_part(plan, progress, page)
            progress.locator = page.locator
        raise self._org.failed(f"the result has more than {self._settings.max_pages} pages")

    def _rest(self, plan: _Plan, progress: _Progress) -> None:
        """Deliver all pages of a REST query as one file."""
        progress.via = "rest"
        self._org.doing(self._name, "REST queryAll")
        lines: list[str] = [_csv_line(plan.columns)]
        rows: list[list[str]] = []
        found = self._org.query(plan.soql)
        total = int(found["totalSize"])
        for _ in range(self._settings.max_pages):
            progress.pages += 1
            rows += [[_csv_text(record.get(name)) for name in plan.columns] for record in found["records"]]
            if found["done"] is True:
                break
            found = self._org.next_page(found["nextRecordsUrl"])
        else:
            raise self._org.failed(f"the query has more than {self._settings.max_pages} pages")
        if len(rows) != total:
            raise self._org.failed(f"the query says {total} rows and gives {len(rows)}")
        self._seen(progress, plan, rows)
        self._deliver(plan, progress, progress, [*lines, *map(_csv_line, rows)], len(rows))

    def _seen(self, progress: _Progress, plan: _Plan, rows: list[list[str]]) -> None:
        """Keep the ids and the newest stamp."""
        id_at, stamp_at = plan.columns.index("Id"), plan.columns.index("SystemModstamp")
        for row in rows:
            try:
                progress.ids.add(crm.long_id(row[id_at]))
                stamp = instant(row[stamp_at])
            except BadRecord as bad:
                raise self._org.failed(f"a row cannot be read: {bad.detail}") from bad
            progress.newest = max(progress.newest or stamp, stamp)

    def _deliver_part(self, plan: _Plan, progress: _Progress, page: _Page) -> None:
        """Deliver a page that is not the last; its cursor goes on with the next page of the same job."""
        reached = replace(progress, locator=page.locator, part=progress.part + 1)
        cursor = _cursor(plan, reached, plan.through, plan.deleted_through)
        self._write(plan, progress, page.lines, len(page.rows), cursor)

    def _deliver(self, plan: _Plan, done: _Progress, progress: _Progress, lines: Iterable[str], rows: int) -> None:
        """Deliver the last file of a pull: with it the object is complete up to ``through``."""
        gone = self._gone(plan, progress)
        newest = min(progress.newest, plan.until) if progress.newest else plan.through
        cursor = _cursor(
            plan,
            replace(done, part=progress.part + 1, newest=None),
            max(newest, plan.through),
            plan.started - timedelta(seconds=self._settings.overlap_seconds),
        )
        progress.gone = len(gone)
        self._write(plan, progress, [*lines, *gone], rows + len(gone), cursor)

    def _write(self, plan: _Plan, progress: _Progress, lines: Iterable[str], rows: int, cursor: Cursor) -> None:
        target = parts.target(SYSTEM, self._name, self._delivered_on, plan.started, progress.part + 1, "csv")
        description = Description(api_version=self._settings.api_version, cursor=cursor, rows=rows)
        found: Delivered = write(self._landing, target, lines, description)
        progress.part += 1
        progress.rows += rows
        progress.files.append(found.path)

    def _gone(self, plan: _Plan, progress: _Progress) -> list[str]:
        """Rows for the records that are gone for good: id, IsDeleted, the time, and nothing else."""
        self._org.doing(self._name, "the log of deletions")
        log = self._of_log(plan)
        gone = dict(log or {})
        if log is None or plan.why == ASKED_FOR:
            self._org.doing(self._name, "looking up the ids of the warehouse")
            for known in _ids_of_warehouse(self._name) - progress.ids:
                gone.setdefault(known, f"{plan.until:%Y-%m-%dT%H:%M:%S}.000Z")
        for some in _in_lots(sorted(gone), IDS_AT_ONCE):
            listed = ",".join(f"'{one}'" for one in some)
            query = f"SELECT Id FROM {self._name} WHERE Id IN ({listed})"  # noqa: S608  checked ids
            for record in self._org.records(query):
                gone.pop(crm.long_id(str(record["Id"])), None)
        return [
            _csv_line([{"Id": one, "IsDeleted": "true", "SystemModstamp": at}.get(name, "") for name in plan.columns])
            for one, at in sorted(gone.items())
        ]

    def _of_log(self, plan: _Plan) -> dict[str, str] | None:
        """Ids with the time of their deletion since the last pull; None when the log does not say all."""
        if not self._replicated or plan.deleted_through is None:
            return {}
        if plan.started - plan.deleted_through > LONGEST_LOG:
            return None
        # The log knows minutes, and wants at least one between start and end.
        start, end = plan.deleted_through.replace(second=0, microsecond=0), plan.started + timedelta(minutes=1)
        params = {"start": _literal(start), "end": _literal(end.replace(second=0, microsecond=0))}
        try:
            found = self._org.get_json_or_refused(f"sobjects/{self._name}/deleted/", params)
        except _Refused as refused:
            if refused.code in LOG_REFUSES:
                return None
            raise self._org.failed(str(refused)) from refused
        if instant(found["earliestDateAvailable"]) > start:
            return None
        return {crm.long_id(str(one["id"])): str(one["deletedDate"]) for one in found["deletedRecords"]}


class _Refused(Exception):
    """An answer that no further try will change; ``code`` is Salesforce's word for it."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(f"HTTP {status} {code}: {said}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a job's result: its lines with the header, its rows, and where the next begins (None: nowhere)."""

    lines: list[str]
    rows: list[list[str]]
    locator: str | None


class _Org:
    """Asks an org, signs in when that is needed, and knows what it is doing, so that a failure can say so."""

    def __init__(self, settings: SalesforceSettings) -> None:
        self.settings = settings
        self._http = BoundedSession(settings.timeout_seconds, settings.api_base)
        self._patience = Patience(settings.attempts, settings.longest_wait_seconds)
        self._signed_in: Salesforce | None = None
        self._doing = "signing in"
        self._clock: datetime | None = None

    def doing(self, name: str, what: str) -> None:
        self._doing = f"{name}, {what}"

    def now(self) -> datetime:
        """Salesforce's own clock at its last answer."""
        if self._clock is None:
            raise self.failed("the answers carry no Date, so it is unknown up to when they reach")
        return self._clock

    def failed(self, said: str) -> SalesforcePullFailed:
        return SalesforcePullFailed(f"Salesforce {self._doing}: {self._sayable(said)}")

    def get_json(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            return self.get_json_or_refused(path, params)
        except _Refused as refused:
            raise self.failed(str(refused)) from refused

    def get_json_or_refused(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", path, _json_object, params=params)
        return found

    def query(self, soql: str) -> dict[str, Any]:
        """The first page of a REST query that sees deleted records."""
        return self.get_json("queryAll/", {"q": soql})

    def next_page(self, url: str) -> dict[str, Any]:
        if not isinstance(url, str) or not url.startswith("/services/data/"):
            raise self.failed("the next page of the query is nowhere on this server")
        return self.get_json(url)

    def records(self, soql: str) -> Iterator[dict[str, Any]]:
        """Every record of a query with few of them."""
        found = self.query(soql)
        yield from found["records"]
        while found["done"] is not True:
            found = self.next_page(found["nextRecordsUrl"])
            yield from found["records"]

    def create_job(self, soql: str) -> str:
        body = {
            "operation": "queryAll",
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        return str(self._call("POST", "jobs/query", _json_object, data=json.dumps(body))["id"])

    def has_job(self, job: str) -> bool:
        """Whether the job and its result are still there."""
        try:
            return bool(self._job(job)["state"] == "JobComplete")
        except _Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return False
            raise self.failed(str(refused)) from refused

    def wait_for_job(self, job: str) -> None:
        """Return when the job is complete. Raises SalesforcePullFailed when it fails, is aborted, or takes too long."""
        end = time.monotonic() + self.settings.job_seconds
        while True:
            try:
                found = self._job(job)
            except _Refused as refused:
                raise self.failed(str(refused)) from refused
            state = found["state"]
            if state == "JobComplete":
                return
            if state in {"Failed", "Aborted"}:
                raise self.failed(f"the job ended as {state}: {found.get('errorMessage') or 'no reason given'}")
            if time.monotonic() > end:
                raise self.failed(f"the job is {state} after {self.settings.job_seconds:g} s")
            time.sleep(self.settings.poll_seconds)

    def result_page(self, job: str, locator: str | None, columns: tuple[str, ...]) -> _Page:
        params = {"maxRecords": str(self.settings.page_rows)} | ({"locator": locator} if locator else {})
        try:
            page: _Page = self._call(
                "GET",
                f"jobs/query/{job}/results",
                lambda response: _result_page(response, columns),
                params=params,
                accept="text/csv",
            )
        except _Refused as refused:
            raise self.failed(str(refused)) from refused
        return page

    def _job(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"jobs/query/{job}", _json_object)
        return found

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[requests.Response], Any],
        *,
        params: dict[str, str] | None = None,
        data: str | None = None,
        accept: str = "application/json",
    ) -> Any:
        """One call, with its tries. Raises _Refused, and SalesforcePullFailed when what may pass did not pass."""

        def attempt() -> Any:
            response = self._sent(method, path, params, data, accept)
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                self._signed_in = None  # a session ends after its time: sign in anew, once
                response = self._sent(method, path, params, data, accept)
            self._clock = server_time(response) or self._clock
            _raise_for(response)
            return read(response)

        try:
            return self._patience(attempt)
        except PassingFault as fault:
            raise self.failed(f"{fault} ({self.settings.attempts} tries)") from fault

    def _sent(
        self, method: str, path: str, params: dict[str, str] | None, data: str | None, accept: str
    ) -> requests.Response:
        org = self._signed_in or self._sign_in()
        url = f"https://{org.sf_instance}{path}" if path.startswith("/") else org.base_url + path
        headers = {**org.headers, "Accept": accept}
        return self._http.request(method, url, params=params, data=data, headers=headers)

    def _sign_in(self) -> Salesforce:
        try:
            org = Salesforce(version=self.settings.api_version, session=self._http, **self.settings.sign_in())
        except SalesforceAuthenticationFailed as refused:
            said = self._sayable(f"{refused.code}: {refused.auth_message}")
            code = str(refused.code).rpartition(":")[2]
            if code in PASSING_CODES or (code.isdecimal() and is_passing(int(code))):
                raise PassingFault(f"signing in failed, {said}") from None
            # The cause is left out: what it holds has been said, but for the secrets.
            raise SalesforcePullFailed(f"Salesforce does not let the user sign in: {said}") from None
        self._signed_in = org
        return org

    def _sayable(self, text: str) -> str:
        held = [self._signed_in.session_id] if self._signed_in else []
        return sayable(text, [*self.settings.secrets(), *held])


def _raise_for(response: requests.Response) -> None:
    """Raise what an error answer means: PassingFault or _Refused."""
    status = response.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        found = response.json()
        first = found[0] if isinstance(found, list) else found
        code, said = str(first.get("errorCode") or first.get("error") or status), str(first.get("message") or "")
    except (ValueError, AttributeError, IndexError):
        code, said = str(status), response.text
    if code in PASSING_CODES or is_passing(status):
        raise PassingFault(f"HTTP {status} {code}: {sayable(said)}", asked_wait(response))
    raise _Refused(status, code, said)


def _json_object(response: requests.Response) -> dict[str, Any]:
    """The answer with its numbers as they were written."""
    try:
        found = json.loads(response.content, parse_float=str, parse_int=str)
    except ValueError as error:
        raise PassingFault("the answer is no whole JSON") from error
    if not isinstance(found, dict):
        raise PassingFault("the answer is no JSON object")
    return found


def _result_page(response: requests.Response, columns: tuple[str, ...]) -> _Page:
    """A page of a result, when it is whole: every row has its values and the number of rows is the one announced."""
    announced = response.headers.get("Sforce-NumberOfRecords", "")
    try:
        text = response.content.decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise PassingFault(f"the page cannot be read whole ({error})") from error
    lines = text.removesuffix("\n").split("\n") if text else []
    if rows and [name.lower() for name in rows[0]] == [name.lower() for name in columns]:
        rows = rows[1:]
    else:
        lines = [_csv_line(columns), *lines]
    if str(len(rows)) != announced or any(len(row) != len(columns) for row in rows) or not text.endswith("\n"):
        raise PassingFault(f"the page has {len(rows)} whole rows, {announced or 'an unknown number'} were announced")
    locator = response.headers.get("Sforce-Locator", "null")
    return _Page(lines, rows, None if locator in {"", "null"} else locator)


def _cursor(plan: _Plan, progress: _Progress, through: datetime, deleted_through: datetime | None) -> Cursor:
    """Where to go on: with the next page of a job, or, when there is no job, with what changes after ``through``."""
    work: dict[str, Any] = {"columns": list(plan.columns), "deleted_through": parts.text_or_none(deleted_through)}
    if progress.job is not None:
        work |= {
            "job": progress.job,
            "locator": progress.locator,
            "until": cursors.text_of(plan.until),
            "since": parts.text_or_none(plan.since),
            "newest": parts.text_or_none(progress.newest),
            "why": plan.why,
        }
    return parts.cursor(through, plan.started, progress.part, work)


def _ids_of_warehouse(name: str) -> set[str]:
    """The ids the warehouse knows of an object and does not know to be deleted."""
    if get_settings().warehouse_url is None and not embedded.status().created:
        return set()
    table = sql.Identifier("raw", f"{SYSTEM}__{crm.snake(name)}")
    statement = sql.SQL(
        "select record_id from (select distinct on (record_id) record_id, is_deleted from {} "
        "order by record_id, source_updated_at desc nulls last) as latest where not is_deleted"
    ).format(table)
    with connect() as connection:
        try:
            return {record_id for (record_id,) in connection.execute(statement)}
        except psycopg.errors.UndefinedTable:
            return set()


def _in_lots(found: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(found), size):
        yield found[start : start + size]


def _csv_line(values: Iterable[str]) -> str:
    """One line as Bulk API 2.0 writes it: every value in quotes."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(values)
    return out.getvalue()


def _csv_text(value: Any) -> str:
    """A value of a REST answer as Bulk writes it; numbers have stayed texts."""
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _literal(moment: datetime | None) -> str:
    return f"{moment or parts.START:%Y-%m-%dT%H:%M:%SZ}"


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None

"""Pulls NetSuite's records through SuiteQL into delivery files of JSON lines, deletions included.

`pull` asks for what changed since the last pull and writes `<landing>/erp/<object>/<date>/api-<start>-<part>.jsonl`,
one item of the API's pages a line, each file with a manifest that says where to go on. Nothing here writes to the
warehouse.

* Pages follow the key: the next page begins after the last key of the one before, so a record that changes or vanishes
  while pages are read moves no other record, and there is no limit of 100,000 rows. A long pull is delivered in parts,
  and an interrupted one goes on after its last part.
* The cursor is a day of the account's calendar, with a day of overlap: SuiteQL compares dates. A record younger than a
  minute is left for the next pull, so it is never read in the middle of its second.
* Lines follow their transaction: when it changes, all its lines come again, whole in one file, each with the
  transaction's time of change. A line that a later reading no longer has is gone; staging says so.
* A deleted record is a line of its id, `isdeleted` and the time, made from NetSuite's list of deleted records.
* Dates are asked for as ISO dates and times as the account's wall clock; each time gets the offset its zone had. All
  else is kept as the API wrote it.
* What may pass is tried again; every other refusal is `NetSuitePullFailed`, which names object, page and error code.
  Nothing is skipped.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import requests
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict
from requests_oauthlib import OAuth1

from ingestion.sources import cursors, json_text, parts
from ingestion.sources.delivered_file import Cursor, Description, sole_worker, work_folder, write
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

API_VERSION = "query/v1"
PATH = f"/services/rest/{API_VERSION}/suiteql"
SYSTEM = "erp"
PAGE_ROWS = 1_000
OVERLAP = timedelta(days=1)
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
COLUMN_NAME = re.compile(r"cust[a-z]*_[a-z0-9_]{1,60}")
WALL_CLOCK = "%Y-%m-%d %H:%M:%S"
DAY_FORMAT, TIME_FORMAT = "YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS"
# At the level of debugging these write tokens and signatures into the log.
LOGGERS_OF_SIGNATURES = ("oauthlib", "requests_oauthlib")
CHANGED_WITH = "transactionlastmodifieddate"
PERSONAL = re.compile(r"e_?mail|phone|mobile|fax|birth|passport|ssn|iban|street|address|(first|last|contact)_?name")


class NetSuitePullFailed(PullFailed):
    """A pull that could not be finished: which object, which page, what NetSuite said. No secret and no record."""


class NetSuiteSettings(CallSettings):
    """Environment variables `TIEOUT_NETSUITE_*`: a token of a role that may only read.

    `timezone` is the time zone of the user the token belongs to, in which SuiteQL answers (Home > Set Preferences).
    `custom_columns` are the account's own columns to ask for, by object: `{"transactionline": ["custcol_x"]}`.
    `deletions` is false only for a role without the permission Deleted Records; deletions then never arrive.
    """

    model_config = SettingsConfigDict(env_prefix="TIEOUT_NETSUITE_")

    account: str = Field(pattern=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)?$")
    consumer_key: SecretStr
    consumer_secret: SecretStr
    token_id: SecretStr
    token_secret: SecretStr
    timezone: str
    custom_columns: dict[str, list[str]] = Field(default_factory=dict)
    deletions: bool = True
    part_rows: int = Field(default=50_000, ge=1)
    page_rows: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("a name of the time zone database, such as America/Los_Angeles") from error

    @field_validator("custom_columns")
    @classmethod
    def _fit_columns(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for name, columns in value.items():
            if name not in OBJECTS:
                raise ValueError(f"{name!r} is no object; known are {', '.join(OBJECTS)}")
            for column in columns:
                if not COLUMN_NAME.fullmatch(column) or PERSONAL.search(column):
                    raise ValueError(f"{column!r} is no column of the account's own, or names personal data")
        return value

    @property
    def address(self) -> str:
        """The address that SuiteQL is asked at."""
        host = self.account.lower().replace("_", "-")
        return (self.api_base or f"https://{host}.suitetalk.api.netsuite.com") + PATH

    @property
    def realm(self) -> str:
        """The account as the signature names it."""
        return self.account.upper().replace("-", "_")

    def secrets(self) -> list[str]:
        """Texts that no message may hold."""
        held = (self.consumer_key, self.consumer_secret, self.token_id, self.token_secret)
        return [one.get_secret_value() for one in held]


@dataclass(frozen=True, slots=True)
class _Object:
    """How one object is read.

    ``key`` is unique and orders the pages; rows with the same first part of it are delivered together. ``changed`` are
    the columns that a change moves; without any, all rows are read every time. ``own`` is the time that must be older
    than a minute. ``gone_types`` are the types that the list of deleted records has for it.
    """

    tables: str
    plain: tuple[str, ...]
    days: tuple[str, ...] = ()
    times: tuple[tuple[str, str], ...] = (("t.lastmodifieddate", "lastmodifieddate"),)
    key: tuple[str, ...] = ("t.id",)
    changed: tuple[str, ...] = ()
    own: str = "lastmodifieddate"
    gone_types: frozenset[str] = frozenset()

    def select(self, custom: Sequence[str], condition: str) -> str:
        """The query, by key."""
        columns = [
            *(f"{name} AS {name.partition('.')[2]}" for name in self.plain),
            *(f"TO_CHAR({name}, '{DAY_FORMAT}') AS {name.partition('.')[2]}" for name in self.days),
            *(f"TO_CHAR({name}, '{TIME_FORMAT}') AS {alias}" for name, alias in self.times),
            *(f"t.{name} AS {name}" for name in custom),
        ]
        where = f" WHERE {condition}" if condition else ""
        return f"SELECT {', '.join(columns)} FROM {self.tables}{where} ORDER BY {', '.join(self.key)}"  # noqa: S608

    @property
    def names(self) -> tuple[str, ...]:
        """The key's names in an item."""
        return tuple(name.partition(".")[2] for name in self.key)


def _of(*names: str) -> tuple[str, ...]:
    return tuple(f"t.{name}" for name in names)


OF_A_TRANSACTION = "{} t INNER JOIN transaction h ON h.id = t.transaction"
OBJECTS: dict[str, _Object] = {
    "subsidiary": _Object("subsidiary t", _of("id", "name", "country", "currency", "parent")),
    "currency": _Object(
        "currency t", _of("id", "symbol", "name", "currencyprecision", "isbasecurrency", "exchangerate")
    ),
    "account": _Object("account t", _of("id", "acctnumber", "accttype", "fullname")),
    "accountingperiod": _Object(
        "accountingperiod t",
        _of("id", "periodname", "isposting", "isquarter", "isyear", "closed", "alllocked", "arlocked"),
        days=_of("startdate", "enddate"),
    ),
    "currencyrate": _Object(
        "currencyrate t",
        _of("id", "basecurrency", "transactioncurrency", "exchangerate"),
        days=_of("effectivedate"),
        changed=_of("lastmodifieddate"),
    ),
    "customer": _Object(
        "customer t",
        _of("id", "entityid", "externalid", "companyname", "currency"),
        changed=_of("lastmodifieddate"),
        gone_types=frozenset({"customer", "lead", "prospect"}),
    ),
    "item": _Object(
        "item t",
        _of("id", "itemid", "externalid", "fullname", "itemtype", "incomeaccount", "deferralaccount"),
        changed=_of("lastmodifieddate"),
        gone_types=frozenset(
            {
                *("assemblyitem", "descriptionitem", "discountitem", "downloaditem", "giftcertificateitem"),
                *("inventoryitem", "itemgroup", "kititem", "lotnumberedassemblyitem", "lotnumberedinventoryitem"),
                *("markupitem", "noninventorypurchaseitem", "noninventoryresaleitem", "noninventorysaleitem"),
                *("noninventoryitem", "otherchargeitem", "otherchargepurchaseitem", "otherchargeresaleitem"),
                *("otherchargesaleitem", "paymentitem", "serializedassemblyitem", "serializedinventoryitem"),
                *("serviceitem", "servicepurchaseitem", "serviceresaleitem", "servicesaleitem", "subtotalitem"),
            }
        ),
    ),
    "transaction": _Object(
        "transaction t",
        _of(
            *("id", "externalid", "transactionnumber", "tranid", "type", "status", "currency", "exchangerate"),
            *("entity", "postingperiod", "posting", "voided", "foreigntotal", "memo"),
        ),
        days=_of("trandate", "duedate", "closedate"),
        times=(("t.createddate", "createddate"), ("t.lastmodifieddate", "lastmodifieddate")),
        changed=_of("lastmodifieddate"),
        gone_types=frozenset(
            {
                *("cashrefund", "cashsale", "check", "creditmemo", "customercredit", "customerdeposit"),
                *("customerpayment", "customerrefund", "deposit", "depositapplication", "estimate", "expensereport"),
                *("intercompanyjournalentry", "intercompanytransfer", "inventoryadjustment", "invoice"),
                *("itemfulfillment", "itemreceipt", "journal", "journalentry", "opportunity", "payment"),
                *("purchaseorder", "quote", "returnauthorization", "revenuearrangement", "revenuecommitment"),
                *("revenuecommitmentreversal", "salesorder", "statementcharge", "transferorder", "vendorbill"),
                *("vendorcredit", "vendorpayment", "vendorreturnauthorization", "bill", "billcredit", "billpayment"),
                *("custinvc", "custpymt", "custcred", "custdep", "custrfnd"),
            }
        ),
    ),
    "transactionline": _Object(
        OF_A_TRANSACTION.format("transactionline"),
        _of(
            *("id", "transaction", "linesequencenumber", "mainline", "taxline", "item", "quantity", "rate"),
            *("netamount", "foreignamount", "memo", "uniquekey", "subsidiary"),
        ),
        days=_of("revrecstartdate", "revrecenddate"),
        times=(("t.linelastmodifieddate", "linelastmodifieddate"), ("h.lastmodifieddate", CHANGED_WITH)),
        key=_of("transaction", "id"),
        changed=("h.lastmodifieddate", "t.linelastmodifieddate"),
        own=CHANGED_WITH,
    ),
    # One row a transaction line and accounting book.
    "transactionaccountingline": _Object(
        OF_A_TRANSACTION.format("transactionaccountingline"),
        _of(
            *("accountingbook", "transaction", "transactionline", "account", "amount", "credit", "debit"),
            *("exchangerate", "netamount", "posting", "amountpaid", "amountunpaid"),
        ),
        times=(("h.lastmodifieddate", CHANGED_WITH),),
        key=_of("transaction", "transactionline", "accountingbook"),
        changed=("h.lastmodifieddate",),
        own=CHANGED_WITH,
    ),
}
GONE = _Object(
    "deletedrecord t",
    _of("recordtypeid", "recordid", "type"),
    times=(("t.deleteddate", "deleteddate"),),
    key=_of("recordtypeid", "recordid"),
    changed=_of("deleteddate"),
    own="deleteddate",
)


@dataclass(frozen=True, slots=True)
class PullResult:
    """What became of one object.

    ``rows`` are the lines of its ``files``, ``gone`` those of them that only say a record was deleted; ``reach`` is
    ``changes`` or ``all``.
    """

    object: str
    rows: int
    gone: int
    pages: int
    reach: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of a page: its text with the offsets of its times, its key, and its instants by name."""

    text: str
    key: tuple[int, ...]
    instants: dict[str, datetime]
    fields: dict[str, Any]


def pull(
    landing: Path | str,
    delivered_on: date,
    settings: NetSuiteSettings | None = None,
    objects: Sequence[str] | None = None,
    *,
    full: bool = False,
) -> list[PullResult]:
    """Pull what changed since the last pull, or go on with a pull that was interrupted.

    Args:
        landing: the landing, a folder or a URL.
        delivered_on: the delivery date, the folder the files go into.
        settings: default: from the environment.
        objects: names of `OBJECTS`; default all.
        full: everything instead of what changed.

    Returns:
        One result an object, in the order of `OBJECTS`.

    Raises:
        NetSuitePullFailed: an object could not be pulled to its end; what was delivered stays, and the same call goes
            on from there.
        ValueError: an unknown object name.
        WorkBusy: another process pulls into this landing.
    """
    unknown = sorted(set(objects or ()) - set(OBJECTS))
    if unknown:
        raise ValueError(f"NetSuite has no object {', '.join(unknown)} here; known are {', '.join(OBJECTS)}")
    account = _Account(settings or NetSuiteSettings())
    with sole_worker(work_folder(landing, f"{SYSTEM}-pull")):
        return [
            _Pull(account, landing, delivered_on, name).run(full=full)
            for name in OBJECTS
            if not objects or name in objects
        ]


@dataclass(slots=True)
class _Plan:
    """What one pull of one object asks for; ``after`` is the first part of the last key delivered."""

    started: datetime
    until: datetime
    since: datetime | None
    through: datetime
    part: int = 0
    after: int | None = None
    newest: datetime | None = None


class _Pull:
    """One object, from its plan to its last file."""

    def __init__(self, account: _Account, landing: Path | str, delivered_on: date, name: str) -> None:
        self._account = account
        self._settings = account.settings
        self._landing = landing
        self._delivered_on = delivered_on
        self._name = name
        self._object = OBJECTS[name]
        self._files: list[str] = []
        self._rows = 0

    def run(self, *, full: bool) -> PullResult:
        pages_before = self._account.pages
        plan = self._plan(full=full)
        waiting: list[str] = []
        for group in self._groups(plan):
            if len(waiting) >= self._settings.part_rows:
                self._deliver(plan, waiting, self._cursor(plan))
                waiting = []
            waiting += [item.text for item in group]
            newest = max(item.instants.get(self._object.own, parts.START) for item in group)
            plan.newest = max(plan.newest or parts.START, newest)
            plan.after = group[0].key[0]
        gone = self._gone(plan)
        plan.after = None
        plan.through = max(plan.through, min(plan.newest or plan.through, plan.until))
        self._deliver(plan, waiting + gone, self._cursor(plan))
        return PullResult(
            self._name,
            self._rows,
            len(gone),
            self._account.pages - pages_before,
            "changes" if plan.since and self._object.changed else "all",
            tuple(self._files),
        )

    def _plan(self, *, full: bool) -> _Plan:
        """Goes on after the last part of an interrupted pull, or begins one at the last cursor."""
        self._account.doing(self._name)
        through, work = parts.last_part(self._landing, SYSTEM, self._name)
        same = work.get("custom") == self._custom
        if work.get("after") is not None and same and not (full and work["since"]):
            return _Plan(
                cursors.instant_of(work["started"]),
                cursors.instant_of(work["until"]),
                parts.instant_or_none(work["since"]),
                through,
                work["part"],
                work["after"],
                parts.instant_or_none(work["newest"]),
            )
        now = self._account.now()
        since = through if through > parts.START and same and not full else None
        return _Plan(parts.begun(now, work), now - parts.YOUNGEST, since, through)

    @property
    def _custom(self) -> list[str]:
        return self._settings.custom_columns.get(self._name, [])

    def _groups(self, plan: _Plan) -> Iterator[list[_Item]]:
        """The rows of one record or one transaction, whole, and old enough to be read."""
        condition = _since(self._object, plan.since, self._account.zone)
        after = None if plan.after is None else (plan.after,)
        for group in _by_first(self._account.items(self._object, self._custom, condition, after)):
            whole = self._settled(group)
            if all(moment <= plan.until for item in whole for moment in item.instants.values()):
                yield whole

    def _settled(self, group: list[_Item]) -> list[_Item]:
        """The rows as they are; read again when their transaction changed between two pages."""
        for _ in range(self._settings.attempts):
            if len({item.instants.get(CHANGED_WITH) for item in group}) <= 1:
                return group
            condition = f"{self._object.key[0]} = {group[0].key[0]}"
            group = list(self._account.items(self._object, self._custom, condition, None))
        raise self._account.failed(f"transaction {group[0].key[0]} changes faster than it can be read")

    def _gone(self, plan: _Plan) -> list[str]:
        """Lines for deleted records: id, type, `isdeleted` and the time, and nothing else."""
        if not self._object.gone_types or not self._settings.deletions or plan.through == parts.START:
            return []
        self._account.doing(f"{self._name}, the list of deleted records (it needs the permission Deleted Records)")
        condition = _since(GONE, plan.through, self._account.zone)
        lines = []
        for item in self._account.items(GONE, (), condition, None):
            kind = re.sub(r"[^a-z]", "", str(item.fields.get("type", "")).lower())
            if kind in self._object.gone_types:
                at = json_text.parse(item.text)["deleteddate"]
                found = {"id": str(item.fields["recordid"]), "type": kind, "isdeleted": "T", "lastmodifieddate": at}
                lines.append(json.dumps(found))
        return lines

    def _deliver(self, plan: _Plan, lines: list[str], cursor: Cursor) -> None:
        target = parts.target(SYSTEM, self._name, self._delivered_on, plan.started, plan.part + 1, "jsonl")
        found = write(self._landing, target, lines, Description(api_version=API_VERSION, cursor=cursor))
        plan.part += 1
        self._rows += len(lines)
        self._files.append(found.path)

    def _cursor(self, plan: _Plan) -> Cursor:
        """Where to go on: after a key, or, when all was read, with what changes after ``through``."""
        work: dict[str, Any] = {"custom": self._custom, "after": plan.after}
        if plan.after is not None:
            work |= {
                "until": cursors.text_of(plan.until),
                "since": parts.text_or_none(plan.since),
                "newest": parts.text_or_none(plan.newest),
            }
        return parts.cursor(plan.through, plan.started, plan.part + 1, work)


class _Refused(Exception):
    """An answer that no further try will change."""


class _Account:
    """Asks an account for pages, counts them, and knows where it is, so that a failure can say so."""

    def __init__(self, settings: NetSuiteSettings) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.timezone)
        self.pages = 0
        self._page = 0
        self._doing = ""
        self._clock: datetime | None = None
        self._http = BoundedSession(settings.timeout_seconds)
        for name in LOGGERS_OF_SIGNATURES:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._patience = Patience(settings.attempts, settings.longest_wait_seconds)
        self._signature = OAuth1(
            settings.consumer_key.get_secret_value(),
            settings.consumer_secret.get_secret_value(),
            settings.token_id.get_secret_value(),
            settings.token_secret.get_secret_value(),
            signature_method="HMAC-SHA256",
            realm=settings.realm,
        )

    def doing(self, what: str) -> None:
        self._doing = what
        self._page = 0

    def now(self) -> datetime:
        """NetSuite's own clock."""
        if self._clock is None:
            self._ask("SELECT id FROM currency ORDER BY id")
        if self._clock is None:
            raise self.failed("the answers carry no Date, so it is unknown up to when they reach")
        return self._clock

    def failed(self, said: str) -> NetSuitePullFailed:
        said = sayable(said, self.settings.secrets())
        return NetSuitePullFailed(f"NetSuite {self._doing}, page {self._page}: {said}")

    def items(
        self, read: _Object, custom: Sequence[str], condition: str, after: tuple[int, ...] | None
    ) -> Iterator[_Item]:
        """Every item, page after page, each page beginning after the last key of the one before."""
        for page in range(1, self.settings.max_pages + 1):
            self._page = page
            both = [f"({one})" for one in (condition, _after(read.key, after)) if one]
            texts, more = self._ask(read.select(custom, " AND ".join(both)))
            for text in texts:
                item = self._item(read, text)
                if after is not None and item.key[: len(after)] <= after:
                    raise self.failed(f"the rows are not in the order of {', '.join(read.names)}")
                after = item.key
                yield item
            if not more:
                return
        raise self.failed(f"there are more than {self.settings.max_pages} pages")

    def _ask(self, query: str) -> tuple[list[str], bool]:
        """The items of the first page of a query, and whether there are more."""
        try:
            return self._patience(self._attempt, query)
        except PassingFault as fault:
            raise self.failed(f"{fault} ({self.settings.attempts} tries)") from fault
        except _Refused as refused:
            raise self.failed(str(refused)) from refused

    def _attempt(self, query: str) -> tuple[list[str], bool]:
        self.pages += 1
        response = self._http.request(
            "POST",
            self.settings.address,
            params={"limit": str(self.settings.page_rows), "offset": "0"},
            data=json.dumps({"q": query}),
            headers={"Content-Type": "application/json", "Accept": "application/json", "Prefer": "transient"},
            auth=self._signature,
        )
        _raise_for(response)
        self._clock = server_time(response) or self._clock
        try:
            return _page_of(response.content.decode("utf-8"))
        except (UnicodeDecodeError, json_text.JsonTextError) as error:
            raise PassingFault(f"the page cannot be read whole ({error})") from error

    def _item(self, read: _Object, text: str) -> _Item:
        try:
            fields = json_text.parse(text)
            key = tuple(_number(fields.get(name)) for name in read.names)
            instants = {}
            for _, alias in read.times:
                if fields.get(alias) is not None:
                    moment = self._instant(fields[alias])
                    instants[alias] = moment
                    begin, end = json_text.member(text, alias) or (0, 0)
                    local = moment.astimezone(self.zone)
                    text = f'{text[:begin]}"{local.isoformat(" ")}"{text[end:]}'
        except (json_text.JsonTextError, ValueError, AttributeError) as error:
            raise self.failed(f"an item cannot be read: {error}") from error
        return _Item(json_text.one_line(text), key, instants, fields)

    def _instant(self, text: Any) -> datetime:
        """The instant of the account's wall clock.

        In the hour that a clock change repeats it is the later one that is not in the future: what is read later then
        never seems to be older.
        """
        local = datetime.strptime(str(text), WALL_CLOCK).replace(tzinfo=self.zone)
        first, second = local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        return second if second <= (self._clock or second) else min(first, second)


def _page_of(body: str) -> tuple[list[str], bool]:
    """The items of a page, each as its text, and whether there are more. Raises JsonTextError unless it is whole."""
    found = json_text.parse(body)
    items = json_text.array_member(body, "items")
    count, more, total, offset = (found.get(name) for name in ("count", "hasMore", "totalResults", "offset"))
    if not isinstance(more, bool) or count != len(items):
        raise json_text.JsonTextError(f"it has {len(items)} items and says {count}")
    if more and not items:
        raise json_text.JsonTextError("it says there is more and has nothing")
    if not more and total is not None and total != (offset or 0) + len(items):
        raise json_text.JsonTextError(f"it says there are {total} rows, and no more than {len(items)}")
    return items, more


def _raise_for(response: requests.Response) -> None:
    """Raise what an error answer means: PassingFault or _Refused."""
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    try:
        found = response.json()
        detail = (found.get("o:errorDetails") or [{}])[0]
        code = str(detail.get("o:errorCode") or found.get("title") or "unknown")
        said = str(detail.get("detail") or found.get("title") or "")
    except (ValueError, AttributeError, IndexError):
        code, said = "unknown", response.text
    told = f"HTTP {status} {code}: {sayable(said)}"
    if code == "CONCURRENCY_LIMIT_EXCEEDED" or is_passing(status):
        raise PassingFault(told, asked_wait(response))
    if status == HTTPStatus.UNAUTHORIZED:
        told += (
            "; are account, consumer and token right, is the role's token active, and is this machine's clock within "
            "five minutes?"
        )
    raise _Refused(told)


def _since(read: _Object, since: datetime | None, zone: ZoneInfo) -> str:
    """What may have changed since: from the day before on, in the account's calendar."""
    if since is None or not read.changed:
        return ""
    day = since.astimezone(zone).date() - OVERLAP
    return " OR ".join(f"{name} >= TO_DATE('{day.isoformat()}', '{DAY_FORMAT}')" for name in read.changed)


def _after(key: Sequence[str], values: tuple[int, ...] | None) -> str:
    """What comes after ``values`` in the order of ``key``."""
    if values is None:
        return ""
    rest = _after(key[1:], values[1:]) if len(values) > 1 else ""
    return f"{key[0]} > {values[0]}" + (f" OR ({key[0]} = {values[0]} AND ({rest}))" if rest else "")


def _by_first(items: Iterator[_Item]) -> Iterator[list[_Item]]:
    """Items with the same first part of their key, together."""
    group: list[_Item] = []
    for item in items:
        if group and item.key[0] != group[0].key[0]:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _number(value: Any) -> int:
    if not WHOLE_NUMBER.fullmatch(str(value)):
        raise ValueError("a part of its key is no whole number")
    return int(value)

"""An account that speaks NetSuite's published protocols: SuiteQL over REST, signed by OAuth 1.0a (RFC 5849).

The queries are executed, by SQLite: what is asked is what comes. Times stand in it as the account's wall clock, as
SuiteQL shows them. The signature is computed anew from the request, by the RFC and not by the library that made it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import sqlite3
import time
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from tests.protocol_servers.serving import Answer, ProtocolServer, Request

REALM = "1234567_SB1"
SECRETS = {
    "oauth_consumer_key": "consumer-key-canary",
    "consumer_secret": "consumer-secret-canary",
    "oauth_token": "token-id-canary",
    "token_secret": "token-secret-canary",
}
CLOCK_SKEW_SECONDS = 300
COLUMNS = {
    "subsidiary": "id name country currency parent lastmodifieddate",
    "currency": "id symbol name currencyprecision isbasecurrency exchangerate lastmodifieddate",
    "account": "id acctnumber accttype fullname lastmodifieddate",
    "accountingperiod": (
        "id periodname startdate enddate isposting isquarter isyear closed alllocked arlocked lastmodifieddate"
    ),
    "currencyrate": "id basecurrency transactioncurrency exchangerate effectivedate lastmodifieddate",
    "customer": "id entityid externalid companyname email currency lastmodifieddate",
    "item": "id itemid externalid fullname itemtype incomeaccount deferralaccount lastmodifieddate",
    "transaction": (
        "id externalid transactionnumber tranid type trandate status duedate closedate currency exchangerate entity "
        "postingperiod posting voided foreigntotal memo createddate lastmodifieddate"
    ),
    "transactionline": (
        "id transaction linesequencenumber mainline taxline item quantity rate netamount foreignamount revrecstartdate "
        "revrecenddate memo uniquekey subsidiary custcol_order_item linelastmodifieddate"
    ),
    "transactionaccountingline": (
        "accountingbook transaction transactionline account amount credit debit exchangerate netamount posting "
        "amountpaid amountunpaid"
    ),
    "deletedrecord": "recordtypeid recordid type name deleteddate",
}
NUMERIC = {"id", "transaction", "transactionline", "accountingbook", "recordid", "recordtypeid"}
FORMATS = {"YYYY-MM-DD": 10, "YYYY-MM-DD HH24:MI:SS": 19}


class Account(ProtocolServer):
    """An account with records and a role's token."""

    def __init__(self, zone: str = "America/Los_Angeles") -> None:
        super().__init__()
        self.zone = ZoneInfo(zone)
        self.nonces: set[str] = set()
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.create_function("to_char", 2, lambda value, form: value and value[: FORMATS[form]])
        self.database.create_function("to_date", 2, lambda value, _form: value)
        for name, columns in COLUMNS.items():
            kinds = ", ".join(f'"{column}" {"integer" if column in NUMERIC else "text"}' for column in columns.split())
            self.database.execute(f'create table "{name}" ({kinds})')

    def now(self) -> str:
        """The wall clock of the account."""
        return f"{self.clock.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def put(self, name: str, key: dict[str, int], **values: str | None) -> None:
        """Create or change a record, stamped with the account's time."""
        columns = COLUMNS[name].split()
        stamps = {one: self.now() for one in ("lastmodifieddate", "linelastmodifieddate") if one in columns}
        where = " and ".join(f'"{column}" = {value}' for column, value in key.items())
        if not self.database.execute(f'select 1 from "{name}" where {where}').fetchone():
            created = {"createddate": self.now()} if "createddate" in columns else {}
            self._insert(name, {**key, **created})
        changes = {**stamps, **values}
        if changes:
            sets = ", ".join(f'"{column}" = ?' for column in changes)
            self.database.execute(f'update "{name}" set {sets} where {where}', list(changes.values()))

    def invoice(self, number: int, lines: list[str], **values: str | None) -> None:
        """Create or change an invoice with exactly these lines, given by their amounts."""
        self.put("transaction", {"id": number}, **{"type": "CustInvc", "currency": "1", "posting": "T", **values})
        for name, column in (("transactionline", "id"), ("transactionaccountingline", "transactionline")):
            self.database.execute(
                f'delete from "{name}" where "transaction" = ? and "{column}" > ?', (number, len(lines))
            )
        for line, amount in enumerate(lines, start=1):
            self.put(
                "transactionline",
                {"transaction": number, "id": line},
                mainline="F",
                taxline="F",
                foreignamount=amount,
                uniquekey=f"{number}{line}",
            )
            self.put(
                "transactionaccountingline",
                {"transaction": number, "transactionline": line, "accountingbook": 1},
                account="54",
                amount=amount,
            )

    def delete(self, name: str, number: int, kind: str) -> None:
        """Delete a record, and the lines of a transaction; the list of deleted records says so."""
        self.database.execute(f'delete from "{name}" where id = ?', (number,))
        if name == "transaction":
            for lines in ("transactionline", "transactionaccountingline"):
                self.database.execute(f'delete from "{lines}" where "transaction" = ?', (number,))
        self._insert(
            "deletedrecord", {"recordtypeid": -30, "recordid": number, "type": kind, "deleteddate": self.now()}
        )

    def _insert(self, name: str, values: dict) -> None:
        columns = ", ".join(f'"{column}"' for column in values)
        places = ", ".join("?" * len(values))
        self.database.execute(f'insert into "{name}" ({columns}) values ({places})', list(values.values()))

    def answer(self, request: Request) -> Answer:
        """The answer of the published protocol."""
        if (wrong := self._wrong_signature(request)) is not None:
            return _error(401, "INVALID_LOGIN", f"Invalid login attempt. {wrong}")
        if request.method != "POST" or request.path != "/services/rest/query/v1/suiteql":
            return _error(404, "NONEXISTENT_ENDPOINT", "The record instance does not exist.")
        if request.headers.get("prefer") != "transient":
            return _error(400, "INVALID_HEADER", "Missing or invalid request header Prefer. Use: transient.")
        limit, offset = int(request.params.get("limit", "1000")), int(request.params.get("offset", "0"))
        if not 1 <= limit <= 1_000 or offset % limit:
            return _error(400, "INVALID_PARAMETER", "Invalid value for parameter limit or offset.")
        query = re.sub(r"\btransaction\b", '"transaction"', json.loads(request.body)["q"])
        try:
            found = self.database.execute(query)
        except sqlite3.OperationalError as error:
            said = f"Invalid search query. Detailed unprocessed description follows. {error}."
            return _error(400, "INVALID_PARAMETER", said)
        names = [column[0] for column in found.description]
        rows = found.fetchall()
        some = rows[offset : offset + limit]
        items = [
            {"links": []} | {name: str(value) for name, value in zip(names, row, strict=True) if value is not None}
            for row in some
        ]
        page = {
            "links": [{"rel": "self", "href": f"https://x.example{request.url}"}],
            "count": len(some),
            "hasMore": offset + limit < len(rows),
            "items": items,
            "offset": offset,
            "totalResults": len(rows),
        }
        return Answer(200, json.dumps(page))

    def _wrong_signature(self, request: Request) -> str | None:
        """What is wrong with the signature; None when it is right (RFC 5849, sections 3.4 and 3.5)."""
        given = {
            name: unquote(value)
            for name, value in re.findall(r'(\w+)="([^"]*)"', request.headers.get("authorization", ""))
        }
        if given.pop("realm", None) != REALM or given.get("oauth_signature_method") != "HMAC-SHA256":
            return "realm or signature method"
        signature = given.pop("oauth_signature", "")
        if any(given.get(name) != SECRETS[name] for name in ("oauth_consumer_key", "oauth_token")):
            return "consumer or token"
        if abs(time.time() - int(given["oauth_timestamp"])) > CLOCK_SKEW_SECONDS or given["oauth_nonce"] in self.nonces:
            return "timestamp or nonce"
        self.nonces.add(given["oauth_nonce"])
        parts = urlsplit(self.address + request.url)
        parameters = sorted(
            (_escaped(name), _escaped(value)) for name, value in [*given.items(), *parse_qsl(parts.query)]
        )
        normalized = "&".join(f"{name}={value}" for name, value in parameters)
        address = f"{parts.scheme}://{parts.netloc}{parts.path}"
        base = "&".join([request.method, _escaped(address), _escaped(normalized)])
        key = f"{_escaped(SECRETS['consumer_secret'])}&{_escaped(SECRETS['token_secret'])}"
        right = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()
        return None if hmac.compare_digest(signature, right) else "signature"


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _error(status: int, code: str, detail: str) -> Answer:
    titles = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
    body = {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
        "title": titles.get(status, "Error"),
        "status": status,
        "o:errorDetails": [{"detail": detail, "o:errorCode": code}],
    }
    return Answer(status, json.dumps(body))

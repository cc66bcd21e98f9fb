"""An org that speaks Salesforce's published protocols: sign-in, describe, Bulk 2.0 queries, REST queryAll, getDeleted.

It knows as much SOQL as is asked of it: columns, one object, conditions joined by AND, COUNT(). Anything else is
answered as MALFORMED_QUERY.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import operator
import re
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import jwt

from ingestion.sources.crm import long_id
from ingestion.sources.salesforce_api import ALWAYS, API_VERSION, COLUMNS
from tests.protocol_servers.serving import Answer, ProtocolServer, Request

DATA = f"/services/data/v{API_VERSION}/"
KEY, SECRET, USER = "consumer-key-canary", "consumer-secret-canary", "reader@example.com"
PASSWORD, TOKEN = "password-canary", "security-token-canary"
NUMBERS = {
    *("Amount", "Quantity", "UnitPrice", "ListPrice", "TotalPrice", "Discount", "Tax", "GrandTotal", "Subtotal"),
    *("TotalAmount", "ContractTerm"),
}
BOOLEANS = {"IsDeleted", "IsWon", "IsClosed", "IsActive", "IsReductionOrder"}
INSTANTS = {"SystemModstamp", "CreatedDate", "ActivatedDate"}
COMPARISONS = {">=": operator.ge, "<": operator.lt, "=": operator.eq}
CONDITION = re.compile(r"(\w+) (>=|<|=) (\S+)")
AMONG = re.compile(r"(\w+) IN \(([^)]*)\)")
QUERY = re.compile(r"SELECT (.+?) FROM (\w+)(?: WHERE (.+))?")


class Org(ProtocolServer):
    """An org with records, sessions, query jobs and a log of deletions."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, dict[str, str | None]]] = {name: {} for name in COLUMNS}
        self.types: dict[str, dict[str, str]] = {
            name: {column: _type(column) for column in (*ALWAYS, *columns)} for name, columns in COLUMNS.items()
        }
        self.log: list[tuple[str, str, datetime]] = []
        self.log_begins = self.clock - timedelta(days=15)
        self.sessions: set[str] = set()
        self.signed_in = 0
        self.jobs: dict[str, dict] = {}
        self.polls_until_done = 2
        self.job_ends = "JobComplete"
        self.rest_page = 2_000
        self.public_key = ""
        self._cursors: dict[str, tuple[str, list[str], list[dict]]] = {}

    def put(self, name: str, number: int, **values: str | None) -> str:
        """Create or change a record; its id. A change is stamped with the server's time, to the second."""
        record_id = id_of(name, number)
        old = self.rows[name].get(record_id, {"Id": record_id, "CreatedDate": _stamp(self.clock)})
        self.rows[name][record_id] = {
            **old,
            **values,
            "IsDeleted": "false",
            "SystemModstamp": _stamp(self.clock),
        }
        return record_id

    def delete(self, name: str, number: int) -> None:
        """Into the recycle bin."""
        record = self.rows[name][id_of(name, number)]
        record |= {"IsDeleted": "true", "SystemModstamp": _stamp(self.clock)}
        self.log.append((name, id_of(name, number), self.clock))

    def purge(self, name: str, number: int) -> None:
        """Gone for good: out of every query."""
        del self.rows[name][id_of(name, number)]
        self.log.append((name, id_of(name, number), self.clock))

    def expire(self) -> None:
        """Every session ends."""
        self.sessions.clear()

    def answer(self, request: Request) -> Answer:
        """The answer of the published protocol."""
        signed_in = request.headers.get("authorization", "").removeprefix("Bearer ") in self.sessions
        for pattern, is_open, reply in (
            (r"/services/oauth2/token", True, self._token),
            (rf"/services/Soap/u/{API_VERSION}", True, self._soap),
            (rf"{DATA}sobjects/(\w+)/describe", False, self._describe),
            (rf"{DATA}sobjects/(\w+)/deleted/", False, self._deleted),
            (rf"{DATA}queryAll/", False, self._query_all),
            (rf"{DATA}query/(\w+)-(\d+)", False, self._rest_page),
            (rf"{DATA}jobs/query", False, self._create_job),
            (rf"{DATA}jobs/query/(\w+)", False, self._job),
            (rf"{DATA}jobs/query/(\w+)/results", False, self._results),
        ):
            if found := re.fullmatch(pattern, request.path):
                if not (is_open or signed_in):
                    return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
                return reply(request, *found.groups())
        return _error(404, "NOT_FOUND", "The requested resource does not exist")

    def _session(self) -> str:
        self.signed_in += 1
        session = f"00Dsession!canary{self.signed_in}"
        self.sessions.add(session)
        return session

    def _token(self, request: Request) -> Answer:
        sent = dict(re.findall(r"([^&=]+)=([^&]*)", request.body))
        if sent["grant_type"] == "client_credentials":
            given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
            right = given == f"{KEY}:{SECRET}"
        else:
            claims = jwt.decode(
                sent["assertion"], self.public_key, algorithms=["RS256"], audience="https://login.salesforce.com"
            )
            right = (claims["iss"], claims["sub"]) == (KEY, USER)
        if not right:
            body = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return Answer(400, json.dumps(body))
        body = {"access_token": self._session(), "instance_url": "https://acme.my.salesforce.com"}
        return Answer(200, json.dumps(body))

    def _soap(self, request: Request) -> Answer:
        given = f"<n1:username>{escape(USER)}</n1:username>", f"<n1:password>{escape(PASSWORD)}{TOKEN}</n1:password>"
        if not all(part in request.body for part in given):
            fault = (
                "<e><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
                "<sf:exceptionMessage>Invalid username, password, security token; or user locked out."
                "</sf:exceptionMessage></e>"
            )
            return Answer(500, fault.replace("<e>", '<e xmlns:sf="urn:fault.partner.soap.sforce.com">'))
        address = f"https://acme.my.salesforce.com/services/Soap/u/{API_VERSION}/00D"
        body = f"<r><sessionId>{self._session()}</sessionId><serverUrl>{address}</serverUrl></r>"
        return Answer(200, body)

    def _describe(self, _request: Request, name: str) -> Answer:
        if name not in self.types:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        fields = [{"name": column, "type": kind} for column, kind in self.types[name].items()]
        return Answer(200, json.dumps({"name": name, "replicateable": True, "fields": fields}))

    def _deleted(self, request: Request, name: str) -> Answer:
        start, end = (datetime.fromisoformat(request.params[key]) for key in ("start", "end"))
        if end - start < timedelta(minutes=1) or self.clock - start > timedelta(days=15):
            return _error(400, "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate")
        found = [
            {"id": record_id, "deletedDate": _rest_instant(_stamp(at))}
            for of, record_id, at in self.log
            if of == name
            and start <= at < end
            and (self.rows[name].get(record_id) or {"IsDeleted": "true"})["IsDeleted"] == "true"
        ]
        body = {
            "deletedRecords": found,
            "earliestDateAvailable": _rest_instant(_stamp(self.log_begins)),
            "latestDateCovered": _rest_instant(_stamp(end)),
        }
        return Answer(200, json.dumps(body))

    def _matching(self, soql: str) -> tuple[str, list[str], list[dict]]:
        found = QUERY.fullmatch(soql)
        if found is None or found[2] not in self.rows:
            raise SyntaxError("unexpected token")
        columns = found[1].split(",")
        for column in columns:
            if column != "COUNT()" and column not in self.types[found[2]]:
                raise SyntaxError(f"No such column '{column}' on entity '{found[2]}'")
        rows = [row for row in self.rows[found[2]].values() if _holds(found[3], row)]
        return found[2], columns, [dict(row) for row in rows]

    def _query_all(self, request: Request) -> Answer:
        try:
            name, columns, rows = self._matching(request.params["q"])
        except SyntaxError as error:
            return _error(400, "MALFORMED_QUERY", str(error))
        if columns == ["COUNT()"]:
            return Answer(200, json.dumps({"totalSize": len(rows), "done": True, "records": []}))
        key = f"01g{len(self._cursors):012d}"
        self._cursors[key] = (name, columns, rows)
        return self._rest_page(request, key, "0")

    def _rest_page(self, _request: Request, key: str, place: str) -> Answer:
        name, columns, rows = self._cursors[key]
        offset = int(place)
        some = rows[offset : offset + self.rest_page]
        records = ", ".join(
            "{"
            + ", ".join(
                [
                    f'"attributes": {{"type": "{name}"}}',
                    *(f'"{column}": {_json_text(column, row.get(column))}' for column in columns),
                ]
            )
            + "}"
            for row in some
        )
        done = offset + self.rest_page >= len(rows)
        following = "" if done else f', "nextRecordsUrl": "{DATA}query/{key}-{offset + self.rest_page}"'
        body = f'{{"totalSize": {len(rows)}, "done": {json.dumps(done)}{following}, "records": [{records}]}}'
        return Answer(200, body)

    def _create_job(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        assert (asked["operation"], asked["lineEnding"], asked["columnDelimiter"]) == ("queryAll", "LF", "COMMA")
        try:
            name, columns, rows = self._matching(asked["query"])
        except SyntaxError as error:
            return _error(400, "API_ERROR", str(error))
        job = {"id": f"750{len(self.jobs):015d}", "name": name, "columns": columns, "rows": rows, "polls": 0}
        self.jobs[job["id"]] = job
        return Answer(200, json.dumps({"id": job["id"], "operation": "queryAll", "state": "UploadComplete"}))

    def _job(self, _request: Request, key: str) -> Answer:
        if key not in self.jobs:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        job = self.jobs[key]
        job["polls"] += 1
        state = self.job_ends if job["polls"] >= self.polls_until_done else "InProgress"
        found = {"id": job["id"], "state": state, "numberRecordsProcessed": len(job["rows"])}
        if state == "Failed":
            found["errorMessage"] = "Query failed: retried more than 15 times"
        return Answer(200, json.dumps(found))

    def _results(self, request: Request, key: str) -> Answer:
        job = self.jobs[key]
        start, size = int(request.params.get("locator", "0")), int(request.params["maxRecords"])
        some = job["rows"][start : start + size]
        out = io.StringIO(newline="")
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(job["columns"])
        writer.writerows([row.get(column) or "" for column in job["columns"]] for row in some)
        following = "null" if start + size >= len(job["rows"]) else str(start + size)
        headers = {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(len(some)), "Content-Type": "text/csv"}
        return Answer(200, out.getvalue(), headers)


def id_of(name: str, number: int) -> str:
    """An id of 18 characters, with capitals in it."""
    return long_id(f"{sorted(COLUMNS).index(name):03d}aB{number:010d}")


def _type(column: str) -> str:
    kinds = {"double": NUMBERS, "boolean": BOOLEANS, "datetime": INSTANTS}
    return next((kind for kind, names in kinds.items() if column in names), "string")


def _holds(condition: str | None, row: dict) -> bool:
    for part in (condition or "").split(" AND ") if condition else ():
        if found := AMONG.fullmatch(part):
            if row[found[1]] not in [one.strip("'") for one in found[2].split(",")]:
                return False
            continue
        found = CONDITION.fullmatch(part)
        if found is None:
            raise SyntaxError(f"unexpected token: {part}")
        if not COMPARISONS[found[2]](datetime.fromisoformat(row[found[1]]), datetime.fromisoformat(found[3])):
            return False
    return True


def _json_text(column: str, value: str | None) -> str:
    if value is None:
        return "null"
    if column in INSTANTS:
        return json.dumps(_rest_instant(value))
    return value if column in NUMBERS | BOOLEANS else json.dumps(value)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _rest_instant(stamp: str) -> str:
    return stamp.removesuffix("Z") + "+0000"


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, json.dumps([{"message": message, "errorCode": code}]))

"""A Stripe on this machine: an account in memory that answers as the published API does, and faults on its way.

`serving` runs an HTTP server whose answers a function makes. `Account` is such a function: lists newest first by
`created`, pages, `starting_after`, filters, nested lists cut at ten, objects by id, deletions, and an event for every
change, in order of `created`.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from urllib.parse import parse_qs, unquote, urlsplit

from ingestion.sources.stripe import TYPES
from ingestion.sources.stripe_reader import StripeSettings

CANARY = "rk_test_canary"
PATHS = {
    f"/v1/{'billing/' if name == 'meters' else ''}{name}": name
    for name in TYPES
    if name not in {"invoice_line_items", "meter_event_summaries"}
}
FILTERS = {"invoice_payments": "invoice"}
NESTED = 10


class Api:
    """Answers from a script: a function of path and parameters gives (status, body[, headers]); remembers the rest."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.headers = []


@contextmanager
def serving(answer, **settings) -> Iterator[tuple[Api, StripeSettings]]:
    api = Api(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            params = {key: values[0] for key, values in parse_qs(url.query).items()}
            api.asked.append((unquote(url.path), params))
            api.headers.append(dict(self.headers))
            status, body, *more = api.answer(unquote(url.path), params)
            headers = dict(more[0]) if more else {}
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
            self.send_header("Request-Id", "req_scripted")
            self.send_header("Content-Length", headers.pop("Content-Length", str(len(data))))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    chosen = {"attempts": 3, "longest_wait_seconds": 0.01, "max_pages": 20} | settings
    try:
        yield api, StripeSettings(api_key=CANARY, api_base=f"http://127.0.0.1:{server.server_port}", **chosen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page(*objects, has_more=False) -> tuple[int, str]:
    return 200, f'{{"object":"list","data":[{",".join(objects)}],"has_more":{json.dumps(has_more)}}}'


def error(status, message="no", **more) -> tuple[int, str]:
    return status, json.dumps({"error": {"message": message, "type": "api_error", **more}})


class Account:
    """Objects and events of one account. `now` is the time of the next change; `page_size` caps the pages."""

    def __init__(self, now=1_790_000_000, page_size=100):
        self.now = now
        self.page_size = page_size
        self.objects = {name: {} for name in PATHS.values()}
        self.lines = {}
        self.members = {}
        self.summaries = {}

    def put(self, name, identity, event=None, /, **fields):
        """Create or change an object; `event` is the type of the event that tells of it."""
        before = self.objects[name].get(identity, {"id": identity, "object": TYPES[name], "created": self.now})
        self.objects[name][identity] = {**before, **fields}
        if event:
            self.tell(event, self.objects[name][identity])

    def delete(self, name, identity, event):
        gone = self.objects[name].pop(identity)
        if name == "customers":
            self.objects[name][identity] = {"id": identity, "object": "customer", "deleted": True, "created": 0}
        self.tell(event, gone)

    def tell(self, kind, copy, created=None):
        identity = f"evt_{len(self.objects['events']):06d}"
        event = {
            "id": identity,
            "object": "event",
            "type": kind,
            "created": self.now if created is None else created,
            "api_version": "2024-06-20",
            "data": {"object": deepcopy(copy)},
        }
        self.objects["events"][identity] = event
        return event

    def __call__(self, path, params):
        name = PATHS.get(path)
        if name is not None:
            return self._list(self._listed(name, params), params, path)
        folder, _, identity = path.rpartition("/")
        if folder in PATHS:
            found = self.objects[PATHS[folder]].get(identity)
            if found is None:
                return error(404, f"No such object: '{identity}'", code="resource_missing", param="id")
            return 200, json.dumps(self._shown(PATHS[folder], found))
        if identity == "lines":
            return self._list(self.lines[folder.rpartition("/")[2]], params, path)
        if identity == "event_summaries":
            return self._list(self.summaries.get(params["customer"], []), params, path)
        return error(404, f"Unrecognized request URL (GET: {path})")

    def _listed(self, name, params):
        found = [record for record in self.objects[name].values() if record.get("deleted") is not True]
        if "created[gte]" in params:
            found = [record for record in found if record["created"] >= int(params["created[gte]"])]
        if "type" in params:
            found = [record for record in found if record["type"] == params["type"]]
        if "payout" in params:
            found = [record for record in found if record["id"] in self.members.get(params["payout"], ())]
        if name in FILTERS and FILTERS[name] in params:
            found = [record for record in found if record[FILTERS[name]] == params[FILTERS[name]]]
        return sorted(found, key=lambda record: (record["created"], record["id"]), reverse=True)

    def _list(self, records, params, url):
        ids = [record["id"] for record in records]
        begin = 0
        if "starting_after" in params:
            if params["starting_after"] not in ids:
                return error(
                    400, "No such object", type="invalid_request_error", code="resource_missing", param="starting_after"
                )
            begin = ids.index(params["starting_after"]) + 1
        end = begin + min(int(params["limit"]), self.page_size)
        shown = [json.dumps(self._shown(PATHS.get(url, ""), record)) for record in records[begin:end]]
        return page(*shown, has_more=end < len(records))

    def _shown(self, name, record):
        if name != "invoices":
            return record
        lines = self.lines.get(record["id"], [])
        nested = {"object": "list", "data": lines[:NESTED], "has_more": len(lines) > NESTED}
        return record | {"lines": nested | {"url": f"/v1/invoices/{record['id']}/lines"}}

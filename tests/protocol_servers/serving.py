"""What the protocol servers share: HTTP on this machine's loopback, a clock of their own, and faults on script."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    url: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """What happens instead of the answer to requests whose path and query hold ``where``.

    ``kind`` is ``answer`` (with ``status`` and ``body``), ``hang`` (no answer until the test ends), ``drip`` (a byte at
    a time, for ever), ``drop`` (the connection closes), ``cut`` (half the body, fewer bytes than announced) or
    ``short`` (the body without its last ``by`` bytes, announced as whole). ``skip`` requests pass before.
    """

    where: str
    kind: str = "answer"
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0
    by: int = 1


class ProtocolServer:
    """A server that answers as a published protocol says; ``clock`` is what it takes for now."""

    def __init__(self) -> None:
        self.clock = datetime(2026, 10, 29, 12, 0, tzinfo=UTC)
        self.asked: list[Request] = []
        self.faults: list[Fault] = []
        self.before: Callable[[Request], None] | None = None
        self.address = ""
        self.lock = threading.RLock()
        self.released = threading.Event()

    def passes(self, **duration: float) -> None:
        """Time goes by."""
        self.clock += timedelta(**duration)

    def answer(self, request: Request) -> Answer:
        """The answer of the protocol."""
        raise NotImplementedError

    def fault_of(self, request: Request) -> Fault | None:
        """The fault on script for this request."""
        for fault in self.faults:
            if fault.where in request.url and fault.times > 0:
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None


class _Handler(http.server.BaseHTTPRequestHandler):
    """Hands a request to the protocol server and its answer, or a fault, to the network."""

    @property
    def protocol(self) -> ProtocolServer:
        return self.server.protocol

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        request = self._request()
        with self.protocol.lock:
            self.protocol.asked.append(request)
            if self.protocol.before is not None:
                self.protocol.before(request)
            fault = self.protocol.fault_of(request)
            answer = None if fault and fault.kind in {"hang", "drop"} else self.protocol.answer(request)
        kind = fault.kind if fault is not None else "none"
        if kind == "hang":
            self.protocol.released.wait(30)
        elif kind == "answer":
            self._send(Answer(fault.status, fault.body, fault.headers), None)
        elif answer is not None:
            self._send(answer, fault)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        return Request(
            self.command,
            self.path,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(),
        )

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else "none"
        data = answer.body.encode()
        data = data[: -fault.by] if kind == "short" else data
        self.send_response_only(answer.status)
        self.send_header("Date", format_datetime(self.protocol.clock, usegmt=True))
        self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if kind == "drip":
                self._drip(data)
            else:
                self.wfile.write(data[: len(data) // 2] if kind == "cut" else data)

    def _drip(self, data: bytes) -> None:
        for number in range(len(data)):
            self.wfile.write(data[number : number + 1])
            self.wfile.flush()
            if self.protocol.released.wait(0.05):
                return

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(server: ProtocolServer) -> Iterator[ProtocolServer]:
    """Serve until the block ends."""
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    httpd.daemon_threads = True
    httpd.protocol = server
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield server
    finally:
        server.released.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()

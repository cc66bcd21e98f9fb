"""Takes in Stripe's webhooks: a second feed of events, for what should not wait for the next pull.

A request counts when the SDK verifies its signature over the raw body with one of the secrets and its timestamp is at
most 300 seconds old. The body is then kept in a spool on this machine, a file an event, on the disk before Stripe is
answered with 200, so an event that was answered is never lost. `rotate` makes one delivered file of `stripe/events` of
what stands in the spool. An event that comes twice, late, or after newer ones is the same record again: events are
known by their id, and the pull takes no object's state from them, only the sign that it changed.

Anything else is answered with 400, counted, and leaves nothing behind. Stripe sends an event again for three days until
it is answered with 200, so a full disk (500) or a server that is down loses nothing; `/v1/events` would tell it anyway.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import socketserver
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref import simple_server

import stripe
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.sources import json_text
from ingestion.sources.delivered_file import (
    Delivered,
    Description,
    Target,
    WorkBusy,
    delivered,
    lines_of,
    sole_worker,
    sync_folder,
    work_folder,
    write,
)

log = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300
LARGEST_BODY_BYTES = 4 << 20
SOCKET_SECONDS = 15
LENGTH = re.compile(r"[0-9]{1,9}")
EVENT_ID = re.compile(r"[A-Za-z0-9_]{1,200}")
FILE_NAME = re.compile(r"webhook-([0-9]{8}T[0-9]{12})Z\.jsonl")
STAMP = "%Y%m%dT%H%M%S%f"
PATH = "/stripe"
HEALTH = "/health"

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class WebhookSettings(BaseSettings):
    """Environment variables `TIEOUT_STRIPE_WEBHOOK_*`; several secrets, separated by commas, while one is rolled."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_STRIPE_WEBHOOK_", env_ignore_empty=True, extra="ignore")

    secrets: SecretStr
    rotate_seconds: float = Field(default=60, gt=0)

    def each(self) -> list[str]:
        """The secrets."""
        return [secret.strip() for secret in self.secrets.get_secret_value().split(",") if secret.strip()]


class Refused(Exception):
    """A request that is no genuine, fresh event. The message is one word and repeats nothing of the request."""


class Intake:
    """Takes in events for one landing; `counts` says what came of the requests since it began."""

    def __init__(self, landing: Path | str, secrets: Iterable[str]) -> None:
        self._spool = spool(landing)
        self._secrets = list(secrets)
        self.counts: Counter[str] = Counter(accepted=0, duplicate=0, forged=0, stale=0, unreadable=0)
        if not self._secrets:
            raise ValueError("without a signing secret no event can be told from a forged one")

    def take(self, body: bytes, signature: str | None) -> str:
        """Keep a genuine event; `accepted`, or `duplicate` when it stands in the spool already.

        Raises Refused, and OSError when the disk does not take it: then Stripe has to send it again.
        """
        try:
            identity = self._verified(body, signature)
        except Refused as refused:
            self.counts[str(refused)] += 1
            log.warning("a webhook was refused: %s", refused)
            raise
        outcome = "accepted" if _kept(self._spool, identity, body) else "duplicate"
        self.counts[outcome] += 1
        return outcome

    def _verified(self, body: bytes, signature: str | None) -> str:
        reason = "forged"
        for secret in self._secrets:
            try:
                event = stripe.Webhook.construct_event(body, signature, secret, TOLERANCE_SECONDS).to_dict()
            except stripe.SignatureVerificationError as error:
                reason = "stale" if "tolerance" in str(error) else reason
            except (ValueError, TypeError, AttributeError) as error:  # genuine, and no event as we know them
                raise Refused("unreadable") from error
            else:
                return _checked(event)
        raise Refused(reason)


def application(intake: Intake) -> Application:
    """The intake as a WSGI application: `POST /stripe`, and `GET /health` with the counts."""

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        status, found = _answered(intake, environ)
        text = json.dumps(found).encode()
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text]

    return answer


def server(intake: Intake, host: str, port: int) -> simple_server.WSGIServer:
    """A threaded HTTP server for the intake. It speaks no TLS: something that does stands before it."""
    return simple_server.make_server(host, port, application(intake), server_class=_Server, handler_class=_Handler)


def rotate(landing: Path | str, now: datetime | None = None) -> Delivered | None:
    """Deliver what stands in the spool as one file of `stripe/events`; None when it is empty, or being delivered.

    The events leave the spool after the file has been delivered: an interruption delivers them twice, and never loses
    one. The name of a file is later than those of all files before it, whatever the clock says.
    """
    folder = spool(landing)
    try:
        with sole_worker(folder.parent):
            waiting = sorted(folder.glob("*.json"))
            if not waiting:
                return None
            moment = _after_the_last(landing, (now or datetime.now(UTC)).astimezone(UTC))
            target = Target("stripe", "events", moment.date(), f"webhook-{moment.strftime(STAMP)}Z.jsonl")
            lines = (json_text.one_line(path.read_text("utf-8")).strip() for path in waiting)
            found = write(landing, target, lines, Description(pull={"mode": "webhook"}))
            for path in waiting:
                path.unlink()
            return found
    except WorkBusy:
        return None


@contextlib.contextmanager
def rotating(landing: Path | str, seconds: float) -> Iterator[None]:
    """Rotate every so many seconds while the block runs, and once at its end."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(seconds):
            try:
                rotate(landing)
            except Exception:  # the spool keeps the events; the next round delivers them
                log.exception("the webhooks that came in could not be delivered; they are kept")

    thread = threading.Thread(target=run, name="tieout-webhook-rotation", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        rotate(landing)


def spool(landing: Path | str) -> Path:
    """The folder on this machine where events wait, a file each."""
    folder = work_folder(landing, "stripe-webhooks") / "spool"
    folder.mkdir(exist_ok=True)
    return folder


def is_delivery(target: Target) -> bool:
    """Whether a file of `stripe/events` was made here."""
    return FILE_NAME.fullmatch(target.file_name) is not None


def events_of(landing: Path | str, label: str) -> Iterator[str]:
    """The events of a file made here; `label` is its delivery date and name."""
    day, _, file_name = label.partition("/")
    return lines_of(landing, Target("stripe", "events", date.fromisoformat(day), file_name))


def _checked(event: dict[str, Any]) -> str:
    identity = event.get("id")
    if event.get("object") != "event" or not isinstance(identity, str) or not EVENT_ID.fullmatch(identity):
        raise Refused("unreadable")
    return identity


def _kept(folder: Path, identity: str, body: bytes) -> bool:
    """Write the event, on the disk when this returns; False when it stands there already."""
    final = folder / f"{identity}.json"
    if final.exists():
        return False
    handle, name = tempfile.mkstemp(dir=folder, prefix=".coming-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        part.replace(final)
        sync_folder(folder)
    finally:
        part.unlink(missing_ok=True)
    return True


def _after_the_last(landing: Path | str, moment: datetime) -> datetime:
    stamps = [
        found.group(1)
        for target, _ in delivered(landing, "stripe", "events")
        if (found := FILE_NAME.fullmatch(target.file_name))
    ]
    if not stamps:
        return moment
    return max(moment, datetime.strptime(max(stamps), STAMP).replace(tzinfo=UTC) + timedelta(microseconds=1))


def _answered(intake: Intake, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    asked = environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")
    if asked == ("GET", HEALTH):
        return "200 OK", dict(intake.counts)
    if asked != ("POST", PATH):
        return "404 Not Found", {"error": "not_found"}
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not LENGTH.fullmatch(length) or int(length) > LARGEST_BODY_BYTES:
        return "413 Content Too Large", {"error": "length"}
    body = environ["wsgi.input"].read(int(length))
    try:
        return "200 OK", {"received": intake.take(body, environ.get("HTTP_STRIPE_SIGNATURE"))}
    except Refused as refused:
        return "400 Bad Request", {"error": str(refused)}
    except OSError:
        log.exception("an event could not be kept; Stripe will send it again")
        return "500 Internal Server Error", {"error": "not_kept"}


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True


class _Handler(simple_server.WSGIRequestHandler):
    timeout = SOCKET_SECONDS  # of a request that stops coming

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Requests are counted, not listed."""

"""Stripe's webhooks: what is genuine is on the disk before it is answered, and nothing else leaves a trace."""

import errno
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stripe import WebhookSignature

from ingestion.sources import delivered_file, stripe_webhooks
from ingestion.sources.stripe_webhooks import Intake, Refused, WebhookSettings, application, rotate, server, spool

OLD, NEW = "whsec_canary_old", "whsec_canary_new"
NOW = datetime(2026, 10, 29, 10, 15, tzinfo=UTC)


def event(identity, **more):
    copy = {"id": "cus_1", "object": "customer", "balance": 0}
    return json.dumps({"id": identity, "object": "event", "type": "customer.updated", "data": {"object": copy}, **more})


def signed(body, secret=NEW, age=0):
    return WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age)


@pytest.fixture
def intake(tmp_path):
    return Intake(tmp_path, [NEW, OLD])


def waiting(landing):
    return {path.name for path in spool(landing).iterdir()}


def delivered(landing):
    return [
        (target.file_name, list(delivered_file.lines_of(landing, target)))
        for target, _ in delivered_file.delivered(landing, "stripe", "events")
    ]


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_an_event_signed_with_any_of_the_secrets_is_kept_as_it_came(intake, tmp_path, secret):
    body = '{\n  "id": "evt_1",\n  "object": "event",\n  "amount": 1.10\n}'
    assert intake.take(body.encode(), signed(body, secret)) == "accepted"
    assert (spool(tmp_path) / "evt_1.json").read_text() == body
    rotate(tmp_path, NOW)
    assert delivered(tmp_path) == [
        ("webhook-20261029T101500000000Z.jsonl", ['{ "id": "evt_1", "object": "event", "amount": 1.10 }'])
    ]
    assert waiting(tmp_path) == set()


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (lambda body: signed(body, "whsec_of_somebody_else"), "forged"),
        (lambda body: signed(body.replace("cus_1", "cus_2")), "forged"),
        (lambda body: signed(body, age=301), "stale"),
        (lambda body: signed(body, OLD, age=301), "stale"),
        (lambda body: signed(body).replace("v1=", "v0="), "forged"),
        (lambda _: "t=1,v1=", "forged"),
        (lambda _: "nonsense", "forged"),
        (lambda _: "", "forged"),
        (lambda _: None, "forged"),
    ],
)
def test_what_is_forged_or_replayed_later_is_refused_counted_and_not_kept(intake, tmp_path, header, reason):
    body = event("evt_1")
    with pytest.raises(Refused, match=f"^{reason}$"):
        intake.take(body.encode(), header(body))
    assert intake.counts[reason] == 1
    assert waiting(tmp_path) == set()


@pytest.mark.parametrize(
    "body",
    ["[]", "null", "{", "3", '{"id": "evt_1", "object": "v2.core.event"}', '{"object": "event"}', "\udcff"]
    + [event(name) for name in ("../evt", "evt/1", "evt 1", "", "e" * 201)],
)
def test_a_genuine_body_that_is_no_event_is_refused(intake, tmp_path, body):
    raw = body.encode("utf-8", "surrogateescape")
    header = signed(body) if body != "\udcff" else signed("x")
    with pytest.raises(Refused, match=r"^unreadable$"):
        intake.take(raw, header)
    assert waiting(tmp_path) == set()


def test_an_event_that_comes_again_is_kept_once_and_harmless_after_it_was_delivered(intake, tmp_path):
    body = event("evt_1")
    assert [intake.take(body.encode(), signed(body)) for _ in range(2)] == ["accepted", "duplicate"]
    rotate(tmp_path, NOW)
    assert intake.take(body.encode(), signed(body)) == "accepted"
    rotate(tmp_path, NOW)
    assert [lines for _, lines in delivered(tmp_path)] == [[body], [body]]
    assert dict(intake.counts) == {"accepted": 2, "duplicate": 1, "forged": 0, "stale": 0, "unreadable": 0}


def test_files_are_named_in_the_order_of_delivery_though_the_clock_goes_back(intake, tmp_path):
    for number, hour in enumerate((10, 9, 9)):
        body = event(f"evt_{number}")
        intake.take(body.encode(), signed(body))
        rotate(tmp_path, NOW.replace(hour=hour))
    assert [json.loads(lines[0])["id"] for _, lines in delivered(tmp_path)] == ["evt_0", "evt_1", "evt_2"]


def test_nothing_is_delivered_when_nothing_came(tmp_path):
    assert rotate(tmp_path, NOW) is None
    assert delivered(tmp_path) == []


def test_an_interrupted_delivery_loses_no_event(intake, tmp_path, monkeypatch):
    body = event("evt_1")
    intake.take(body.encode(), signed(body))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rotate(tmp_path, NOW)
    assert waiting(tmp_path) == {"evt_1.json"}
    rotate(tmp_path, NOW)
    assert {line for _, lines in delivered(tmp_path) for line in lines} == {body}


def test_a_full_disk_is_answered_so_that_stripe_sends_again(intake, tmp_path, monkeypatch):
    body = event("evt_1").encode()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/stripe",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_STRIPE_SIGNATURE": signed(body.decode()),
    }
    answers = []
    application(intake)(environ, lambda status, _: answers.append(status))
    assert answers == ["500 Internal Server Error"]
    assert waiting(tmp_path) == set()


@contextmanager
def listening(intake):
    with server(intake, "127.0.0.1", 0) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found.server_port
        found.shutdown()
        thread.join()


def asked(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_the_server_answers_by_what_became_of_the_event(intake, tmp_path):
    body = event("evt_1")
    with listening(intake) as port:
        assert asked(port, "POST", "/stripe", body, Stripe_Signature=signed(body)) == (200, {"received": "accepted"})
        assert asked(port, "POST", "/stripe", body, Stripe_Signature=signed(body)) == (200, {"received": "duplicate"})
        assert asked(port, "POST", "/stripe", body, Stripe_Signature=signed(body, "x")) == (400, {"error": "forged"})
        assert asked(port, "POST", "/stripe", body, Stripe_Signature=signed(body, age=999)) == (400, {"error": "stale"})
        assert asked(port, "POST", "/stripe", body) == (400, {"error": "forged"})
        assert asked(port, "POST", "/other", body)[0] == 404
        assert asked(port, "GET", "/stripe")[0] == 404
        assert asked(port, "POST", "/stripe", None, Content_Length=str(5 << 20))[0] == 413
        status, counts = asked(port, "GET", "/health")
    assert (status, counts) == (200, {"accepted": 1, "duplicate": 1, "forged": 2, "stale": 1, "unreadable": 0})
    assert waiting(tmp_path) == {"evt_1.json"}


def test_many_at_once_are_all_kept(intake, tmp_path):
    with listening(intake) as port:

        def send(first):
            for number in range(first, first + 10):
                body = event(f"evt_{number % 25}")
                assert asked(port, "POST", "/stripe", body, Stripe_Signature=signed(body))[0] == 200

        threads = [threading.Thread(target=send, args=(first,)) for first in range(0, 40, 10)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            rotate(tmp_path)
        for thread in threads:
            thread.join()
    rotate(tmp_path)
    ids = {json.loads(line)["id"] for _, lines in delivered(tmp_path) for line in lines}
    assert ids == {f"evt_{number}" for number in range(25)}


def test_without_a_secret_nothing_is_taken_in(tmp_path):
    with pytest.raises(ValueError, match="signing secret"):
        Intake(tmp_path, WebhookSettings(secrets=" , ").each())


def test_a_secret_is_shown_by_no_setting_and_no_refusal(intake, caplog):
    body = event("evt_1", note="canary-payload")
    with pytest.raises(Refused) as caught:
        intake.take(body.encode(), signed(body, "whsec_wrong"))
    told = repr(WebhookSettings(secrets=f"{OLD},{NEW}")) + repr(caught.value) + caplog.text
    assert "canary" not in told
    assert "refused: forged" in caplog.text


def test_the_command_takes_events_in_until_it_is_stopped_and_delivers_what_came(tmp_path):
    environment = os.environ | {"TIEOUT_STRIPE_WEBHOOK_SECRETS": NEW, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "orchestration.cli", "webhook", "serve", "--port", "0", "--landing", str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2].partition("/")[0])
        body = event("evt_1")
        assert asked(port, "POST", "/stripe", body, Stripe_Signature=signed(body)) == (200, {"received": "accepted"})
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read()
    assert process.returncode == 0
    assert "1 accepted" in said
    ((_, lines),) = delivered(tmp_path)
    assert lines == [body]


def test_the_signature_is_checked_by_the_sdk_with_its_tolerance():
    assert stripe_webhooks.TOLERANCE_SECONDS == 300

"""F1, F4, F5, F8: whatever breaks during a load, nothing is half there, and the ordinary next run makes it whole.

The oracle is always the same: the digest of raw, quarantine and ops equals that of a run without the fault.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from random import Random

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ingestion.landing import LoadFailed, load, load_landing
from tests.warehouse.landed import METERS, digests, event, only, put, query, small_landing

CHILD = """
import sys
from pathlib import Path
from ingestion.landing import load_landing
print("starting", flush=True)
print([one.status for one in load_landing(Path(sys.argv[1]))], flush=True)
"""
COMMIT = b"COMMIT"
# Messages with which the driver logs in and learns the server's types, before a load begins.
CONNECTED = 8


@pytest.fixture
def undisturbed(cluster, tmp_path):
    """Digests after a run in which nothing happened."""
    with cluster.database("tieout_template") as url:
        load_landing(small_landing(tmp_path), conn_url=url)
        return digests(url)


class Cut:
    """A proxy before the server that breaks the first connection at a chosen moment, and lets all later ones through.

    ``at`` counts the messages of the client; ``after`` lets the server have the message before the line is cut.
    With ``lost_reply`` it is the answer to that commit that never comes back which follows the manifest row.
    """

    def __init__(self, url, at=None, after=False, lost_reply=False):
        parts = conninfo_to_dict(url)
        self._server = (parts["host"], int(parts["port"]))
        self.at, self.after, self.lost_reply = at, after, lost_reply
        self.messages = 0
        self.cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f":{parts['port']}/", f":{self._listener.getsockname()[1]}/")
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(self._server) as server:
            seen = b""
            drop_replies = False
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    if ready is server:
                        if drop_replies:
                            self.cut = True
                            return
                        client.sendall(data)
                        continue
                    seen = (seen + data)[-4096:]
                    if not self.cut and self.at is not None:
                        self.messages += 1
                        if self.messages == self.at:
                            self.cut = True
                            if self.after:
                                server.sendall(data)
                            return
                    drop_replies = self.lost_reply and not self.cut and COMMIT in data and b'"loads"' in seen
                    server.sendall(data)


def test_a_lost_answer_to_the_commit_is_settled_by_the_manifest(warehouse, tmp_path, undisturbed):
    small_landing(tmp_path)
    proxy = Cut(warehouse, lost_reply=True)
    results = load_landing(tmp_path, conn_url=proxy.url)
    proxy.close()
    assert proxy.cut
    assert {one.status for one in results} == {"loaded"}
    assert sum(one.rows_in for one in results) == 114
    assert digests(warehouse) == undisturbed


def one_day(landing, day):
    """A small usage file, delivered on a day of its own so that every load of the sweep finds the same state."""
    lines = [event(number, time=f"{day}T10:00:00Z") for number in range(20)]
    put(landing, f"usage/events/{day}/u.jsonl", "".join([*lines, lines[3], "nonsense\n"]))
    return only(landing, f"{day}/u.jsonl")


LANDED = """
    select
        (select count(*) from raw.usage__events where delivered_on = %(day)s::date),
        (select count(*) from quarantine.records where delivered_on = %(day)s::date),
        (select array_agg(accepted) from ops.loads where delivered_on = %(day)s::date)
"""


def test_a_connection_cut_at_any_message_leaves_what_an_undisturbed_load_leaves(warehouse, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    counting = Cut(warehouse, at=10**9)
    load(one_day(tmp_path, "2026-01-01"), counting.url)
    counting.close()
    assert counting.messages > 20
    day = date(2026, 1, 1)
    for at in range(CONNECTED, counting.messages + 1):
        for after in (False, True):
            day += timedelta(days=1)
            delivery = one_day(tmp_path, day.isoformat())
            proxy = Cut(warehouse, at=at, after=after)
            try:
                status = load(delivery, proxy.url).status
            except LoadFailed:
                status = load(delivery, proxy.url).status
            proxy.close()
            # the goodbye at the end may travel with the message before it
            assert proxy.cut or at > counting.messages - 3
            assert status == "loaded", (at, after)
            with psycopg.connect(warehouse) as connection:
                assert connection.execute(LANDED, {"day": day}).fetchone() == (20, 1, [20]), (at, after)


def many_events(landing, count=150_000):
    put(landing, "catalog/meters/meters.yaml", METERS)
    put(landing, "usage/events/u.jsonl", "".join(event(number) for number in range(count)))


def child(landing, url):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(landing)],
        env={**os.environ, "TIEOUT_WAREHOUSE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(url, statement, seconds=60):
    deadline = time.monotonic() + seconds
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(statement).fetchone()[0]:
            assert time.monotonic() < deadline
            time.sleep(0.005)


COPYING = """
    select coalesce(max(tuples_processed), 0) > 1000
    from pg_stat_progress_copy where relid = 'raw.usage__events'::regclass
"""
NOBODY_LOADS = (
    "select count(*) = 0 from pg_stat_activity where application_name = 'tieout load' and pid <> pg_backend_pid()"
)


def test_killed_in_the_middle_of_copy_nothing_is_visible_and_the_next_run_loads_once(warehouse, tmp_path):
    many_events(tmp_path)
    process = child(tmp_path, warehouse)
    wait_for(warehouse, COPYING)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert query(warehouse, "select count(*) from raw.usage__events") == [(0,)]
    assert query(warehouse, "select count(*) from ops.loads where object = 'events'") == [(0,)]
    wait_for(warehouse, NOBODY_LOADS)
    assert {one.file: one.accepted for one in load_landing(tmp_path)}["u.jsonl"] == 150_000
    assert query(warehouse, "select count(*), count(distinct event_id) from raw.usage__events") == [(150_000, 150_000)]


def test_killed_at_random_moments_the_run_that_ends_leaves_the_same_tables(warehouse, tmp_path, undisturbed):
    small_landing(tmp_path)
    random = Random(20261028)  # noqa: S311  moments, not secrets
    for _ in range(6):
        process = child(tmp_path, warehouse)
        process.stdout.readline()
        time.sleep(random.random() * 0.4)
        process.kill()
        process.wait()
        process.stdout.close()
    wait_for(warehouse, NOBODY_LOADS)
    load_landing(tmp_path)
    assert digests(warehouse) == undisturbed


def test_a_terminated_session_is_replaced_and_the_load_ends_well(warehouse, tmp_path):
    many_events(tmp_path, 60_000)
    terminated = []

    def terminate():
        wait_for(warehouse, COPYING)
        terminated.extend(
            query(
                warehouse,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'tieout load' and pid <> pg_backend_pid()",
            )
        )

    thread = threading.Thread(target=terminate)
    thread.start()
    results = load_landing(tmp_path)
    thread.join()
    assert terminated == [(True,)]
    assert {one.file: (one.status, one.accepted) for one in results}["u.jsonl"] == ("loaded", 60_000)
    assert query(warehouse, "select count(*) from raw.usage__events") == [(60_000,)]


def test_a_server_that_is_gone_fails_the_load_by_name(tmp_path):
    small_landing(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(LoadFailed, match="cannot be reached"):
        load_landing(tmp_path, conn_url=f"postgresql://u:secret@127.0.0.1:{port}/db")


def test_a_file_that_changes_while_it_is_read_does_not_land(warehouse, tmp_path, monkeypatch):
    path = put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1"}\n')
    from ingestion import documents

    original = documents.read

    def growing(source, spec, api_version=None):
        yield from original(source, spec, api_version)
        with path.open("a") as file:
            file.write('{"id":"cus_2"}\n')

    monkeypatch.setattr(documents, "read", growing)
    (result,) = load_landing(tmp_path)
    assert (result.status, result.reason) == ("refused", "incomplete")
    assert query(warehouse, "select count(*) from raw.stripe__customers") == [(0,)]

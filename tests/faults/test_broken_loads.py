"""F1, F4, F5, F8: whatever breaks during a load, nothing is half there, and the ordinary next run makes it whole.

The oracle is always the same: the digest of raw, quarantine and ops equals that of a run without the fault.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import date, timedelta

import psycopg
import pytest
from psycopg import sql

from ingestion.landing import LoadFailed, load, load_landing
from ingestion.retry import retry
from tests.conftest import PASSWORD, SCRATCH_SETTINGS, ScratchCluster, scratch_place
from tests.faults.cut import Cut
from tests.warehouse.landed import METERS, digests, event, only, put, query, small_landing
from warehouse.binaries import reachable, shipped
from warehouse.cluster import Cluster
from warehouse.migrate import migrate
from warehouse.unprivileged import server_account

CHILD = """
import sys
from pathlib import Path
from ingestion.landing import load_landing
print("starting", flush=True)
print([one.status for one in load_landing(Path(sys.argv[1]))], flush=True)
"""


@pytest.fixture
def undisturbed(cluster, tmp_path):
    """Digests after a run in which nothing happened."""
    with cluster.database("tieout_template") as url:
        load_landing(small_landing(tmp_path), conn_url=url)
        return digests(url)


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
        (select array_agg(accepted order by load_seq) from ops.loads where delivered_on = %(day)s::date)
"""


PARTITIONS = """
    select parts.relname from pg_inherits inner join pg_class as parts on pg_inherits.inhrelid = parts.oid
    where pg_inherits.inhparent = 'raw.usage__events'::regclass
"""


def outcome(attempt):
    """What came of it; of what failed, what comes of it when it is run again, as a person would."""
    try:
        return attempt()
    except LoadFailed:
        return attempt()


def sweep(warehouse, landing, prepare, run, expected, step=1):
    """Cut the line before and after every message of the client, and before every answer of the server.

    Every cut finds the same state: ``prepare(day)`` makes it on a day of its own, ``run(day, url)`` is what is cut, and
    ``expected`` the row that LANDED then shows. A position that a run does not reach fails. Gives the number of cuts.
    """
    day = date(2026, 1, 1)
    prepare(day)
    with Cut(warehouse, at=10**9, reply_at=10**9) as counting:
        run(day, counting.url)
        counting.settle()
    assert counting.messages > 20
    assert counting.replies > 20
    cuts = [{"at": at, "after": after} for at in range(1, counting.messages + 1) for after in (False, True)]
    cuts += [{"reply_at": at} for at in range(1, counting.replies + 1)]
    for number, cut in enumerate(cuts[::step], start=1):
        tidy(warehouse, landing, day)
        day = date(2026, 1, 1) + timedelta(days=number)
        prepare(day)
        with Cut(warehouse, **cut) as proxy:
            outcome(lambda day=day, url=proxy.url: run(day, url))
            proxy.settle()
        assert proxy.cut, cut
        with psycopg.connect(warehouse) as connection:
            assert connection.execute(LANDED, {"day": day}).fetchone() == expected, cut
    return len(cuts[::step])


def tidy(warehouse, landing, day):
    """Take away the file and the partitions of the cut before: the next one makes its own, and none gets slower."""
    shutil.rmtree(landing / "usage" / "events" / day.isoformat())
    with psycopg.connect(warehouse) as connection:
        for (partition,) in connection.execute(PARTITIONS).fetchall():
            connection.execute(sql.SQL("drop table {}").format(sql.Identifier("raw", partition)))


def loading(warehouse, landing):
    """Prepares a file a day, and what is cut: loading it."""
    put(landing, "catalog/meters/meters.yaml", METERS)
    deliveries = {}

    def prepare(day):
        deliveries[day] = one_day(landing, day.isoformat())

    return prepare, lambda day, url: load(deliveries[day], url)


def retrying(warehouse, landing, monkeypatch):
    """Prepares a day whose loaded file has one event too old, and what is cut: its retry under another setting."""
    put(landing, "catalog/meters/meters.yaml", METERS)
    loads = {}

    def prepare(day):
        monkeypatch.delenv("TIEOUT_MAX_AGE_DAYS", raising=False)
        put(landing, f"usage/events/{day}/u.jsonl", event(1, time=f"{day}T10:00:00Z") + event(2, time=OLD))
        load(only(landing, f"{day}/u.jsonl"), warehouse)
        loads[day] = query(warehouse, "select load_id from ops.loads where delivered_on = %s::date", day)[0][0]
        monkeypatch.setenv("TIEOUT_MAX_AGE_DAYS", "4000")

    return prepare, lambda day, url: retry(landing, load_id=loads[day], conn_url=url)


OLD = "2024-01-01T00:00:00Z"
LOADED, RETRIED = (20, 1, [20]), (2, 1, [1, 1])


def test_a_connection_cut_at_a_message_leaves_what_an_undisturbed_load_leaves(warehouse, tmp_path):
    assert sweep(warehouse, tmp_path, *loading(warehouse, tmp_path), LOADED, step=17) > 20


def test_a_connection_cut_at_a_message_of_a_retry_lands_every_record_once(warehouse, tmp_path, monkeypatch):
    assert sweep(warehouse, tmp_path, *retrying(warehouse, tmp_path, monkeypatch), RETRIED, step=31) > 10


@pytest.mark.long
def test_a_connection_cut_at_any_message_leaves_what_an_undisturbed_load_leaves(warehouse, tmp_path):
    assert sweep(warehouse, tmp_path, *loading(warehouse, tmp_path), LOADED) > 100


@pytest.mark.long
@pytest.mark.xdist_group("every message of a retry")  # beside that of a load
def test_a_connection_cut_at_any_message_of_a_retry_lands_every_record_once(warehouse, tmp_path, monkeypatch):
    assert sweep(warehouse, tmp_path, *retrying(warehouse, tmp_path, monkeypatch), RETRIED) > 100


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


def test_a_server_that_restarts_in_the_middle_of_a_load_is_a_failure_by_name_and_the_next_run_loads_once(tmp_path):
    many_events(tmp_path, 60_000)
    with scratch_place() as place:
        account = server_account()
        cluster = Cluster(place / "pg", reachable(shipped(), account, place / "programs"), account, SCRATCH_SETTINGS)
        cluster.create(PASSWORD)
        started = cluster.start(33000 + os.getpid() % 2500)
        url = ScratchCluster(cluster, started.port).url("postgres")
        migrate(url)
        stopped = threading.Thread(target=lambda: (wait_for(url, COPYING), cluster.stop("immediate")))
        stopped.start()
        try:
            with pytest.raises(LoadFailed, match=r"server is gone|connection breaks|cannot be reached"):
                load_landing(tmp_path, conn_url=url)
            stopped.join()
            cluster.start(started.port)
            assert {one.file: one.accepted for one in load_landing(tmp_path, conn_url=url)}["u.jsonl"] == 60_000
            assert query(url, "select count(*), count(distinct event_id) from raw.usage__events") == [(60_000, 60_000)]
        finally:
            cluster.stop("immediate")


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

    def growing(source, *others):
        yield from original(source, *others)
        with path.open("a") as file:
            file.write('{"id":"cus_2"}\n')

    monkeypatch.setattr(documents, "read", growing)
    (result,) = load_landing(tmp_path)
    assert (result.status, result.reason) == ("refused", "incomplete")
    assert query(warehouse, "select count(*) from raw.stripe__customers") == [(0,)]

"""The embedded Postgres on this machine: made, started, found again, started after accidents."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.conftest import scratch_place
from warehouse import embedded
from warehouse.errors import EmbeddedError
from warehouse.migrate import migrate
from warehouse.settings import Settings

pytestmark = pytest.mark.warehouse


def settings_in(place: Path, **more: object) -> Settings:
    return Settings(state_dir=place, warehouse_url=None, **more)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


@pytest.fixture
def state() -> Iterator[Settings]:
    """A state folder of its own; its server is stopped at the end."""
    with scratch_place() as place:
        settings = settings_in(place / "state")
        yield settings
        embedded.stop(settings)


@pytest.fixture(scope="module")
def started() -> Iterator[Settings]:
    """A server that the tests of this module look at and do not disturb."""
    with scratch_place() as place:
        settings = settings_in(place / "state")
        embedded.start(settings)
        yield settings
        embedded.stop(settings)


def answer(settings: Settings, query: str) -> object:
    with psycopg.connect(embedded.start(settings).url) as connection:
        return connection.execute(query).fetchone()[0]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("timezone", "UTC"),
        ("jit", "off"),
        ("client_connection_check_interval", "1s"),
        ("password_encryption", "scram-sha-256"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("server_encoding", "UTF8"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
    ],
)
def test_the_server_runs_with_the_settings_we_rely_on(started, setting, value):
    assert answer(started, f"select current_setting('{setting}')") == value


def test_memory_settings_come_from_the_size_of_the_machine(started):
    assert answer(started, "select setting::bigint * 8192 >= 128 * 1024 * 1024 from pg_settings "
                           "where name = 'shared_buffers'")  # fmt: skip


def test_text_sorts_the_same_on_every_machine_and_letters_still_have_cases(started):
    assert (
        answer(started, "select string_agg(w, ' ' order by w) from unnest(array['b', 'B', 'a', 'é']) as w") == "B a b é"
    )
    assert answer(started, "select upper('é')") == "É"


def test_the_password_is_needed(started):
    connection = embedded.start(started)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(connection.url.replace(connection.password, "guess"))


def test_the_password_is_in_no_repr_and_its_file_is_ours_alone(started):
    connection = embedded.start(started)
    assert connection.password not in repr(connection)
    for name in ("password", "pg18.port"):
        assert stat.S_IMODE((started.state_dir / "embedded" / name).stat().st_mode) == 0o600


def test_the_server_does_not_run_as_root(started):
    assert psutil.Process(embedded.status(started).pid).uids().effective != 0


def test_status_tells_what_is_there(started):
    status = embedded.status(started)
    assert (status.created, status.running, status.major) == (True, True, 18)
    assert status.data.is_dir()
    assert status.log.is_file()


def test_the_lines_for_people_work_in_a_shell(started):
    with psycopg.connect(embedded.start(started).url, autocommit=True) as connection:
        migrate(embedded.start(started).url)
        embedded.ensure_reader(connection, started)
    lines = embedded.how_to_connect(started)
    for purpose, user in (("everything", "tieout"), ("read-only analyst", "tieout_reader")):
        done = subprocess.run(
            ["bash", "-c", lines[purpose] + " -Atc 'select current_user'"], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == user
        assert embedded.start(started).password not in lines[purpose]


def test_the_analyst_s_login_reads_marts_and_writes_nothing(started):
    connection = embedded.start(started)
    with psycopg.connect(connection.url, autocommit=True) as admin:
        migrate(connection.url)
        embedded.ensure_reader(admin, started)
        admin.execute("set role tieout_transformer")
        admin.execute("create table if not exists marts.seen (n int)")
    password = (started.state_dir / "embedded" / "reader-password").read_text()
    with psycopg.connect(
        host=connection.host, port=connection.port, user="tieout_reader", password=password, dbname="tieout",
        autocommit=True,
    ) as reader:  # fmt: skip
        assert reader.execute("select count(*) from marts.seen").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("create temporary table mine (n int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from ops.loads")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("set role tieout_transformer")


def test_status_of_nothing_makes_nothing(tmp_path):
    settings = settings_in(tmp_path / "state")
    status = embedded.status(settings)
    assert (status.created, status.running) == (False, False)
    assert not (tmp_path / "state").exists()
    assert embedded.stop(settings) is False
    assert embedded.how_to_connect(settings) == {}


def test_data_password_and_port_survive_a_restart(state):
    first = embedded.start(state)
    with psycopg.connect(first.url) as connection:
        connection.execute("create table kept (n int)")
    assert embedded.stop(state) is True
    assert embedded.status(state).running is False
    again = embedded.start(state)
    assert (again.port, again.password) == (first.port, first.password)
    assert answer(state, "select count(*) from kept") == 0


def test_a_taken_port_is_left_alone_and_the_new_one_is_remembered(state):
    first = embedded.start(state)
    embedded.stop(state)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first.port))
        other.listen()
        second = embedded.start(state)
        assert second.port != first.port
    embedded.stop(state)
    assert embedded.start(state).port == second.port


def test_a_killed_server_starts_again_with_what_was_committed(state):
    with psycopg.connect(embedded.start(state).url) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (1)")
    server = psutil.Process(embedded.status(state).pid)
    server.kill()
    server.wait(60)
    assert answer(state, "select n from kept") == 1


def test_a_pid_file_whose_pid_went_to_another_program_does_not_keep_the_server_down(state):
    embedded.start(state)
    embedded.stop(state)
    data = embedded.status(state).data
    owner = data.stat().st_uid
    # of the same user, because Postgres itself sees through a process of somebody else
    with subprocess.Popen(["sleep", "60"], user=owner if owner != os.geteuid() else None) as other:
        try:
            time.sleep(0.2)
            pid_file = data / "postmaster.pid"
            pid_file.write_text(f"{other.pid}\n{data}\n1700000000\n21000\n\n127.0.0.1\n0 0\nready   \n")
            os.chown(pid_file, owner, -1)
            assert embedded.status(state).running is False
            assert answer(state, "select 1") == 1
            assert other.poll() is None
        finally:
            other.kill()


def test_an_empty_pid_file_of_a_full_disk_does_not_keep_the_server_down(state):
    embedded.start(state)
    embedded.stop(state)
    (embedded.status(state).data / "postmaster.pid").write_text("")
    assert answer(state, "select 1") == 1


def test_a_statement_whose_client_was_killed_is_gone_within_seconds_and_commits_nothing(started):
    address = embedded.start(started).url
    code = (
        "import sys, psycopg; c = psycopg.connect(sys.argv[1], autocommit=True, application_name='doomed'); "
        "c.execute('create table orphan as select 1 as n from pg_sleep(300)')"
    )
    with (
        subprocess.Popen([sys.executable, "-c", code, address]) as client,
        psycopg.connect(address, autocommit=True) as watcher,
    ):
        alive = "select count(*) from pg_stat_activity where application_name = 'doomed' and state = 'active'"
        wait_for(lambda: watcher.execute(alive).fetchone() == (1,))
        client.kill()
        wait_for(lambda: watcher.execute(alive).fetchone() == (0,))
        assert watcher.execute("select to_regclass('orphan')").fetchone() == (None,)


def test_several_starters_at_once_get_one_server(state):
    code = "from warehouse import embedded; c = embedded.start(); print(c.port, embedded.status().pid)"
    environment = {**os.environ, "TIEOUT_STATE_DIR": str(state.state_dir), "TIEOUT_WAREHOUSE_URL": ""}
    starters = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    answers = {starter.communicate(timeout=300)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert len(answers) == 1


def test_the_server_outlives_the_process_that_started_it_and_its_control_c(state):
    code = "import os, signal; from warehouse import embedded; embedded.start(); os.killpg(0, signal.SIGINT)"
    environment = {**os.environ, "TIEOUT_STATE_DIR": str(state.state_dir), "TIEOUT_WAREHOUSE_URL": ""}
    subprocess.run(
        [sys.executable, "-c", code], env=environment, start_new_session=True, capture_output=True, check=False
    )
    assert embedded.status(state).running


def test_an_interrupted_making_is_made_anew(state):
    home = embedded.status(state).data.parent
    home.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(home, 65534, -1)
    (home / "data.new").mkdir()
    (home / "data.new" / "PG_VERSION").write_text("18\n")
    assert answer(state, "select 1") == 1


def test_a_data_folder_that_does_not_start_says_why(state):
    embedded.start(state)
    embedded.stop(state)
    (embedded.status(state).data / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match="pg_control"):
        embedded.start(state)


def test_the_older_server_can_be_chosen_and_lives_beside_the_newer(state):
    older = settings_in(state.state_dir, embedded_major="16")
    try:
        assert str(answer(older, "show server_version")).startswith("16.")
        assert migrate(embedded.start(older).url)
        assert str(answer(state, "show server_version")).startswith("18.")
        assert embedded.status(older).port != embedded.status(state).port
    finally:
        embedded.stop(older)


def test_a_state_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root can write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedError, match="TIEOUT_STATE_DIR"):
        embedded.start(settings_in(tmp_path / "state"))

"""Migrations: once each, in order, never back, on every supported Postgres, with and without a superuser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import PASSWORD, SCRATCH_SETTINGS, ScratchCluster, scratch_place
from warehouse.binaries import find, reachable, shipped
from warehouse.cluster import Cluster
from warehouse.errors import MigrationError
from warehouse.migrate import FOLDER, available, migrate, pending
from warehouse.unprivileged import server_account

pytestmark = pytest.mark.warehouse
DEBIAN = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def empty(cluster: ScratchCluster) -> Iterator[str]:
    with cluster.database() as url:
        yield url


def with_files(folder: Path, **texts: str) -> Path:
    """Our migrations and more after them, named n9001_... for readability of the call."""
    for path in FOLDER.glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    for name, text in texts.items():
        (folder / f"{name.removeprefix('n')}.sql").write_text(text)
    return folder


def next_number() -> int:
    return len(available()) + 1


def test_every_file_runs_once_and_the_second_time_nothing_runs(empty):
    assert migrate(empty) == [migration.name for migration in available()]
    assert migrate(empty) == []


def test_a_changed_file_is_refused_by_name(empty, tmp_path):
    migrate(empty)
    folder = with_files(tmp_path)
    first = folder / "0001_roles_and_schemas.sql"
    first.write_text(first.read_text() + "\n-- a comment\n")
    with pytest.raises(MigrationError, match="0001_roles_and_schemas"):
        migrate(empty, folder)


def test_other_line_endings_are_no_change(empty, tmp_path):
    migrate(empty)
    folder = with_files(tmp_path)
    for path in folder.glob("*.sql"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert migrate(empty, folder) == []


def test_a_warehouse_of_a_newer_version_is_refused(empty, tmp_path):
    migrate(empty, with_files(tmp_path, **{f"n{next_number():04d}_from_the_future": "select 1"}))
    with pytest.raises(MigrationError, match="from_the_future"):
        migrate(empty)


def test_a_file_that_fails_leaves_no_trace_and_the_ones_before_it_stay(empty, tmp_path):
    number = next_number()
    folder = with_files(
        tmp_path,
        **{
            f"n{number:04d}_fine": "create table ops.fine (n int)",
            f"n{number + 1:04d}_broken": "create table ops.half (n int); select 1 / 0",
        },
    )
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty, folder)
    with psycopg.connect(empty) as connection:
        assert [migration.name for migration in pending(connection, folder)] == [f"{number + 1:04d}_broken"]
        row = connection.execute("select to_regclass('ops.fine') is null, to_regclass('ops.half') is null").fetchone()
        assert row == (False, True)


def test_two_at_once_wait_for_each_other(empty):
    ran: list[list[str]] = []
    workers = [threading.Thread(target=lambda: ran.append(migrate(empty))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(len(names) for names in ran) == [0, 0, len(available())]


def test_a_gap_in_the_numbers_is_refused(tmp_path):
    (tmp_path / "0001_a.sql").write_text("select 1")
    (tmp_path / "0003_c.sql").write_text("select 1")
    with pytest.raises(MigrationError, match="without gap"):
        available(tmp_path)


def test_a_name_outside_the_pattern_is_refused(tmp_path):
    (tmp_path / "fix.sql").write_text("select 1")
    with pytest.raises(MigrationError, match=r"fix\.sql"):
        available(tmp_path)


def test_everything_made_belongs_to_the_owner_role(warehouse):
    with psycopg.connect(warehouse) as connection:
        others = connection.execute(
            """
            select class.relname, pg_get_userbyid(class.relowner)
            from pg_class as class
            inner join pg_namespace as namespace on class.relnamespace = namespace.oid
            where namespace.nspname in ('raw', 'quarantine', 'ops', 'checks', 'ledger')
                and pg_get_userbyid(class.relowner) <> 'tieout_owner'
            """
        ).fetchall()
    assert others == []


@pytest.fixture(scope="module", params=["15", "16"])
def other_major(request) -> Iterator[ScratchCluster]:
    """A cluster of an older major version; 18 is what every other test runs on."""
    if request.param == "15" and not DEBIAN.exists():
        pytest.skip(f"no Postgres 15 in {DEBIAN}")
    with scratch_place() as place:
        account = server_account()
        programs = find(DEBIAN) if request.param == "15" else reachable(shipped("16"), account, place / "programs")
        cluster = Cluster(place / "pg", programs, account, SCRATCH_SETTINGS)
        cluster.create(PASSWORD)
        try:
            yield ScratchCluster(cluster, cluster.start(29000).port)
        finally:
            cluster.stop("immediate")


def test_older_servers_get_the_same_warehouse(other_major, cluster):
    described = []
    for server in (other_major, cluster):
        with server.database() as url:
            migrate(url)
            assert migrate(url) == []
            with psycopg.connect(url) as connection:
                described.append(description(connection))
    assert described[0] == described[1]


def test_a_login_that_is_no_superuser_can_migrate_its_own_database_and_become_every_role(other_major, monkeypatch):
    with psycopg.connect(other_major.url("postgres"), autocommit=True) as admin:
        admin.execute("drop database if exists hosted")
        # as a managed Postgres gives: may make roles and owns its database, and nothing more
        for role in admin.execute("select rolname from pg_roles where rolname like 'tieout\\_%'").fetchall():
            admin.execute(f"drop role {role[0]}")
        admin.execute("drop role if exists hosted")
        admin.execute("create role hosted login createrole password 'hosted'")
        admin.execute("create database hosted owner hosted")
    url = other_major.url("hosted", "hosted", "hosted")
    migrate(url)
    assert migrate(url) == []
    with psycopg.connect(url) as connection:
        for role in ("owner", "loader", "transformer", "closer", "analyst", "auditor"):
            connection.execute(f"set role tieout_{role}")
            connection.execute("reset role")
        connection.execute("set role tieout_loader")
        connection.execute("select ops.ensure_usage_partition('2026-10-01')")
        connection.execute("set role tieout_transformer")
        connection.execute("create table marts.fct (n int)")
        connection.execute("set role tieout_analyst")
        connection.execute("select * from marts.fct")


def description(connection: psycopg.Connection) -> list[tuple]:
    """Columns, privileges and settings: what must not depend on the server's version."""
    columns = connection.execute(
        """
        select table_schema, table_name, column_name, coalesce(domain_name, data_type), is_nullable
        from information_schema.columns
        where table_schema in ('raw', 'quarantine', 'ops', 'checks', 'ledger')
        order by 1, 2, ordinal_position
        """
    ).fetchall()
    privileges = connection.execute(
        """
        select table_schema, table_name, grantee, privilege_type
        from information_schema.table_privileges
        where table_schema in ('raw', 'quarantine', 'ops', 'checks', 'ledger') and privilege_type <> 'MAINTAIN'
        order by 1, 2, 3, 4
        """
    ).fetchall()
    roles = connection.execute(
        "select rolname, rolconfig from pg_roles where rolname like 'tieout\\_%' order by 1"
    ).fetchall()
    return [*columns, *privileges, *roles]

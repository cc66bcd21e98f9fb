"""Fixtures for tests on a real Postgres: one scratch cluster per test worker, one fresh database per test."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from warehouse.binaries import reachable, shipped
from warehouse.cluster import HOST, SUPERUSER, Cluster
from warehouse.migrate import migrate
from warehouse.unprivileged import server_account

PASSWORD = "scratch only: 'quoted' & spaced"
TEMPLATE = "tieout_template"
# a scratch cluster may lose everything in a crash, and the suite is faster for it
SCRATCH_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
}


@dataclass(frozen=True)
class ScratchCluster:
    """A running cluster of which every test gets databases of its own."""

    cluster: Cluster
    port: int
    used: set[str] = field(default_factory=set)

    def url(self, database: str, user: str = SUPERUSER, password: str = PASSWORD) -> str:
        """URL of one of its databases."""
        return f"postgresql://{user}:{quote(password, safe='')}@{HOST}:{self.port}/{database}"

    def administer(self, statement: sql.Composable) -> None:
        """Run one statement on the maintenance database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A fresh database, dropped at the end; gives its URL.

        The first name that is free, because dbt parses the whole project for a database that it did not parse it for.
        """
        name = next(name for number in count(1) if (name := f"test_{number}") not in self.used)
        self.used.add(name)
        self.administer(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield self.url(name)
        finally:
            self.administer(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
            self.used.remove(name)


@contextlib.contextmanager
def scratch_place() -> Iterator[Path]:
    """A folder that the server's user can reach, which pytest's own temporary folders are not for root."""
    place = Path(tempfile.mkdtemp(prefix="tieout-test-"))
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[ScratchCluster]:
    """One Postgres for this test worker, with a migrated template database."""
    with scratch_place() as place:
        account = server_account()
        scratch = Cluster(place / "pg", reachable(shipped(), account, place / "programs"), account, SCRATCH_SETTINGS)
        scratch.create(PASSWORD)
        started = scratch.start(30000 + os.getpid() % 2500)
        try:
            running = ScratchCluster(scratch, started.port)
            running.administer(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
            migrate(running.url(TEMPLATE))
            yield running
        finally:
            scratch.stop("immediate")


@pytest.fixture
def warehouse(cluster: ScratchCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh migrated warehouse for one test; its URL, which is also set as TIEOUT_WAREHOUSE_URL."""
    with cluster.database(TEMPLATE) as url:
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", url)
        yield url


@pytest.fixture(scope="module")
def module_warehouse(cluster: ScratchCluster) -> Iterator[str]:
    """A fresh migrated warehouse for all tests of a module; its URL, which is also set as TIEOUT_WAREHOUSE_URL."""
    with cluster.database(TEMPLATE) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_WAREHOUSE_URL", url)
        yield url


@pytest.fixture(scope="session")
def with_spark() -> None:
    """Skips what needs PySpark and Java where they are missing, and says so."""
    from orchestration.engines import spark

    try:
        spark.home()
    except spark.SparkMissing as missing:
        pytest.skip(str(missing))

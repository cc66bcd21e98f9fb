"""A warehouse to measure in: databases of its own, on an embedded Postgres of its own or `TIEOUT_WAREHOUSE_URL`."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from warehouse import embedded
from warehouse.binaries import shipped
from warehouse.connection import ensure_started
from warehouse.migrate import migrate

Database = Callable[[str], AbstractContextManager[str]]
"""Makes a database of this name, gives its URL, and removes it."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server. An embedded one has the settings of any embedded warehouse, and is removed."""
    if os.environ.get("TIEOUT_WAREHOUSE_URL"):
        yield ensure_started()
        return
    place = Path(tempfile.mkdtemp(prefix="tieout-bench-"))
    place.chmod(0o711)
    os.environ["TIEOUT_STATE_DIR"] = str(place)
    try:
        yield ensure_started()
    finally:
        os.environ.pop("TIEOUT_WAREHOUSE_URL", None)
        embedded.stop()
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def database(server_url: str, name: str) -> Iterator[str]:
    """A fresh migrated warehouse, which the environment names while the block runs; dropped at the end."""
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    before = os.environ.get("TIEOUT_WAREHOUSE_URL")
    _administer(server_url, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    _administer(server_url, sql.SQL("create database {}").format(sql.Identifier(name)))
    os.environ["TIEOUT_WAREHOUSE_URL"] = url
    try:
        migrate()
        yield url
    finally:
        if before is None:
            del os.environ["TIEOUT_WAREHOUSE_URL"]
        else:
            os.environ["TIEOUT_WAREHOUSE_URL"] = before
        # A block within the block may have had one of the same name, which is gone already.
        _administer(server_url, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def psql(url: str, command: str) -> None:
    """Run one command with the psql that comes with Postgres."""
    subprocess.run([shipped().program("psql"), "--quiet", "--no-psqlrc", url, "--command", command], check=True)


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)

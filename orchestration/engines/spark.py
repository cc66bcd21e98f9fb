"""The chain on Spark: its inputs are tables over Parquet files, dbt builds the rest on a cluster.

Nothing of Spark is home-made: a standalone master and two workers of the installed PySpark are started on the loopback
address, used and stopped.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from pathlib import Path
from urllib.request import urlopen

import pyarrow as pa
from pyarrow import parquet

from orchestration.engines import profile
from orchestration.engines.chain import Relation

LOOPBACK = "127.0.0.1"
WORKERS = 2
START_SECONDS = 180
STOP_SECONDS = 20
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
SUBMIT = "org.apache.spark.deploy.SparkSubmit"
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


class SparkMissing(RuntimeError):
    """This machine cannot run Spark; the message says what is missing."""


class SparkFailed(RuntimeError):
    """Spark did not start, or did not do what it was asked; the message holds the end of what it said."""


class Spark:
    """A Spark cluster, with a folder for its tables and its catalogue, that dbt's target ``spark`` builds on."""

    name = "spark"

    def __init__(self, master: str, folder: Path) -> None:
        self.master = master
        self._folder = folder

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return {
            "TIEOUT_SPARK_MASTER": self.master,
            "TIEOUT_SPARK_FOLDER": str(self._folder),
            "SPARK_LOCAL_IP": os.environ.get("TIEOUT_SPARK_DRIVER", LOOPBACK),
        }

    def register(self, files: Mapping[Relation, Path], further: Sequence[str] = ()) -> None:
        """Make every input readable under the name by which the models know it, then run ``further`` statements.

        An input is a Parquet file, or a folder of them divided into folders ``<column>=<value>``, columns too.
        """
        over_files = (statement for relation, path in files.items() for statement in _table_over(relation, path))
        self.run([*over_files, *further])

    def tables(self, relations: Sequence[Relation]) -> Iterator[tuple[Relation, pa.Table]]:
        """All rows of each relation."""
        fetched = self._folder / "fetched"
        shutil.rmtree(fetched, ignore_errors=True)
        fetched.mkdir(parents=True)
        folders = {relation: fetched.joinpath(str(relation)) for relation in relations}
        self.run(
            [
                f"insert overwrite directory '{folder.as_uri()}' using parquet select * from {_name(relation)}"  # noqa: S608  names of the manifest
                for relation, folder in folders.items()
            ]
        )
        for relation, folder in folders.items():
            yield relation, parquet.read_table(folder)

    def run(self, statements: Sequence[str]) -> None:
        """Run statements in an application of their own: the catalogue admits one at a time."""
        self.run_module("orchestration.engines.spark_session", [], json.dumps(statements))

    def run_module(self, module: str, arguments: Sequence[str], given: str) -> None:
        """Run a module of ours as an application; ``given`` is its standard input. Raises SparkFailed."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            input=given,
            env={**os.environ, **self.variables},
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SparkFailed("Spark refused a statement:\n" + "\n".join(done.stderr.splitlines()[-15:]))


class SparkThrift(Spark):
    """The same behind a Thrift server, which runs all statements in its one application."""

    name = "spark_thrift"

    def __init__(self, master: str, folder: Path, port: int) -> None:
        super().__init__(master, folder)
        self._port = port

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return {"TIEOUT_SPARK_HOST": LOOPBACK, "TIEOUT_SPARK_PORT": str(self._port)}

    def run(self, statements: Sequence[str]) -> None:
        """Run statements in the server's application."""
        from pyhive import hive  # comes with Spark's adapter, which most installations do without

        with closing(hive.connect(LOOPBACK, self._port)) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)


def _table_over(relation: Relation, path: Path) -> Iterator[str]:
    folder = path if path.is_dir() else path.parent
    yield f"create schema if not exists `{relation.schema}`"
    yield f"drop table if exists {_name(relation)}"
    yield f"create table {_name(relation)} using parquet location '{folder.as_uri()}'"
    if path.is_dir():
        yield f"msck repair table {_name(relation)}"


def _name(relation: Relation) -> str:
    return f"`{relation.schema}`.`{relation.name}`"


@contextmanager
def opened(folder: Path, workers: int = WORKERS) -> Iterator[Spark]:
    """A master and workers of one core each on the loopback address, and an empty catalogue in ``folder``.

    Raises SparkMissing without Java or PySpark, SparkFailed when the cluster does not come up.
    """
    installed = home()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port, page = _free_port(), _free_port()
    master = f"spark://{LOOPBACK}:{port}"
    with ExitStack() as running:
        running.enter_context(
            _daemon(installed, folder, [MASTER, "--host", LOOPBACK, "--port", str(port), "--webui-port", str(page)])
        )
        for number in range(workers):
            of_worker = ["--cores", "1", "--memory", "2g", "--webui-port", "0", "--host", LOOPBACK]
            work = folder / f"worker-{number}"
            running.enter_context(_daemon(installed, folder, [WORKER, *of_worker, "--work-dir", str(work), master]))
        _await_workers(page, workers)
        yield Spark(master, folder)


@contextmanager
def opened_behind_thrift(folder: Path) -> Iterator[SparkThrift]:
    """The same cluster with a Thrift server on the loopback address, and the settings of dbt's session."""
    with opened(folder) as engine:
        port = _free_port()
        at = {"hive.server2.thrift.bind.host": LOOPBACK, "hive.server2.thrift.port": port}
        settings = [("--conf", f"{name}={value}") for name, value in session_settings(engine.variables).items()]
        place = [("--hiveconf", f"{name}={value}") for name, value in at.items()]
        command = [SUBMIT, *chain(*settings), "--class", THRIFT_SERVER, "spark-internal", *chain(*place)]
        with _daemon(home(), folder, command):
            _await_port(port)
            yield SparkThrift(engine.master, folder, port)


def session_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """What dbt's session is made with, with these variables in the environment."""
    return profile.settings("spark", "server_side_parameters", variables)


def home() -> Path:
    """Where Spark is installed. Raises SparkMissing without it or Java."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise SparkMissing("PySpark is not installed: run make setup-spark.")
    java = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (java and Path(java, "bin", "java").exists())):
        raise SparkMissing("Java 17 or later is missing: Spark runs on it (Debian: openjdk-17-jre-headless).")
    return Path(found.origin).parent


@contextmanager
def _daemon(installed: Path, folder: Path, arguments: Sequence[str]) -> Iterator[None]:
    environment = {**os.environ, "SPARK_HOME": str(installed), "SPARK_LOCAL_IP": LOOPBACK}
    with (folder / "cluster.log").open("ab") as log:
        process = subprocess.Popen(
            [str(installed / "bin" / "spark-class"), *arguments], env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_workers(page: int, workers: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urlopen(f"http://{LOOPBACK}:{page}/json/", timeout=5) as answer:
                if json.load(answer)["aliveworkers"] == workers:
                    return
        except OSError:
            pass
        time.sleep(1)
    raise SparkFailed(f"No {workers} workers came to the master within {START_SECONDS} seconds; see cluster.log.")


def _await_port(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=5):
            return
        time.sleep(1)
    raise SparkFailed(f"The Thrift server did not answer within {START_SECONDS} seconds; see cluster.log.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])

"""The chain on Spark, but for the coupons: its inputs are tables over Parquet files, dbt builds the rest on a cluster.

Nothing of Spark is home-made: a standalone master and two workers of the installed PySpark are started on the loopback
address, used and stopped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pyarrow as pa
from pyarrow import parquet

from orchestration.engines.chain import WITHOUT_COUPONS, Relation

LOOPBACK = "127.0.0.1"
WORKERS = 2
START_SECONDS = 180
STOP_SECONDS = 20
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"


class SparkMissing(RuntimeError):
    """This machine cannot run Spark; the message says what is missing."""


class SparkFailed(RuntimeError):
    """Spark did not start, or did not do what it was asked; the message holds the end of what it said."""


class Spark:
    """A Spark cluster, with a folder for its tables and its catalogue, that dbt's target ``spark`` builds on."""

    name = "spark"
    selector = WITHOUT_COUPONS

    def __init__(self, master: str, folder: Path) -> None:
        self._master = master
        self._folder = folder

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return {
            "TIEOUT_SPARK_MASTER": self._master,
            "TIEOUT_SPARK_FOLDER": str(self._folder),
            "SPARK_LOCAL_IP": LOOPBACK,
        }

    def register(self, files: Mapping[Relation, Path]) -> None:
        """Make every input readable under the name by which the models know it.

        An input is a Parquet file, or a folder of them divided into folders ``<column>=<value>``, columns too.
        """
        self._ask("register", [(relation.schema, relation.name, str(path)) for relation, path in files.items()])

    def tables(self, relations: Sequence[Relation]) -> Iterator[tuple[Relation, pa.Table]]:
        """All rows of each relation."""
        fetched = self._folder / "fetched"
        shutil.rmtree(fetched, ignore_errors=True)
        fetched.mkdir(parents=True)
        files = {relation: fetched / f"{relation}.parquet" for relation in relations}
        self._ask("fetch", [(relation.schema, relation.name, str(path)) for relation, path in files.items()])
        for relation, path in files.items():
            yield relation, parquet.read_table(path)

    def _ask(self, what: str, job: Iterable[tuple[str, str, str]]) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "orchestration.engines.spark_session", what],
            input=json.dumps(list(job)),
            env={**os.environ, **self.variables},
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SparkFailed(f"Spark could not {what} the relations:\n" + "\n".join(done.stderr.splitlines()[-15:]))


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])

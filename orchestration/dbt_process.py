"""dbt as a process of its own: how it is called, what it is told, and how it is stopped.

A process, not a library call: SIGINT makes dbt cancel the statement that the server is running, which SIGTERM and
an exception in the same process do not.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.paths import DBT_PROJECT, dbt_target
from warehouse import connection, embedded
from warehouse.settings import get_settings

SOURCE_FOLDERS = ("models", "tests", "macros", "seeds")
MANIFEST, PARSED = "manifest.json", "partial_parse.msgpack"
# Commands whose files nobody reads: dbt takes seconds to write what it knows of every node, twice.
WITHOUT_ARTIFACTS = frozenset({"build", "run"})
STOP_SECONDS = 30
FAILED = frozenset({"error", "fail", "runtime error"})
RESULT_EVENTS = frozenset({"LogModelResult", "LogSeedResult", "LogTestResult"})

Event = Mapping[str, Any]


@dataclass(frozen=True)
class NodeResult:
    """How one model, seed or test ended, in dbt's words. ``failures`` counts the failing rows of a test."""

    unique_id: str
    status: str
    message: str
    failures: int | None
    seconds: float

    @property
    def name(self) -> str:
        """The node's name: ``model.tieout.fct_invoices`` is ``fct_invoices``."""
        return self.unique_id.split(".")[2]


@dataclass
class DbtOutcome:
    """What a dbt command did: every node it came to, and errors that belong to no node."""

    return_code: int = 0
    results: list[NodeResult] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """True when every selected node was built and no test of severity error failed."""
        return self.return_code == 0

    @property
    def nodes(self) -> dict[str, int]:
        """Number of nodes by status."""
        return dict(Counter(result.status for result in self.results))

    @property
    def models(self) -> dict[str, str]:
        """How every model ended, by its name."""
        return {result.name: result.status for result in self.results if result.unique_id.startswith("model.")}

    @property
    def warnings(self) -> list[str]:
        """What warned, a line each."""
        return [f"{result.name}: {result.message}" for result in self.results if result.status == "warn"]

    @property
    def failures(self) -> list[str]:
        """What failed, a line each; never empty when the command did not succeed."""
        failed = [f"{result.name}: {result.message}" for result in self.results if result.status in FAILED]
        if failed or self.succeeded:
            return failed
        return self.errors or [f"dbt ended with exit code {self.return_code}"]


def environment() -> dict[str, str]:
    """Environment of a dbt process that works on the warehouse; starts the embedded Postgres when that is used."""
    return {**_quiet_environment(), **connection.dbt_environment()}


def arguments(
    command: str,
    *,
    full_refresh: bool = False,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    tests: bool = True,
) -> list[str]:
    """Arguments of dbt. No ``--vars``: they would make dbt parse the whole project again for every window."""
    made = [command]
    if not tests:
        made.extend(["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"])
    if full_refresh:
        made.append("--full-refresh")
    if select:
        made.extend(["--select", *select])
    if exclude:
        made.extend(["--exclude", *exclude])
    return made


class Session:
    """A process that runs commands of dbt one after another: starting dbt takes seconds, a further command does not."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self,
        dbt_arguments: Sequence[str],
        on_event: Callable[[Event], None] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> DbtOutcome:
        """Run dbt to its end and say how it went; see ``run`` of this module."""
        env = {**environment(), **(variables or {})}
        if dbt_arguments[0] not in WITHOUT_ARTIFACTS:
            return self._run(dbt_arguments, env, on_event)
        outcome = self._run(["--no-write-json", *dbt_arguments], env, on_event)
        target = Path(env["DBT_TARGET_PATH"])
        if target == dbt_target() and _parsed_since(target.joinpath(MANIFEST)):
            self._run(arguments("parse"), env)
        return outcome

    def parse(self) -> DbtOutcome:
        """Parse the project and write its manifest, with a warehouse that runs or without one."""
        return self._run(arguments("parse"), _environment_for_parsing())

    def _run(
        self, dbt_arguments: Sequence[str], env: Mapping[str, str], on_event: Callable[[Event], None] | None = None
    ) -> DbtOutcome:
        outcome = DbtOutcome(return_code=1)
        command = {"arguments": ["--log-format", "json", "--no-use-colors", *dbt_arguments], "environment": dict(env)}
        assert self._process.stdin is not None  # noqa: S101 - asked for when the process was made
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        for event in _events(self._process):
            if "ended" in event:
                _end(event["ended"], outcome)
                return outcome
            _note(event, outcome)
            if on_event is not None:
                on_event(event)
        outcome.return_code = self._process.wait() or 1
        return outcome


@contextmanager
def session() -> Iterator[Session]:
    """A process for commands of dbt, while the block runs.

    An interrupt (Ctrl-C, or any exception in the block) sends SIGINT to dbt and waits until it has cancelled what the
    server was doing.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "orchestration.dbt_worker"],
        cwd=DBT_PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
    ) as process:
        try:
            yield Session(process)
        except BaseException:
            _stop(process)
            raise


def run(
    dbt_arguments: Sequence[str],
    on_event: Callable[[Event], None] | None = None,
    variables: Mapping[str, str] | None = None,
) -> DbtOutcome:
    """Run dbt to its end and say how it went; every structured log event goes to ``on_event``.

    ``variables`` are set in dbt's environment, above all others. Models and tests are run without the files about
    them that dbt would write; the manifest is written anew when dbt has parsed anew.

    An interrupt (Ctrl-C, or any exception in ``on_event``) sends SIGINT to dbt and waits until it has cancelled what
    the server was doing.
    """
    with session() as dbt:
        return dbt.run(dbt_arguments, on_event, variables)


def manifest_path() -> Path:
    """Give the path of dbt's manifest, made anew when a file of the dbt project is younger than it.

    Guarded by a lock, so that processes which start together parse once. Raises RuntimeError with dbt's messages
    when the project does not parse.
    """
    target = dbt_target()
    target.mkdir(parents=True, exist_ok=True)
    manifest = target.joinpath(MANIFEST)
    if _is_fresh(manifest):
        return manifest
    with _locked(target / "parse.lock"):
        if not _is_fresh(manifest):
            parse()
    return manifest


def parse() -> None:
    """Parse the dbt project. Raises RuntimeError with dbt's messages when that fails."""
    with session() as dbt:
        outcome = dbt.parse()
    if not outcome.succeeded:
        raise RuntimeError("The dbt project does not parse:\n" + "\n".join(outcome.failures))


def count_of_nodes(manifest: Mapping[str, Any]) -> int:
    """How many nodes a whole ``dbt build`` runs: models, seeds and tests."""
    kinds = {"model", "seed", "test", "unit_test"}
    nodes = sum(1 for node in manifest["nodes"].values() if node["resource_type"] in kinds)
    return nodes + len(manifest.get("unit_tests", {}))


def _environment_for_parsing() -> dict[str, str]:
    """The same values as a build sees where the warehouse is up, because others would make dbt parse once more."""
    configured = get_settings().warehouse_url is not None
    if configured or embedded.status().running:
        return environment()
    return _quiet_environment()


def _quiet_environment() -> dict[str, str]:
    return {
        **os.environ,
        "DBT_TARGET_PATH": str(dbt_target()),
        "DBT_LOG_PATH": str(dbt_target()),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def _events(process: subprocess.Popen[str]) -> Iterator[Event]:
    assert process.stdout is not None  # noqa: S101 - asked for when the process was made
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            event = {"info": {"name": "Text", "level": "info", "msg": line.rstrip()}, "data": {}}
        if isinstance(event, dict) and "ended" in event:
            yield event
        elif isinstance(event, dict) and "info" in event:
            event.setdefault("data", {})
            yield event


def _note(event: Event, outcome: DbtOutcome) -> None:
    info = event["info"]
    if info.get("level") == "error" and not event["data"].get("node_info"):
        outcome.errors.append(str(info.get("msg", "")))


def _end(ended: Mapping[str, Any], outcome: DbtOutcome) -> None:
    outcome.return_code = 0 if ended["succeeded"] else 1
    outcome.results = [NodeResult(**result) for result in ended["results"]]
    if ended["error"] and not outcome.errors:
        outcome.errors.append(ended["error"])


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _parsed_since(manifest: Path) -> bool:
    """Whether dbt has parsed since it wrote the manifest: it keeps what it parsed in a file of its own."""
    parsed = manifest.with_name(PARSED)
    if not parsed.exists():
        return False
    return not manifest.exists() or manifest.stat().st_mtime < parsed.stat().st_mtime


def _is_fresh(manifest: Path) -> bool:
    if not manifest.exists():
        return False
    sources = [path for folder in SOURCE_FOLDERS for path in (DBT_PROJECT / folder).rglob("*") if path.is_file()]
    settings = [DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml"]
    newest = max(path.stat().st_mtime for path in [*sources, *settings])
    return manifest.stat().st_mtime >= newest


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

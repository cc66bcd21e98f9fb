"""Worked cases of other engines and of standards, computed by the macros and models that production uses.

A case file holds one case a line, in JSON: ``id``, what to compute (``op``, or ``model`` among the inputs), ``inputs``,
``expected`` and perhaps ``compare_round``. They are loaded into the scratch schema ``conformance`` of the warehouse,
dbt builds one model an operation over all its cases at once, one more model compares, and the schema is dropped.
Nothing is computed in Python.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, LiteralString

import psycopg
from psycopg.rows import dict_row

from ingestion.formats import strict_json
from ingestion.records import BadRecord
from orchestration import dbt_process
from orchestration.engines.cases import Question, Stop
from orchestration.engines.duckdb_cases import DuckDbCases
from orchestration.engines.spark import SparkFailed, SparkMissing
from orchestration.engines.spark_cases import SparkCases
from orchestration.paths import DBT_PROJECT, dbt_target
from warehouse.connection import connect
from warehouse.lock import CONFORMANCE_LOCK

Status = Literal["passed", "failed", "skipped"]
Engine = Literal["postgres", "duckdb", "spark"]

MODELS = DBT_PROJECT / "models" / "conformance"
OTHER_ENGINES: dict[str, type[DuckDbCases | SparkCases]] = {"duckdb": DuckDbCases, "spark": SparkCases}
FIELDS = {"id": str, "inputs": dict, "expected": dict}
# Figures that a source printed, beside those that its facts give: evidence for a reader, never compared.
PUBLISHED = "published"
SCRATCH_SCHEMA: tuple[LiteralString, ...] = (
    "drop schema if exists conformance cascade",
    "create schema conformance",
    "grant usage, create on schema conformance to tieout_transformer",
    """
    create table conformance.cases (
        case_id text primary key, op text not null, inputs jsonb not null, expected jsonb not null,
        compare_round jsonb, is_compared_whole boolean not null, word_for_op text not null
    )
    """,
    "create table conformance.operations (op text primary key)",
    "create table conformance.outputs (case_id text primary key, outputs jsonb not null)",
    "create table conformance.stops (case_id text primary key, reason text not null, needs_digits boolean not null)",
    "grant select, insert on all tables in schema conformance to tieout_transformer",
)
RESULTS = """
    select case_id, op, status, reason, coalesce(differences, '[]') as differences
    from conformance.conformance__results
    order by case_id
"""


class CasesRefused(RuntimeError):
    """The case file cannot be used; the message names file, line and remedy."""


class ConformanceFailed(RuntimeError):
    """dbt could not compare the cases; the message holds dbt's own."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a family of cases is about: its folder of models, and how its cases are written.

    ``operation_at`` is the way to the name of what to compute, its last key the word for it. Where outputs are
    ``compared_whole``, a member of an object that the case does not name is a difference.
    """

    name: str
    operation_at: tuple[str, ...]
    compared_whole: bool

    @property
    def word(self) -> str:
        """What the cases call what they ask for."""
        return {"op": "operation"}.get(self.operation_at[-1], self.operation_at[-1])

    def operation(self, case: Any) -> str | None:
        """What a case asks for; None when it does not say."""
        for key in self.operation_at:
            case = case.get(key) if isinstance(case, dict) else None
        return case if isinstance(case, str) else None

    def operations(self) -> set[str]:
        """The operations that a model computes."""
        return {path.stem.split("__", 1)[1] for path in (MODELS / self.name).rglob(f"{self.model('*')}.sql")}

    def model(self, operation: str) -> str:
        """The name of the model that computes an operation."""
        return f"conformance_{self.name}__{operation}"


RATING = Subject("rating", ("op",), compared_whole=False)
REVREC = Subject("revrec", ("inputs", "model"), compared_whole=True)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case ended. ``differences`` holds path, expected and got of every output that is not as expected."""

    id: str
    op: str
    status: Status
    reason: str | None = None
    differences: list[dict[str, str | None]] = field(default_factory=list)


def run(
    file: Path,
    subject: Subject = RATING,
    on_event: Callable[[dbt_process.Event], None] | None = None,
    engine: Engine = "postgres",
) -> list[CaseResult]:
    """Compute every case of ``file`` on an engine and compare it in Postgres; one result a case, by id.

    A case with more digits than the engine's numbers have is skipped, and says so. Raises CasesRefused for a file that
    cannot be read, and ConformanceFailed when the engine or the comparison itself does not run.
    """
    cases = read_cases(file, subject)
    operations = subject.operations()
    wanted = sorted({str(subject.operation(case)) for case in cases} & operations)
    with _scratch_schema() as connection, dbt_process.session() as dbt:
        _store(connection, cases, subject, operations)
        if engine == "postgres":
            errors = _compute(dbt, subject, wanted, on_event)
        else:
            errors = _compute_elsewhere(engine, connection, subject, cases, wanted, on_event)
        compared = dbt.run(["run", "--select", "conformance__results"], on_event, _variables())
        if not compared.succeeded:
            raise ConformanceFailed("\n".join(compared.failures))
        with connect("transformer", autocommit=True) as reader, reader.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(RESULTS).fetchall()
    return [
        CaseResult(
            row["case_id"],
            row["op"],
            row["status"],
            row["reason"] if row["status"] == "passed" else errors.get(row["op"], row["reason"]),
            row["differences"],
        )
        for row in rows
    ]


def read_cases(file: Path, subject: Subject = RATING) -> list[dict[str, Any]]:
    """The cases of a file, in its order. Raises CasesRefused with file and line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CasesRefused(f"{file} cannot be read as a file of cases: {error}") from error
    cases: dict[str, dict[str, Any]] = {}
    for line_no, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = strict_json.parse(line)
        except BadRecord as bad:
            raise CasesRefused(f"{file}:{line_no}: no JSON object: {bad.detail}") from bad
        for name, kind in FIELDS.items():
            if not isinstance(case, dict) or not isinstance(case.get(name), kind):
                raise CasesRefused(
                    f"{file}:{line_no}: a case is a JSON object with {', '.join(FIELDS)}; {name} is not there"
                )
        if subject.operation(case) is None:
            where = ".".join(subject.operation_at)
            raise CasesRefused(f"{file}:{line_no}: a case says in {where} what to compute; {where} is not there")
        if case["id"] in cases:
            raise CasesRefused(f"{file}:{line_no}: the id {case['id']} stands twice; give each case its own")
        cases[case["id"]] = case
    if not cases:
        raise CasesRefused(f"{file} holds no case")
    return list(cases.values())


@contextmanager
def _scratch_schema() -> Iterator[psycopg.Connection[Any]]:
    """The schema of one run; a second run on the same warehouse waits for the first."""
    with connect(autocommit=True) as connection:
        connection.execute("set lock_timeout to 0")
        connection.execute("set client_min_messages to warning")
        connection.execute("select pg_advisory_lock(%s)", (CONFORMANCE_LOCK,))
        for statement in SCRATCH_SCHEMA:
            connection.execute(statement)
        try:
            yield connection
        finally:
            connection.execute("drop schema conformance cascade")


def _store(
    connection: psycopg.Connection[Any], cases: Sequence[dict[str, Any]], subject: Subject, operations: set[str]
) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("copy conformance.cases from stdin") as copy:
            for case in cases:
                expected = {key: value for key, value in case["expected"].items() if not _is_published(key)}
                documents = [case["inputs"], expected, case.get("compare_round")]
                texts = [None if document is None else strict_json.dump(document) for document in documents]
                copy.write_row([case["id"], subject.operation(case), *texts, subject.compared_whole, subject.word])
        cursor.executemany("insert into conformance.operations (op) values (%s)", [(op,) for op in sorted(operations)])


def _is_published(key: str) -> bool:
    return key == PUBLISHED or key.startswith(f"{PUBLISHED}_")


def _compute(
    dbt: dbt_process.Session,
    subject: Subject,
    operations: Sequence[str],
    on_event: Callable[[dbt_process.Event], None] | None,
    command: Literal["run", "compile"] = "run",
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Let dbt run or compile the models of the operations; what it said of operations that failed."""
    if not operations:
        return {}
    models = [subject.model(operation) for operation in operations]
    built = dbt.run([command, *options, "--select", *models], on_event, {**_variables(), **(variables or {})})
    if not built.results:
        raise ConformanceFailed("\n".join(built.failures))
    return {result.name.split("__", 1)[1]: result.message for result in built.results if result.status == "error"}


def _compute_elsewhere(
    name: Literal["duckdb", "spark"],
    connection: psycopg.Connection[Any],
    subject: Subject,
    cases: Sequence[dict[str, Any]],
    operations: Sequence[str],
    on_event: Callable[[dbt_process.Event], None] | None,
) -> dict[str, str]:
    """The same on another engine; outputs, and why cases have none, are put beside the cases in Postgres."""
    listed = [(case["id"], str(subject.operation(case)), case["inputs"]) for case in cases]
    target = Path(f"{_variables()['DBT_TARGET_PATH']}-{name}")
    compiled = target / "compiled"
    shutil.rmtree(compiled, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="tieout-cases-") as folder:
        try:
            engine = OTHER_ENGINES[name](Path(folder))
            engine.prepare(listed)
            variables = {"DBT_TARGET_PATH": str(target), **engine.variables}
            # A process of its own, that lets go of the engine's catalogue when it ends.
            with dbt_process.session() as dbt:
                errors = _compute(dbt, subject, operations, on_event, "compile", ["--target", name], variables)
            found = engine.compute(
                [
                    Question(
                        next(compiled.rglob(f"{subject.model(operation)}.sql")).read_text("utf-8"),
                        [case_id for case_id, asked, _ in listed if asked == operation],
                    )
                    for operation in operations
                    if operation not in errors
                ],
            )
        except (SparkMissing, SparkFailed) as problem:
            raise ConformanceFailed(str(problem)) from problem
    with connection.cursor() as cursor:
        with cursor.copy("copy conformance.outputs from stdin") as copy:
            for output in found:
                if not isinstance(output, Stop):
                    copy.write_row(output)
        with cursor.copy("copy conformance.stops from stdin") as copy:
            for stop in found:
                if isinstance(stop, Stop):
                    copy.write_row([stop.case_id, _told(stop, engine.shown), stop.needs_digits])
    return errors


def _told(stop: Stop, engine: str) -> str:
    """Why a case stopped, for a reader."""
    return f"needs more digits than {engine} has: {stop.reason}" if stop.needs_digits else stop.reason


def _variables() -> dict[str, str]:
    target = dbt_target().with_name(f"{dbt_target().name}-conformance")
    return {"TIEOUT_CONFORMANCE": "yes", "DBT_TARGET_PATH": str(target)}

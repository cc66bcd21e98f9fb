"""Worked cases on DuckDB: what their models read is written into a file, and what the models give is read from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.formats import strict_json
from orchestration.engines.chain import Relation
from orchestration.engines.duckdb import DuckDb
from orchestration.engines.inputs import export
from orchestration.engines.postgres import warehouse
from orchestration.engines.profile import settings

ZONES = Relation("ops", "tz_transitions")

# The only ways in which a statement stops because a number has more digits than DuckDB's: our own macros say so, a
# result of exact numbers or whole numbers overflows, or a written number does not fit the type it is cast to.
NUMBER = r"-?\d+(?:\.\d+)?"
DIGIT_STOPS = re.compile(
    r"Invalid Input Error: an? [a-z ]+ of more than \d+ (?:digits|decimals)$"
    r"|Out of Range Error: Overflow in (?:multiplication|addition|subtraction) of (?:DECIMAL\(\d+\)|INT128) "
    r"|Out of Range Error: Overflow in HUGEINT (?:multiplication|addition|subtraction): "
    r"|Out of Range Error: Overflow in SUM of DECIMAL: "
    rf"|Conversion Error: Could not cast value {NUMBER} to DECIMAL\(\d+,\d+\)"
    rf"|Conversion Error: Could not convert string (['\"]){NUMBER}\1 to (?:INT128|DECIMAL\(\d+,\d+\))"
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a case was not computed, in DuckDB's words; ``needs_digits`` where a number has too many for it."""

    case_id: str
    reason: str
    needs_digits: bool


def prepare(path: Path, cases: Sequence[tuple[str, str, Mapping[str, Any]]], inputs: Path) -> None:
    """Make a DuckDB file of the cases (id, operation, inputs) and of the zones, which are copied to ``inputs``."""
    with warehouse() as source:
        files = export(source, [ZONES], inputs)
    DuckDb(path).register(files)
    given = pa.table(
        {
            "case_id": [case_id for case_id, _, _ in cases],
            "op": [operation for _, operation, _ in cases],
            "inputs": [strict_json.dump(_with_texts(given)) for _, _, given in cases],
        }
    )
    with closing(duckdb.connect(path)) as session:
        session.register("given_cases", given)
        session.execute("create schema conformance")
        session.execute(
            "create table conformance.given as select case_id, op, cast(inputs as json) as inputs from given_cases"
        )
        session.execute("create table conformance.cases as from conformance.given limit 0")


def compute(path: Path, models: Mapping[str, Sequence[str]]) -> tuple[list[tuple[str, str]], list[Stop]]:
    """Id and outputs (JSON) of every case that could be computed, and why the others stopped.

    ``models`` are views that dbt made, each with the ids of its cases. One case stops the statement of all, so that
    halves are computed where a whole stops: in the end a case is left out for a reason of its own.
    """
    outputs: list[tuple[str, str]] = []
    stops: list[Stop] = []
    with closing(duckdb.connect(path)) as session:
        for name, value in settings(DuckDb.name, "settings", DuckDb(path).variables).items():
            session.execute(f"set {name} = '{value}'")
        for model, case_ids in models.items():
            for found in _computed(session, model, case_ids):
                if isinstance(found, Stop):
                    stops.append(found)
                else:
                    outputs.append(found)
    return outputs, stops


def needs_digits(message: str) -> bool:
    """Whether an error of DuckDB says that a number has more digits than it can hold, and nothing else."""
    return DIGIT_STOPS.match(message) is not None


def _computed(
    session: duckdb.DuckDBPyConnection, model: str, case_ids: Sequence[str], *, is_sure_to_stop: bool = False
) -> list[tuple[str, str] | Stop]:
    """Outputs of cases, or why they stop. What is sure to stop is halved at once: planning the statement takes long."""
    if len(case_ids) == 1 or not is_sure_to_stop:
        try:
            return _outputs(session, model, case_ids)
        except duckdb.Error as error:
            if len(case_ids) == 1:
                return [Stop(case_ids[0], str(error), needs_digits(str(error)))]
    middle = len(case_ids) // 2
    first = _computed(session, model, case_ids[:middle])
    is_first_whole = not any(isinstance(found, Stop) for found in first)
    return first + _computed(session, model, case_ids[middle:], is_sure_to_stop=is_first_whole)


def _outputs(session: duckdb.DuckDBPyConnection, model: str, case_ids: Sequence[str]) -> list[tuple[str, str] | Stop]:
    session.execute("truncate conformance.cases")
    session.execute(
        "insert into conformance.cases select * from conformance.given where case_id in (select unnest(?))",
        [list(case_ids)],
    )
    computed = f'select case_id, cast(outputs as varchar) from conformance."{model}"'  # noqa: S608 - dbt's own name
    return [(case_id, outputs) for case_id, outputs in session.execute(computed).fetchall()]


def _with_texts(node: Any) -> Any:
    """The same document with its numbers as texts: DuckDB reads a number of JSON as a binary float."""
    if isinstance(node, Mapping):
        return {name: _with_texts(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_with_texts(element) for element in node]
    if isinstance(node, int | Decimal) and not isinstance(node, bool):
        return format(node, "f") if isinstance(node, Decimal) else str(node)
    return node

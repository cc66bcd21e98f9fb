"""Worked cases on DuckDB: what their models read is written into a file, and what they computed is read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
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

ZONES = Relation("ops", "tz_transitions")


def prepare(path: Path, cases: Sequence[tuple[str, str, Mapping[str, Any]]], inputs: Path) -> None:
    """Make a DuckDB file of the cases (id, operation, inputs) and of the zones, which are copied to ``inputs``."""
    with warehouse() as source:
        files = export(source, [ZONES], inputs)
    DuckDb(path).register(files)
    listed = pa.table(
        {
            "case_id": [case_id for case_id, _, _ in cases],
            "op": [operation for _, operation, _ in cases],
            "inputs": [strict_json.dump(_with_texts(given)) for _, _, given in cases],
        }
    )
    with closing(duckdb.connect(path)) as session:
        session.register("listed", listed)
        session.execute("create schema conformance")
        session.execute(
            "create table conformance.cases as select case_id, op, cast(inputs as json) as inputs from listed"
        )
        session.execute("create table conformance.outputs (case_id varchar, outputs json)")


def outputs(path: Path) -> list[tuple[str, str]]:
    """Id and outputs (JSON) of every case that was computed."""
    with closing(duckdb.connect(path, read_only=True)) as session:
        return session.execute("select case_id, cast(outputs as varchar) from conformance.outputs").fetchall()


def _with_texts(node: Any) -> Any:
    """The same document with its numbers as texts: DuckDB reads a number of JSON as a binary float."""
    if isinstance(node, Mapping):
        return {name: _with_texts(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_with_texts(element) for element in node]
    if isinstance(node, int | Decimal) and not isinstance(node, bool):
        return format(node, "f") if isinstance(node, Decimal) else str(node)
    return node

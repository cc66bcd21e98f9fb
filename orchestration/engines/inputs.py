"""What the chain reads and does not build, copied from Postgres into Parquet files: one folder a relation.

Numbers become decimals of 38 digits, 19 of them behind the point (the type that the chain has on other engines); one
that does not fit is refused. Identifiers and JSON become texts, instants are UTC in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from orchestration.engines.chain import Relation
from orchestration.engines.postgres import Warehouse

EXACT = pa.decimal128(38, 19)


class InputRefused(RuntimeError):
    """A value of an input does not fit the type it has on other engines; the message names relation and column."""


def export(source: Warehouse, relations: Iterable[Relation], folder: Path) -> dict[Relation, Path]:
    """Write every relation to ``folder/<schema>/<name>/part-0.parquet`` and say where each lies.

    The same content gives the same bytes. Raises InputRefused for a number with more than 19 digits on a side of the
    point, and RelationMissing for a relation that was never built.
    """
    files: dict[Relation, Path] = {}
    for relation in relations:
        path = folder / relation.schema / relation.name / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(exact_table(source, relation), path, compression="zstd")
        files[relation] = path
    return files


def exact_table(source: Warehouse, relation: Relation) -> pa.Table:
    """A relation with the types it has on other engines."""
    table = source.read(relation)
    for position, (name, kind) in enumerate(source.columns(relation).items()):
        if kind == "numeric":
            try:
                exact = table.column(position).cast(EXACT)
            except pa.ArrowInvalid as error:
                raise InputRefused(
                    f"{relation}, column {name}: a number has more than 19 digits before or behind the point, which "
                    f"other engines than Postgres cannot hold exactly ({error})."
                ) from error
            table = table.set_column(position, name, exact)
    return table

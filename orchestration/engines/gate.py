"""The gate: the usage chain built on every engine from what Postgres holds, and every relation of it compared.

    python -m orchestration.engines [--engine duckdb] [--engine spark] [--folder FOLDER] [--sample]

Postgres must hold a built warehouse, or gets the sample company. Exit code 0: every relation is equal on every engine;
1: one is not, or was not built. The table that is printed says which, with the first rows that differ.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from orchestration.engines import chain, digests, inputs, postgres
from orchestration.engines.chain import Chain, Relation


class Engine(Protocol):
    """An engine that dbt builds the chain on."""

    name: str

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""

    def register(self, files: Mapping[Relation, Path]) -> None:
        """Make every input readable under the name by which the models know it."""

    def tables(self, relations: Sequence[Relation]) -> Iterator[tuple[Relation, pa.Table]]:
        """All rows of each relation."""


@dataclass(frozen=True)
class Comparison:
    """One relation on two engines: rows and digest of each, and the first differences."""

    relation: Relation
    row_count: int
    digest: str
    digest_there: str
    differences: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both hold the same rows."""
        return self.digest == self.digest_there


@dataclass(frozen=True)
class Outcome:
    """What the gate found on one engine."""

    engine: str
    comparisons: tuple[Comparison, ...] = field(default_factory=tuple)

    @property
    def equal(self) -> bool:
        """Whether there is something to compare, and all of it is equal."""
        return bool(self.comparisons) and all(comparison.equal for comparison in self.comparisons)

    def lines(self) -> Iterable[str]:
        """The outcome as a table, with what differs below its relation."""
        yield f"Postgres against {self.engine}"
        for found in self.comparisons:
            word = "equal" if found.equal else "DIFFERS"
            yield f"  {found.relation!s:<52} {found.row_count:>8} rows  {found.digest}  {found.digest_there}  {word}"
            yield from (f"      {line}" for line in found.differences)
        equal = sum(found.equal for found in self.comparisons)
        yield f"  {equal} of {len(self.comparisons)} relations equal"


def gate(engines: Sequence[AbstractContextManager[Engine]], folder: Path) -> list[Outcome]:
    """Build the chain on every engine and compare it with Postgres.

    Raises ChainError when dbt cannot build it, InputRefused or RelationMissing when Postgres' rows cannot be handed
    over.
    """
    outcomes = []
    for opened in engines:
        with opened as engine:
            outcomes.append(_compared(engine, folder))
    return outcomes


def built(engine: Engine, folder: Path) -> Chain:
    """Hand the chain's inputs over to an engine and build the chain there, from nothing."""
    found = chain.chain(engine.name, folder / "dbt" / engine.name, engine.variables)
    lake = folder / "inputs"
    shutil.rmtree(lake, ignore_errors=True)
    with postgres.warehouse() as warehouse:
        engine.register(inputs.export(warehouse, found.inputs, lake))
    chain.run(engine.name, folder / "dbt" / engine.name, engine.variables)
    return found


def compared(engine: Engine, relations: Sequence[Relation]) -> Outcome:
    """Compare relations of an engine with those of Postgres. Raises FloatFound for a column that holds floats."""
    comparisons = []
    with postgres.warehouse() as warehouse:
        for relation, table in engine.tables(relations):
            numbers = [name for name, kind in warehouse.columns(relation).items() if kind == "numeric"]
            here = digests.rows(warehouse.read(relation), numbers)
            there = digests.rows(table)
            differing = () if here.digest == there.digest else tuple(digests.differences(here, there))
            comparisons.append(Comparison(relation, here.count, here.digest, there.digest, differing))
    return Outcome(engine.name, tuple(comparisons))


def _compared(engine: Engine, folder: Path) -> Outcome:
    return compared(engine, built(engine, folder).models)

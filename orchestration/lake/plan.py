"""Which models read usage events, by dbt's manifest: the lake's engine builds them, Postgres takes over tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.engines.chain import Chain, Relation, of_manifest

EVENTS = Relation("raw", "usage__events")
EVENTS_MODEL = "stg_usage__events"


@dataclass(frozen=True)
class Table:
    """A table that Postgres takes over: its columns, and by which keys of which relation rows are replaced."""

    relation: Relation
    touched: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What the lake's engine builds and reads, and the tables for Postgres, each after those that it reads."""

    chain: Chain
    models: tuple[str, ...]
    tables: tuple[Table, ...]

    @property
    def inputs(self) -> tuple[Relation, ...]:
        """What has to be copied from Postgres first."""
        return tuple(relation for relation in self.chain.inputs if relation != EVENTS)

    @property
    def names_of_tables(self) -> tuple[str, ...]:
        """Names of the models whose tables are taken over."""
        return tuple(table.relation.name for table in self.tables)


def plan(manifest: Mapping[str, Any]) -> Plan:
    """The plan of a parsed project: every incremental model that reads the events, and what lies between these."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    prefix = f"model.{manifest['metadata']['project_name']}."
    start = prefix + EVENTS_MODEL
    tables = {
        key
        for key, node in models.items()
        if start in node["depends_on"]["nodes"] and node["config"]["materialized"] == "incremental"
    }
    between = _below(models, start) & {above for table in tables for above in _above(models, table)}
    built = tables | between | {start}
    names = tuple(sorted(key.removeprefix(prefix) for key in built))
    return Plan(
        of_manifest(manifest, set(names)),
        names,
        tuple(_table(models[key]) for key in sorted(tables, key=lambda key: (len(_above(models, key) & built), key))),
    )


def _table(node: Mapping[str, Any]) -> Table:
    touched = node["config"]["touched"]
    return Table(Relation(node["schema"], node["alias"]), touched["relation"], tuple(touched["columns"]))


def _above(models: Mapping[str, Any], key: str) -> set[str]:
    """Models that a model reads, directly or through others."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        parents = {parent for parent in models[waiting.pop()]["depends_on"]["nodes"] if parent in models} - found
        found |= parents
        waiting += parents
    return found


def _below(models: Mapping[str, Any], key: str) -> set[str]:
    """Models that read a model, directly or through others."""
    return {other for other in models if key in _above(models, other)}

"""Which models make up the usage chain, and what they read without building it. dbt's selector and manifest say so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration import dbt_process

SELECTOR = "usage_chain"
LISTED = "PrintEvent"


class ChainError(RuntimeError):
    """dbt could not say what the chain is, or could not build it; the message holds dbt's own."""


@dataclass(frozen=True, order=True)
class Relation:
    """A table or view, by the names that every engine knows it by."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Chain:
    """The relations of the chain's models, and its inputs: what these models read and other models or loads make."""

    models: tuple[Relation, ...]
    inputs: tuple[Relation, ...]


def chain(target: str, folder: Path, variables: Mapping[str, str]) -> Chain:
    """What dbt's target ``target`` would build of the chain; ``folder`` keeps dbt's manifest for that target.

    ``variables`` are set in dbt's environment. Raises ChainError when dbt cannot list it.
    """
    names: set[str] = set()

    def listed(event: dbt_process.Event) -> None:
        if event["info"].get("name") == LISTED:
            names.update(str(event["info"]["msg"]).split())

    command = ["ls", "--target", target, "--selector", SELECTOR, "--resource-type", "model", "--output", "name"]
    outcome = dbt_process.run(command, listed, variables=_at(folder, variables))
    if not outcome.succeeded or not names:
        raise ChainError(f"dbt cannot list the selector {SELECTOR}:\n" + "\n".join(outcome.failures))
    return of_manifest(json.loads((folder / "manifest.json").read_text(encoding="utf-8")), names)


def of_manifest(manifest: Mapping[str, Any], names: set[str]) -> Chain:
    """The chain of the models ``names`` as dbt's manifest knows them."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    members = {f"model.{manifest['metadata']['project_name']}.{name}" for name in names}
    parents = {parent for member in members for parent in nodes[member]["depends_on"]["nodes"]} - members
    return Chain(
        tuple(sorted(_relation(nodes[member]) for member in members)),
        tuple(sorted({_relation(nodes[parent]) for parent in parents})),
    )


def run(
    target: str,
    folder: Path,
    variables: Mapping[str, str],
    select: Sequence[str] = ("--selector", SELECTOR),
    *,
    full_refresh: bool = True,
) -> dbt_process.DbtOutcome:
    """Build what dbt's options ``select`` choose of the chain. Raises ChainError when a model fails."""
    command = ["run", "--target", target, *select]
    outcome = dbt_process.run(
        [*command, "--full-refresh"] if full_refresh else command, variables=_at(folder, variables)
    )
    if not outcome.succeeded:
        raise ChainError(f"{target} cannot build the usage chain:\n" + "\n".join(outcome.failures))
    return outcome


def _relation(node: Mapping[str, Any]) -> Relation:
    return Relation(node["schema"], node.get("identifier") or node["alias"])


def _at(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    return {**variables, "DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder)}

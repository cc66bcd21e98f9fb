"""Every rule of rating is held by a worked case: break it on purpose, and a case fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from orchestration import conformance
from orchestration.conformance import RATING, SCRATCH_SCHEMA
from tests.mutation.rendered import MODELS, PROJECT, Rendered

CASES = [
    Path(__file__).resolve().parents[1] / "conformance" / "rating" / "published_cases.jsonl",
    *sorted((Path(__file__).resolve().parents[1] / "conformance").glob("own_cases_*.jsonl")),
]
MUTATIONS: list[dict[str, str]] = yaml.safe_load(Path(__file__).with_name("rating_mutations.yaml").read_text("utf-8"))
FEWEST = 25
FAILED = "select case_id from conformance.results where status <> 'passed' limit 1"
# What a wrong rule may run into; anything else (a misspelt column) would mean that the mutation is no SQL.
RUNS_INTO = (psycopg.errors.DataError, psycopg.errors.UniqueViolation, psycopg.errors.CardinalityViolation)


@pytest.fixture(scope="module")
def computed(module_warehouse: str) -> Iterator[tuple[psycopg.Connection[Any], dict[str, str]]]:
    """A connection with every case computed by the rules as they are, and the SQL that did it by operation."""
    rules = Rendered()
    operations = rules.operations()
    with psycopg.connect(module_warehouse, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        for statement in SCRATCH_SCHEMA:
            connection.execute(statement)
        cases = [case for file in CASES for case in conformance.read_cases(file)]
        conformance._store(connection, cases, RATING, set(operations))
        comparison = rules.model(MODELS / "frame" / "conformance__results.sql")
        connection.execute(f"create view conformance.results as {comparison}".encode())
        for sql in operations.values():
            compute(connection, sql)
        yield connection, operations


def compute(connection: psycopg.Connection[Any], sql: str) -> None:
    """Outputs of one operation's cases."""
    connection.execute(f"insert into conformance.outputs select case_id, outputs from ({sql}) as computed".encode())


def mutated(mutation: dict[str, str]) -> dict[str, str]:
    """The changed file, by its path below macros/."""
    text = (PROJECT / "macros" / mutation["file"]).read_text("utf-8")
    assert mutation["before"] in text, (
        f"{mutation['file']} no longer says {mutation['before']!r}: write the mutation anew"
    )
    return {mutation["file"]: text.replace(mutation["before"], mutation["after"], 1)}


def test_the_rules_as_they_are_pass_every_case(computed: tuple[psycopg.Connection[Any], dict[str, str]]) -> None:
    """Else a mutation would prove nothing."""
    connection, _ = computed
    assert connection.execute("select * from conformance.results where status <> 'passed' limit 3").fetchall() == []


def test_there_are_enough_mutations_and_each_is_another_one() -> None:
    """At least two dozen and one, in every area of rating."""
    assert len({(mutation["file"], mutation["before"], mutation["after"]) for mutation in MUTATIONS}) >= FEWEST
    assert len({mutation["breaks"] for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["breaks"])
def test_a_broken_rule_fails_a_case(
    computed: tuple[psycopg.Connection[Any], dict[str, str]], mutation: dict[str, str]
) -> None:
    """The operations whose SQL it changes are computed again, one after the other until a case fails."""
    connection, operations = computed
    changed = {
        operation: sql
        for operation, sql in Rendered(mutated(mutation)).operations().items()
        if sql != operations[operation]
    }
    assert changed, "no operation's SQL is another one"
    assert any(breaks(connection, operation, sql) for operation, sql in changed.items()), (
        "every case still passes: this rule is held by none"
    )


def breaks(connection: psycopg.Connection[Any], operation: str, sql: str) -> bool:
    """Whether a case of the operation fails with this SQL; everything is taken back."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("delete from conformance.cases where op <> %s", (operation,))
            connection.execute("delete from conformance.outputs")
            compute(connection, sql)
            return connection.execute(FAILED).fetchone() is not None
    except RUNS_INTO:
        return True

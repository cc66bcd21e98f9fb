"""Generated cases of revenue, far more than anyone writes down, come out of the SQL as exact fractions say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conformance import revrec_generated, revrec_oracle
from tests.mutation.rendered import Rendered

CASES = 120
OWN = Path(__file__).parent / "revrec" / "own_cases_models.jsonl"
OWN_CASES = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]


def whole(outputs: Any) -> Any:
    """Outputs with their numbers as numbers: the SQL gives them as texts, so that no reader makes floats of them."""
    if isinstance(outputs, dict):
        return {key: whole(value) for key, value in outputs.items()}
    if isinstance(outputs, list):
        return [whole(value) for value in outputs]
    return int(outputs) if isinstance(outputs, str) and outputs.lstrip("-").isdigit() else outputs


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """A session with the scratch schema of the cases."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        opened.execute("set timezone to 'UTC'")
        opened.execute("create schema conformance")
        opened.execute("create table conformance.cases (case_id text primary key, op text, inputs jsonb)")
        yield opened


@pytest.fixture(scope="module")
def queries() -> dict[str, str]:
    """The query of every model of cases."""
    return Rendered().operations("revrec")


@pytest.mark.parametrize("model", revrec_generated.MODELS)
def test_generated_cases_come_out_as_exact_fractions_say(
    connection: psycopg.Connection, queries: dict[str, str], model: str
) -> None:
    """Every output of every case, whole; one statement computes them all."""
    cases = {str(seed): revrec_generated.inputs_of(model, seed) for seed in range(CASES)}
    connection.execute("truncate conformance.cases")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into conformance.cases values (%s, %s, %s)",
            [(name, model, json.dumps(inputs)) for name, inputs in cases.items()],
        )
    computed = {name: whole(outputs) for name, outputs in connection.execute(queries[model].encode()).fetchall()}
    expected = {name: revrec_oracle.outputs_of(inputs) for name, inputs in cases.items()}
    assert {name: {key: computed[name][key] for key in outputs} for name, outputs in expected.items()} == expected


@pytest.mark.parametrize("case", OWN_CASES, ids=lambda case: case["id"])
def test_an_own_case_says_what_exact_fractions_say(case: dict[str, Any]) -> None:
    """The figures of our own cases are not those that the SQL once gave."""
    outputs = revrec_oracle.outputs_of(case["inputs"])
    assert case["expected"] == {key: outputs[key] for key in case["expected"]}

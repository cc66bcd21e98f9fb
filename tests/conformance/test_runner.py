"""The conformance command says what differs, what it cannot compute and what it cannot read; nothing passes unsaid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.conformance import REVREC, CasesRefused, read_cases

ROUNDED = {"op": "round_value", "inputs": {"value": "2.5", "mode": "half_up", "digits": 0}}


def case(name: str, **changes: Any) -> dict[str, Any]:
    """A case of rounding, right unless it is changed."""
    return {"id": name, **ROUNDED, "expected": {"value": "3"}, **changes}


def write(folder: Path, *cases: dict[str, Any]) -> Path:
    """A file of these cases."""
    file = folder / "cases.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in cases), "utf-8")
    return file


def test_a_wrong_case_fails_and_shows_both_sides_and_an_unknown_operation_is_a_skip(
    module_warehouse: str, tmp_path: Path
) -> None:
    """The last line counts, the exit code is not zero, and nothing stays in the warehouse."""
    file = write(
        tmp_path,
        case("right"),
        case("as a fraction", expected={"value": "6/2"}),
        case("rounded first", expected={"value": "0"}, compare_round={"value": {"digits": -1, "mode": "down"}}),
        case("wrong", expected={"value": "2"}),
        case("more than there is", expected={"value": "3", "rest": "0"}),
        case("expects nothing", expected={}),
        case("unheard of", op="astrology"),
    )
    ended = CliRunner().invoke(app, ["conformance", "rating", str(file), "--json", str(tmp_path / "out.json")])
    lines = ended.stdout.splitlines()
    assert ended.exit_code == 1, ended.output
    assert lines[-1:] == ["3 passed, 3 failed, 1 skipped"], ended.output
    assert "    value: expected 2, got 3" in lines
    assert "    rest: expected 0, got None" in lines
    assert "failed expects nothing (round_value): the case expects nothing" in lines
    assert "skipped unheard of (astrology): unknown operation astrology" in lines
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (report["passed"], report["failed"], report["skipped"]) == (3, 3, 1)
    assert {one["id"]: one["status"] for one in report["results"]}["wrong"] == "failed"
    with psycopg.connect(module_warehouse) as connection:
        left = connection.execute("select count(*) from pg_namespace where nspname = 'conformance'").fetchone()
    assert left == (0,)


def test_a_file_in_which_everything_passes_ends_with_zero(module_warehouse: str, tmp_path: Path) -> None:
    """And prints one line."""
    assert module_warehouse
    ended = CliRunner().invoke(app, ["conformance", "rating", str(write(tmp_path, case("right")))])
    assert (ended.exit_code, ended.stdout) == (0, "1 passed, 0 failed, 0 skipped\n")


SHARED = {
    "inputs": {"model": "allocation", "price": 100, "obligations": [{"id": "a", "ssp": 3}, {"id": "b", "ssp": 1}]},
    "expected": {"allocation": {"a": 75, "b": 25}, "published": {"a": 1}, "published_allocation": {"a": 2}},
}


def test_outputs_of_revenue_are_compared_whole_and_what_a_source_printed_is_not(
    module_warehouse: str, tmp_path: Path
) -> None:
    """A member that the case does not name is a difference, one that it names and nobody computes too."""
    assert module_warehouse
    file = write(
        tmp_path,
        {"id": "right", **SHARED},
        {"id": "too much", **SHARED, "expected": {"allocation": {"a": 75}}},
        {"id": "too little", **SHARED, "expected": {"allocation": {"a": 75, "b": 25, "c": 0}}},
        {"id": "published alone", **SHARED, "expected": {"published_allocation": {"a": 75}}},
        {"id": "unheard of", **SHARED, "inputs": {"model": "astrology"}},
    )
    ended = CliRunner().invoke(app, ["conformance", "revrec", str(file)])
    lines = ended.stdout.splitlines()
    assert ended.exit_code == 1, ended.output
    assert lines[-1] == "1 passed, 3 failed, 1 skipped"
    assert "    allocation.b: expected None, got 25" in lines
    assert "    allocation.c: expected 0, got None" in lines
    assert "failed published alone (allocation): the case expects nothing" in lines
    assert "skipped unheard of (astrology): unknown model astrology" in lines


def test_a_case_of_revenue_without_a_model_is_refused(tmp_path: Path) -> None:
    """Nothing would say what to compute."""
    file = write(tmp_path, {"id": "a", "inputs": {}, "expected": {"rpo": {}}})
    with pytest.raises(CasesRefused, match=r"cases.jsonl:1: a case says in inputs.model what to compute"):
        read_cases(file, REVREC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no case"),
        ("{", "cases.jsonl:1: no JSON object"),
        ('["id"]', "cases.jsonl:1: a case is a JSON object"),
        (json.dumps(case("a", inputs=None)), "inputs is not there"),
        (json.dumps(case("a", op=None)), "op is not there"),
        (json.dumps(case("a")) + "\n\n" + json.dumps(case("a")), "cases.jsonl:3: the id a stands twice"),
        ('{"id": "a", "id": "b"}', "cases.jsonl:1: no JSON object"),
    ],
)
def test_a_file_that_is_no_file_of_cases_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    """Nothing of it is computed."""
    file = tmp_path / "cases.jsonl"
    file.write_text(text, "utf-8")
    with pytest.raises(CasesRefused, match=told):
        read_cases(file)

"""Every fault that is promised to be survived has its row in docs/faults.md, and the tests named there exist."""

import ast
import re

import pytest

PROMISED = [
    *("F1", "F3", "F4", "F5", "F6", "F8", "F9", "F10", "F12", "F13", "F14", "F15"),
    *(f"I{number}" for number in range(1, 19)),
    *("I21", "I22", "M1", "M3"),
]
TEST = re.compile(r"`(tests/[^`:]+)::(test_\w+)`")


@pytest.fixture(scope="module")
def rows(request):
    text = (request.config.rootpath / "docs" / "faults.md").read_text("utf-8")
    found = [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in text.splitlines()]
    return {row[0]: row[1:] for row in found if re.fullmatch(r"[A-Z][0-9]+", row[0])}


def names_in(path):
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_every_promised_fault_has_one_row_with_its_promise(rows):
    assert list(rows) == PROMISED
    assert all(len(row) == 3 and row[0] and row[1] for row in rows.values())


@pytest.mark.parametrize("fault", PROMISED)
def test_the_tests_that_prove_the_promise_exist(request, rows, fault):
    named = TEST.findall(rows[fault][-1])
    assert named
    assert len(named) == rows[fault][-1].count("::")
    missing = [name for path, name in named if name not in names_in(request.config.rootpath / path)]
    assert missing == []

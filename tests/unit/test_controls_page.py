"""The page of controls says what the registry says, of every control."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def builder():
    """bin/build_controls_page.py, which is no package."""
    found = importlib.util.spec_from_file_location("build_controls_page", ROOT / "bin" / "build_controls_page.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_what_the_registry_says(builder):
    page = (ROOT / "docs" / "controls.md").read_text("utf-8")
    assert page == builder.with_controls(page, builder.controls_text()), "run: bin/build_controls_page.py"


def test_every_control_says_what_an_auditor_asks(builder):
    empty = [
        (row["control_id"], column)
        for name in ("recon_control_descriptions", "recon_controls")
        for row in builder.seed(name)
        for column, value in row.items()
        if not value and column != "over_billing_side"
    ]
    assert empty == []


def test_every_control_has_break_classes_and_inputs(builder):
    controls = {row["control_id"] for row in builder.seed("recon_controls")}
    for name in ("recon_break_classes", "recon_control_inputs"):
        assert controls == {row["control_id"] for row in builder.seed(name)}, name


def test_a_page_without_its_marks_is_refused(builder):
    with pytest.raises(ValueError, match="lacks a mark"):
        builder.with_controls("# Controls", "")

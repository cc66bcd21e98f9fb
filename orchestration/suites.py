"""The expectation suites, looked at where their rows are: in Postgres, or in the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from expectations import runner
from expectations.rules import Suite
from orchestration.code_version import code_version
from orchestration.lake.checks import failing_rows_of_lake, looks


def run_suites(suites: Sequence[Suite], start: date, end: date) -> list[runner.Verdict]:
    """Look at the delivery days [start, end), store the verdicts and give them back."""
    return runner.run_suites(suites, start, end, code_version(), looks())


def failing_rows(verdict: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """The rows behind a row of ``checks.results``, as they are now. Raises LakeUnreadable."""
    if verdict["suite"] in looks():
        return failing_rows_of_lake(verdict["failing_rows_sql"], verdict["window_start"], verdict["window_end"], limit)
    return runner.failing_rows(verdict["failing_rows_sql"], limit)

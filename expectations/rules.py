"""What a suite is made of. Rules are data, so that naming them does not import Great Expectations (seconds, 235 MB)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["block", "warn"]
Layer = Literal["raw", "marts"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn")


@dataclass(frozen=True)
class Rule:
    """One expectation. ``expectation`` and ``arguments`` are Great Expectations' own class and its arguments.

    ``failing`` is the SQL that retrieves the failing rows from ``{batch}``. ``block`` is for what would put wrong
    figures into a mart that finance reads; ``warn`` for what a person should look at. ``holds_close`` is for what need
    not stop the models, but makes a month not ready: everything that blocks does so anyway.
    """

    name: str
    says: str
    severity: Severity
    expectation: str
    arguments: Mapping[str, Any]
    failing: str
    holds_close: bool = False


@dataclass(frozen=True)
class Suite:
    """Rules about one relation.

    ``query`` is the relation as SQL; ``%(start)s`` and ``%(end)s`` stand for the delivery window [start, end).
    ``asset`` is the Dagster key of what it is about. ``needs`` are tables (schema.table) without which the suite has
    nothing to look at.
    """

    name: str
    layer: Layer
    dataset: str
    asset: tuple[str, str]
    query: str
    rules: Sequence[Rule]
    needs: Sequence[str] = field(default_factory=tuple)

    def severities(self) -> list[Severity]:
        """Those that occur, the blocking one first."""
        found = {rule.severity for rule in self.rules}
        return [severity for severity in SEVERITIES if severity in found]


def present(column: str, severity: Severity = "block") -> Rule:
    """No value is missing."""
    return Rule(
        f"{column}_is_present",
        f"Every row has a {column}.",
        severity,
        "ExpectColumnValuesToNotBeNull",
        {"column": column},
        f"select * from {{batch}} where {column} is null",
    )


def matches(column: str, regex: str, says: str, severity: Severity = "block") -> Rule:
    """Every value that is there has the form of ``regex``."""
    return Rule(
        f"{column}_has_its_form",
        says,
        severity,
        "ExpectColumnValuesToMatchRegex",
        {"column": column, "regex": regex},
        f"select * from {{batch}} where {column} !~ '{regex}'",
    )


def one_of(column: str, values: Sequence[str], severity: Severity = "block") -> Rule:
    """Every value that is there is one of ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)
    return Rule(
        f"{column}_is_known",
        f"{column} is one of {', '.join(values)}.",
        severity,
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": list(values)},
        f"select * from {{batch}} where {column} not in ({listed})",
    )


def between(column: str, low: int | None, high: int | None, says: str, severity: Severity = "warn") -> Rule:
    """Every value that is there lies in [low, high]; None leaves an end open."""
    outside = [f"{column} < {low}" if low is not None else "", f"{column} > {high}" if high is not None else ""]
    return Rule(
        f"{column}_is_in_range",
        says,
        severity,
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
        f"select * from {{batch}} where {' or '.join(filter(None, outside))}",
    )


def unique(columns: Sequence[str], severity: Severity = "block") -> Rule:
    """No two rows have the same values in ``columns``."""
    listed = ", ".join(columns)
    alone = len(columns) == 1
    return Rule(
        f"{'_and_'.join(columns)}_is_unique",
        f"There is one row for each {listed}.",
        severity,
        "ExpectColumnValuesToBeUnique" if alone else "ExpectCompoundColumnsToBeUnique",
        {"column": columns[0]} if alone else {"column_list": list(columns)},
        f"select {listed}, count(*) from {{batch}} group by {listed} having count(*) > 1",
    )


def no_rows(name: str, says: str, query: str, severity: Severity = "block", holds_close: bool = False) -> Rule:
    """``query`` over ``{batch}`` finds nothing."""
    return Rule(name, says, severity, "UnexpectedRowsExpectation", {"unexpected_rows_query": query}, query, holds_close)


def never(name: str, says: str, condition: str, severity: Severity = "block") -> Rule:
    """No row fulfils ``condition``."""
    return no_rows(name, says, f"select * from {{batch}} where {condition}", severity)

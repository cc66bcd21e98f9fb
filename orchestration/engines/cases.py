"""Worked cases on other engines than Postgres: what stops one case stops no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa

from ingestion.formats import strict_json
from orchestration.engines.chain import Relation

ZONES = Relation("ops", "tz_transitions")
# A written number, as an engine's message repeats it.
NUMBER = r"-?\d+(?:\.\d+)?"
# What our own macros say where a number has more digits than the engine's.
TOO_MANY_DIGITS = r"an? [a-z ]+ of more than \d+ (?:digits|decimals)"

Case = tuple[str, str, Mapping[str, Any]]
Output = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a case was not computed, in the engine's words; ``needs_digits`` where a number has too many for it."""

    case_id: str
    reason: str
    needs_digits: bool


class Stopped(RuntimeError):
    """The engine stopped the statement; the message is its own."""


@dataclass(frozen=True, slots=True)
class Question:
    """What gives the outputs of an operation's cases, a select as dbt compiled it for the engine, and their ids."""

    query: str
    case_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Digits:
    """The only ways in which an engine's statement stops because a number has more digits than the engine's numbers."""

    told: re.Pattern[str]

    def are_too_many(self, message: str) -> bool:
        """Whether an error of the engine says that, and nothing else."""
        return self.told.match(message) is not None


def given_table(cases: Sequence[Case]) -> pa.Table:
    """Cases (id, operation, inputs) as a table, the inputs as JSON whose numbers are texts: engines read floats."""
    return pa.table(
        {
            "case_id": [case_id for case_id, _, _ in cases],
            "op": [operation for _, operation, _ in cases],
            "inputs": [strict_json.dump(_with_texts(given)) for _, _, given in cases],
        }
    )


def answered(
    ask: Callable[[str, Sequence[str]], list[Output]], questions: Sequence[Question], digits: Digits
) -> list[Output | Stop]:
    """What becomes of the cases of every question; ``ask`` takes a question's query and ids of its cases."""
    found: list[Output | Stop] = []
    for question in questions:
        found += computed(partial(ask, question.query), question.case_ids, digits)
    return found


def computed(
    ask: Callable[[Sequence[str]], list[Output]],
    case_ids: Sequence[str],
    digits: Digits,
    *,
    is_sure_to_stop: bool = False,
) -> list[Output | Stop]:
    """Id and outputs (JSON) of every case that could be computed, and why the others stopped.

    ``ask`` computes cases in one statement, and raises Stopped. One case stops the statement of all, so that halves are
    computed where a whole stops: in the end a case is left out for a reason of its own. What is sure to stop is halved
    at once, because planning a statement takes long.
    """
    if len(case_ids) == 1 or not is_sure_to_stop:
        try:
            return [*ask(case_ids)]
        except Stopped as stopped:
            if len(case_ids) == 1:
                return [Stop(case_ids[0], str(stopped), digits.are_too_many(str(stopped)))]
    middle = len(case_ids) // 2
    first = computed(ask, case_ids[:middle], digits)
    is_first_whole = not any(isinstance(found, Stop) for found in first)
    return first + computed(ask, case_ids[middle:], digits, is_sure_to_stop=is_first_whole)


def _with_texts(node: Any) -> Any:
    """The same document with its numbers as texts."""
    if isinstance(node, Mapping):
        return {name: _with_texts(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_with_texts(element) for element in node]
    if isinstance(node, int | Decimal) and not isinstance(node, bool):
        return format(node, "f") if isinstance(node, Decimal) else str(node)
    return node

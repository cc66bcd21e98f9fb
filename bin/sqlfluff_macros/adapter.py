"""Stands for dbt's ``adapter`` while sqlfluff reads a model: every dispatched macro becomes SQL of the right shape.

Only the shape matters to a linter: a series or a selection is a relation, a keyword itself, everything
else an expression over the columns that it reads.
"""

import re
from collections.abc import Callable, Iterator

COLUMN = re.compile(r"\b[a-z_]\w*\.[a-z_]\w*\b(?!\()")
QUOTED = re.compile(r"'(?:[^']|'')*'")

RELATIONS = {
    "month_series": "month_on",
    "day_series": "day_on",
    "integer_series": "n",
    "json_array_elements": "element, position",
    "json_each": "key, value",
}
SELECTIONS = frozenset({"first_of_each"})
KEYWORDS = {"once": "materialized", "json_object": "jsonb_build_object"}


def dispatch(name: str, _project: str = "") -> Callable[..., str]:
    """A function of the macro's arguments that gives a placeholder for its SQL."""

    def expression(*arguments: object, **_named: object) -> str:
        if name in SELECTIONS:
            return "(select * from records)"
        if name in KEYWORDS:
            return KEYWORDS[name]
        if name in RELATIONS:
            return f"lateral (select 1) as {arguments[-1]} ({RELATIONS[name]})"
        return f"{name}({', '.join(_columns(arguments))})"

    return expression


def _columns(arguments: tuple[object, ...] | list[object]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, str):
            yield from COLUMN.findall(QUOTED.sub("", argument))
        elif isinstance(argument, (tuple, list)):
            yield from _columns(list(argument))

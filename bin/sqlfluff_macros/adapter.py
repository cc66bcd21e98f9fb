"""Stands for dbt's ``adapter`` while sqlfluff reads a model: every dispatched macro becomes SQL of the right shape.

Only the shape matters to a linter: a series or a selection is a relation, a keyword itself, everything
else an expression.
"""

from collections.abc import Callable

RELATIONS = {
    "month_series": "month_on",
    "day_series": "day_on",
    "integer_series": "n",
    "json_array_elements": "element, position",
}
SELECTIONS = frozenset({"first_of_each"})
KEYWORDS = {"once": "materialized"}


def dispatch(name: str, _project: str = "") -> Callable[..., str]:
    """A function of the macro's arguments that gives a placeholder for its SQL."""

    def expression(*arguments: object, **_named: object) -> str:
        if name in SELECTIONS:
            return "(select * from records)"
        if name in KEYWORDS:
            return KEYWORDS[name]
        if name in RELATIONS:
            return f"lateral (select 1) as {arguments[-1]} ({RELATIONS[name]})"
        return f"{name}({', '.join(str(argument) for argument in arguments if isinstance(argument, str))})"

    return expression

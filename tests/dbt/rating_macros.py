"""The rating macros of the dbt project as Python callables that return SQL: one statement runs over any case.

The files are the ones that the models use; only dbt's dispatch is replaced: Postgres' body, else the default one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.environment import TemplateModule

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros"
FOLDERS = ("engine", "rating")
PRICES_OF_CASES = MACROS / "conformance_prices.sql"


class PostgresBodies:
    """Stands for dbt's ``adapter`` on Postgres: dispatches to the ``postgres__`` body, else to ``default__``."""

    def __init__(self) -> None:
        """Start empty; the macros come once they are compiled."""
        self.macros: TemplateModule | None = None

    def dispatch(self, name: str, _project: str) -> Callable[..., str]:
        """The body of a dispatched macro."""
        default = getattr(self.macros, f"default__{name}", None)
        body: Callable[..., str] = getattr(self.macros, f"postgres__{name}", default)
        return body


@cache
def rating_macros() -> Any:
    """A namespace of all macros: ``rating_macros().round_as("2.5", "0", "mode")`` is a SQL expression."""
    adapter = PostgresBodies()
    # SQL text, not HTML: escaping would change it
    environment = Environment(undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701
    environment.globals.update(adapter=adapter, source="{}.{}".format, **{"return": lambda value: value})
    files = [file for folder in FOLDERS for file in sorted((MACROS / folder).glob("*.sql"))]
    files.append(PRICES_OF_CASES)
    adapter.macros = environment.from_string("\n".join(file.read_text() for file in files)).module
    return adapter.macros

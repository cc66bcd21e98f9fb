"""The models of the dbt project as plain SQL: a `ref` or `source` is a table of that name on the search path.

The files are the ones that dbt runs; only `ref`, `source`, `config` and dbt's dispatch are replaced. So a model can be
run over thousands of generated cases in one session, without a dbt process for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.environment import TemplateModule

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
FOLDERS = ("engine", "rating", "revenue", "reconciliation")
OF_CASES = ("conformance_revrec.sql",)


class PostgresBodies:
    """Stands for dbt's `adapter` on Postgres: dispatches a macro to its `postgres__` body, else to `default__`."""

    def __init__(self) -> None:
        """Start empty; the macros come once they are compiled."""
        self.macros: TemplateModule | None = None

    def dispatch(self, name: str, _project: str) -> Callable[..., str]:
        """The default body of a dispatched macro."""
        default = getattr(self.macros, f"default__{name}", None)
        body: Callable[..., str] = getattr(self.macros, f"postgres__{name}", default)
        return body


def compiled_macros(
    folders: Sequence[str], of_cases: Sequence[str], words: Mapping[str, Callable[..., Any]]
) -> tuple[Environment, TemplateModule]:
    """The macros of these folders and files, compiled with what stands for dbt's own words, and their environment."""
    adapter = PostgresBodies()
    # SQL text, not HTML: escaping would change it
    environment = Environment(undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701
    environment.globals.update({"adapter": adapter, "return": lambda value: value, **words})
    files = [file for folder in folders for file in sorted((PROJECT / "macros" / folder).glob("*.sql"))]
    files += [PROJECT / "macros" / name for name in of_cases]
    adapter.macros = environment.from_string("\n".join(file.read_text("utf-8") for file in files)).module
    return environment, adapter.macros


@cache
def _environment() -> Environment:
    environment, macros = compiled_macros(
        FOLDERS,
        OF_CASES,
        {
            "ref": lambda name: name,
            "source": lambda _schema, name: name,
            "config": lambda **_: "",
            "is_incremental": lambda: False,
        },
    )
    environment.globals.update({name: macro for name, macro in vars(macros).items() if not name.startswith("_")})
    return environment


def expression(template: str) -> str:
    """A SQL expression written with macros, rendered: `expression("{{ add_days('d', 1) }}")`."""
    return _environment().from_string(template).render()


def model_query(name: str, **relations: Callable[..., str]) -> str:
    """The query of a model; ``ref`` and ``source`` say where its tables are, if not on the search path.

    Raises ValueError when the project has no model of that name, or several.
    """
    files = list((PROJECT / "models").rglob(f"{name}.sql"))
    if len(files) != 1:
        raise ValueError(f"{len(files)} models are named {name}")
    return _environment().from_string(files[0].read_text("utf-8")).render(**relations)

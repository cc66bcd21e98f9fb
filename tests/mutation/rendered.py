"""The conformance models as SQL, rendered from the project's files with some text changed: what a mutated rule gives.

dbt renders the same files in `tieout conformance`; here they are rendered without it, so that a change costs a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MACROS = ("engine", "rating", "revenue")
MODELS = PROJECT / "models" / "conformance"


class Rendered:
    """The macros, with `changed` texts (by path below macros/) in place of the files', and models that call them."""

    def __init__(self, changed: Mapping[str, str] | None = None) -> None:
        """Compile the macros."""
        texts = {path.relative_to(PROJECT / "macros").as_posix(): path.read_text("utf-8") for path in _macro_files()}
        # SQL text, not HTML: escaping would change it
        self._environment = Environment(
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701
            extensions=["jinja2.ext.do"],
        )
        self._model = SimpleNamespace(name="")
        self._environment.globals.update(
            adapter=self,
            model=self._model,
            source=lambda system, name: f"{system}.{name}",
            exceptions=SimpleNamespace(raise_compiler_error=_refuse),
            **{"return": lambda value: value},
        )
        module = self._environment.from_string("\n".join([*{**texts, **(changed or {})}.values()])).module
        self._macros = {name: value for name, value in vars(module).items() if not name.startswith("_")}
        self._environment.globals.update(self._macros)

    def dispatch(self, name: str, _project: str) -> Callable[..., str]:
        """The body of a dispatched macro, that of Postgres where it has one."""
        body: Callable[..., str] = self._macros.get(f"postgres__{name}") or self._macros[f"default__{name}"]
        return body

    def operations(self, subject: str = "rating") -> dict[str, str]:
        """SQL of every operation's model, by operation."""
        found = sorted((MODELS / subject).rglob(f"conformance_{subject}__*.sql"))
        return {path.stem.split("__", 1)[1]: self.model(path) for path in found}

    def model(self, path: Path) -> str:
        """SQL of one model."""
        self._model.name = path.stem
        return self._environment.from_string(path.read_text("utf-8")).render()


def _macro_files() -> list[Path]:
    folders = [path for folder in MACROS for path in sorted((PROJECT / "macros" / folder).glob("*.sql"))]
    return [*folders, *sorted((PROJECT / "macros").glob("conformance*.sql"))]


def _refuse(message: str) -> Any:
    raise ValueError(message)

"""The conformance models as SQL, rendered from the project's files with some text changed: what a mutated rule gives.

dbt renders the same files in `tieout conformance`; here they are rendered without it, so that a change costs a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MACROS = ("engine", "rating", "revenue")
MODELS = PROJECT / "models" / "conformance"
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\(")


class Rendered:
    """The macros, with `changed` texts (by path below macros/) in place of the files', and models that call them."""

    def __init__(self, changed: Mapping[str, str] | None = None, engine: str = "postgres") -> None:
        """Compile the macros."""
        self._engine = engine
        texts = {path.relative_to(PROJECT / "macros").as_posix(): path.read_text("utf-8") for path in _macro_files()}
        self._environment = _environment()
        self._model = SimpleNamespace(name="")
        self._environment.globals.update(
            adapter=self,
            model=self._model,
            source=lambda system, name: f"{system}.{name}",
            exceptions=SimpleNamespace(raise_compiler_error=_refuse),
            **{"return": lambda value: value},
        )
        # A macro may be called by files that come before its own, so a name stands for it until it is called.
        self._macros: dict[str, Callable[..., str]] = {}
        named = {name for text in texts.values() for name in MACRO.findall(text)}
        self._environment.globals.update({name: self._later(name) for name in named})
        for path, text in {**texts, **(changed or {})}.items():
            module = self._template(text, path).module
            self._macros |= {name: macro for name, macro in vars(module).items() if name in named}

    def _later(self, name: str) -> Callable[..., str]:
        def called(*arguments: Any, **options: Any) -> str:
            return self._macros[name](*arguments, **options)

        return called

    def _template(self, text: str, name: str) -> Template:
        return Template.from_code(self._environment, _code(text, name), self._environment.globals)

    def dispatch(self, name: str, _project: str) -> Callable[..., str]:
        """The body of a dispatched macro, that of the engine where it has one."""
        body: Callable[..., str] = self._macros.get(f"{self._engine}__{name}") or self._macros[f"default__{name}"]
        return body

    def macro(self, name: str) -> Callable[..., str]:
        """A macro, to be called with its arguments."""
        return self._macros[name]

    def operations(self, subject: str = "rating") -> dict[str, str]:
        """SQL of every operation's model, by operation."""
        found = sorted((MODELS / subject).rglob(f"conformance_{subject}__*.sql"))
        return {path.stem.split("__", 1)[1]: self.model(path) for path in found}

    def model(self, path: Path) -> str:
        """SQL of one model."""
        self._model.name = path.stem
        return self._template(path.read_text("utf-8"), path.name).render()


def _environment() -> Environment:
    # SQL text, not HTML: escaping would change it
    return Environment(undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701


@cache
def _code(text: str, name: str) -> CodeType:
    return _environment().compile(text, name, name)


def _macro_files() -> list[Path]:
    folders = [path for folder in MACROS for path in sorted((PROJECT / "macros" / folder).glob("*.sql"))]
    return [*folders, *sorted((PROJECT / "macros").glob("conformance*.sql"))]


def _refuse(message: str) -> Any:
    raise ValueError(message)

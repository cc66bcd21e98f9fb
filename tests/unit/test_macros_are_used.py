"""Every macro of the dbt project is reached from a model, a test or dbt itself: none is kept for its own sake."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
DEFINED = re.compile(
    r"{%-?\s*(?:macro|test|materialization)\s+(\w+)(.*?){%-?\s*end(?:macro|test|materialization)", re.DOTALL
)
JINJA = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
GENERIC_TEST = re.compile(r"{%-?\s*test\s+(\w+)")
WORD = re.compile(r"\w+")
TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
DISPATCH = re.compile(r"dispatch\('(\w+)'")
# Called by dbt by their names: where a model's schema comes from, the strategies that models name in a config, and what
# it asks an engine before it runs.
CALLED_BY_DBT = re.compile(r"generate_schema_name|get_incremental_\w+_sql|spark__list_schemas")
DISPATCHED = ("default__", "postgres__", "duckdb__", "spark__")


def definitions(texts: list[str]) -> dict[str, str]:
    """Text of every macro and generic test, by name."""
    return {name: body for text in texts for name, body in DEFINED.findall(COMMENT.sub("", text))}


def called(sql: str) -> set[str]:
    """Names in what is not plain SQL, and bodies that are dispatched to; a column may be named as a macro is."""
    blocks = JINJA.findall(COMMENT.sub("", sql))
    names = {word for block in blocks for word in WORD.findall(TEXT.sub("", block))}
    return names | {prefix + name for block in blocks for name in DISPATCH.findall(block) for prefix in DISPATCHED}


def unreached(macros: dict[str, str], callers: set[str]) -> set[str]:
    """Macros that neither the callers nor a macro that they reach say the name of."""
    names = set(macros)
    reached = {name for name in names if CALLED_BY_DBT.fullmatch(name)} | names & callers
    to_read = list(reached)
    while to_read:
        name = to_read.pop()
        found = (names & called(macros[name])) - reached
        reached |= found
        to_read += found
    return names - reached


def texts_of(folder: str, *suffixes: str) -> list[str]:
    """Contents of the files of a folder."""
    return [path.read_text("utf-8") for path in sorted((PROJECT / folder).rglob("*")) if path.suffix in suffixes]


def test_every_macro_is_reached_from_a_model_or_a_test() -> None:
    statements = [*texts_of("models", ".sql"), *texts_of("tests", ".sql")]
    settings = [
        *texts_of("models", ".yml"),
        *texts_of("seeds", ".yml"),
        (PROJECT / "dbt_project.yml").read_text("utf-8"),
    ]
    generic_tests = {name for text in texts_of("macros", ".sql") for name in GENERIC_TEST.findall(text)}
    named = {word for text in settings for word in WORD.findall(text)}
    callers = called("\n".join([*statements, *settings])) | (generic_tests & named)
    macros = definitions(texts_of("macros", ".sql"))
    assert len(macros) > 200
    assert sorted(unreached(macros, callers)) == []


def test_a_macro_that_only_another_unused_one_calls_is_found() -> None:
    text = """
        {% macro used(x) %}{{ return(adapter.dispatch('used', 'tieout')(x)) }}{% endmacro %}
        {% macro default__used(x) %}{{ inner(x) }}{% endmacro %}
        {% macro inner(x) %}x{% endmacro %}
        {#- dead_inner is named in a comment -#}
        {% macro dead(x) %}{{ dead_inner(x) }}{% endmacro %}
        {% macro dead_inner(x) %}x{% endmacro %}
    """
    assert unreached(definitions([text]), called("select {{ used('a') }}, dead")) == {"dead", "dead_inner"}

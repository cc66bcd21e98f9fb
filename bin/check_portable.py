"""Looks for SQL that means something else on another engine, or nothing, in what runs on several engines.

That is every model of dbt's selector `usage_chain` and every macro that they reach. What has to be said in an
engine's own words stands in dbt_project/macros/engine, which is not looked at. Prints `file:line: what` for each and
exits 1.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
ENGINE = "engine"
CHAIN = "usage_chain"
COMMENT = re.compile(r"{#.*?#}|--[^\n]*", re.DOTALL)
CONFIG = re.compile(r"{{-?\s*config\(.*?\)\s*}}\s*$", re.DOTALL | re.MULTILINE)
JINJA = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)(.*?){%-?\s*endmacro", re.DOTALL)
REF = re.compile(r"\bref\('(\w+)'\)")
WORD = re.compile(r"\b\w+\b")
RULES = {
    "QUALIFY is not in Postgres: filter a CTE by its window function": r"\bqualify\b",
    "DISTINCT ON is Postgres' alone: use first_of_each()": r"\bdistinct\s+on\b",
    "a :: cast: Spark reads x::numeric as whole numbers; write cast(x as ...)": r"::",
    "concat() of a null is null on Spark alone: use || and coalesce": r"\bconcat(_ws)?\s*\(",
    "TRY_CAST is not in Postgres": r"\btry_cast\b",
    "last_day() is not in Postgres: use add_months_to_date(month_start(x), 1) and add_days()": r"\blast_day\s*\(",
    "aggregates with an order differ: use joined_text() or joined_in_order()": r"\b(string_agg|array_agg|listagg)\s*\(",
    "UNNEST and its like differ: use the series and the JSON macros": r"\b(unnest|explode|generate_series)\s*\(",
    "IGNORE NULLS is not in Postgres": r"\bignore\s+nulls\b",
    "a quotient is a double on DuckDB: use divide(), quotient() or whole_ratio()": r"\s/\s",
    "numeric is a decimal of other digits elsewhere: use exact_number()": r"\bas\s+(numeric|decimal)\b",
    "binary floats round differently": r"\b(float\d*|double|real)\b",
    "sign() is a double on Spark: use a case": r"\bsign\s*\(",
    "trunc() of a decimal differs: use whole_quotient()": r"\btrunc\s*\(",
    "text is no type of Spark: use text_type()": r"\bas\s+text\s*\)",
    "zone databases differ: use the macros of time.sql": r"\bat\s+time\s+zone\b|\bwith\s+time\s+zone\b",
    "dates as text differ: use date_text(), month_text() or instant_text()": r"\b(to_char|strftime|date_format)\s*\(",
    "extract(epoch) is a double on DuckDB: use seconds_between()": r"\bextract\s*\(\s*epoch\b",
    "JSON is opened by the macros of json.sql": r"->>?|#>>?|\bjsonb_\w+\s*\(|\bjson_(build|each|extract)\w*\s*\(",
    "a regular expression operator is Postgres' alone": r"\s!?~\*?\s+'\^|\bsimilar\s+to\b",
    "the clock of the machine is no business time": r"\bnow\(\)|\bcurrent_(date|timestamp)\b",
}
# Looked for outside Jinja, whose own texts may stand in double quotes.
QUOTED = ("a quoted identifier is a text on Spark", r'"')


def findings(text: str) -> list[tuple[int, str]]:
    """Line and complaint of every construct of a model's or macro's text that is not portable."""
    sql = COMMENT.sub(_blank, text)
    outside = JINJA.sub(_blank, CONFIG.sub(_blank, sql))
    found = [(hit.start(), what) for what, pattern in RULES.items() for hit in re.finditer(pattern, sql, re.IGNORECASE)]
    found += [(hit.start(), QUOTED[0]) for hit in re.finditer(QUOTED[1], outside)]
    return sorted({(sql.count("\n", 0, place) + 1, what) for place, what in found})


def chain_of(selector: Mapping[str, object], models: Mapping[str, str], macros: Mapping[str, str]) -> set[str]:
    """Names of the models that a selector of dbt names: an intersection of two unions of `x+` and `+x`."""
    parents = {name: _refs(text, macros) & models.keys() for name, text in models.items()}
    children: dict[str, set[str]] = {name: set() for name in models}
    for name, above in parents.items():
        for parent in above:
            children[parent].add(name)
    sides = []
    for side in selector["definition"]["intersection"]:  # type: ignore[index]
        members: set[str] = set()
        for named in side.get("union", [side]):
            members |= _reached(named["value"], children if named.get("children") else parents)
        sides.append(members)
    return set.intersection(*sides)


def reached_macros(texts: Iterable[str], macros: Mapping[str, str]) -> set[str]:
    """Names of the macros that texts call, directly or through others."""
    reached: set[str] = set()
    to_read = list(texts)
    while to_read:
        called = (_words_in_jinja(to_read.pop()) & macros.keys()) - reached
        reached |= called
        to_read += [macros[name] for name in called]
    return reached


def portable_files() -> dict[Path, str]:
    """The text of every model of the chain, and of every macro that it reaches outside the folder of the engines."""
    paths = {path.stem: path for path in sorted((PROJECT / "models").rglob("*.sql"))}
    models = {name: path.read_text("utf-8") for name, path in paths.items()}
    files = {path: path.read_text("utf-8") for path in sorted((PROJECT / "macros").rglob("*.sql"))}
    macros = {name: body for text in files.values() for name, body in MACRO.findall(COMMENT.sub("", text))}
    selectors = yaml.safe_load((PROJECT / "selectors.yml").read_text("utf-8"))["selectors"]
    [selector] = [selector for selector in selectors if selector["name"] == CHAIN]
    chain = chain_of(selector, models, macros)
    reached = reached_macros((models[name] for name in chain), macros)
    looked_at = {paths[name]: models[name] for name in sorted(chain)}
    for path, text in files.items():
        if path.parent.name != ENGINE and reached & {name for name, _ in MACRO.findall(text)}:
            looked_at[path] = _only(text, reached)
    return looked_at


def main() -> int:
    """Print what is found."""
    files = portable_files()
    found = [
        f"{path.relative_to(PROJECT.parent)}:{line}: {what}"
        for path, text in files.items()
        for line, what in findings(text)
    ]
    print("\n".join(found) if found else f"{len(files)} files say what every engine understands alike.")
    return 1 if found else 0


def _only(text: str, names: set[str]) -> str:
    """A file of macros with every other macro blanked out, line by line as it was."""
    return MACRO.sub(lambda hit: hit.group() if hit.group(1) in names else _blank(hit), text)


def _refs(text: str, macros: Mapping[str, str]) -> set[str]:
    texts = [text, *(macros[name] for name in reached_macros([text], macros))]
    return {name for body in texts for name in REF.findall(body)}


def _words_in_jinja(text: str) -> set[str]:
    return {word for block in JINJA.findall(COMMENT.sub("", text)) for word in WORD.findall(block)}


def _reached(name: str, edges: Mapping[str, set[str]]) -> set[str]:
    reached = {name}
    to_follow = [name]
    while to_follow:
        further = edges[to_follow.pop()] - reached
        reached |= further
        to_follow += further
    return reached


def _blank(hit: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", hit.group())


if __name__ == "__main__":
    sys.exit(main())

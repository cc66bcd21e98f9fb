"""No binary float touches money or a quantity: every place in the code that could make one is known, with its reason.

Looked for are float literals, `float`, true division, float types of pandas, numpy and pyarrow, modules that draw or
compute in floats, and JSON that is read without saying what its numbers become; in SQL, types and functions that are
inexact on some engine. A new place either goes, or is added to KNOWN with the reason why it holds no figure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("expectations", "ingestion", "orchestration", "warehouse")
FLOAT_TYPES = {"complex", "double", "float", "float16", "float32", "float64", "real"}
FLOAT_MODULES = {"cmath", "math", "numpy", "pandas", "random", "statistics"}
JSON_READERS = {"json", "load", "loads", "read_csv", "read_json"}
# What a division of pathlib starts with, where none of its parts is a text.
PATHS = re.compile(
    r"(?:\w*(?:folder|landing|root|place|home|below)|[A-Z_]*(?:ROOT|MODELS|PROJECT))(?:\(|\.|$)|Path\(|_folder\(|self\.root$"
)

SECONDS = "seconds that the machine waits or took"
OWN_JSON = "JSON of our own or of a tool: names, counts and states, no amount"
TEXTS = "statements, ids and outputs, each of them a text"
REFUSAL = "what an API says when it refuses: codes and texts"
DECIMALS = "Decimals, as the types say: an int divided by an int would not be accepted by what takes the result"
PATH = "a path"
MASKS = "places of bytes and masks of rows; whole numbers and booleans"
SEEDS = "draws whole numbers"
KNOWN: dict[str, dict[str, str]] = {
    SECONDS: {
        "ingestion/delivery.py": "_age: float",
        "ingestion/sources/salesforce_api.py": "SalesforceSettings: float",
        "ingestion/sources/stripe_reader.py": (
            "StripeSettings: float | __init__: 0.5 | _wait: float | _retry_after: float"
        ),
        "ingestion/sources/stripe_webhooks.py": "WebhookSettings: float | rotating: float",
        "ingestion/sources/web.py": (
            "__init__: float | CallSettings: float | _body: float | __init__: 0.5 | _wait: float | asked_wait: float"
        ),
        "ingestion/stores.py": "Stat: float",
        "orchestration/build.py": "BuildResult: float | building: float",
        "orchestration/close/reproduction.py": "Reproduction: float",
        "orchestration/dbt_process.py": "NodeResult: float",
        "orchestration/dbt_worker.py": "run: float",
        "warehouse/cluster.py": "_settled: 0.1",
        "warehouse/lock.py": "writer_lock: float | writer_lock: 0.2",
    },
    OWN_JSON: {
        "ingestion/landing.py": "book_of: json.loads",
        "ingestion/sample_company/world.py": "_claim: json.loads",
        "ingestion/sources/delivered_file.py": "_manifest: json.loads",
        "ingestion/sources/stripe_work.py": "plan: json.loads | state: json.loads",
        "orchestration/assets/models.py": "<module>: json.loads",
        "orchestration/close/package/manifest.py": "_read: json.loads",
        "orchestration/lake/days.py": "current_plan: json.loads",
        "orchestration/dbt_process.py": "_events: json.loads",
        "orchestration/dbt_worker.py": "main: json.loads",
        "orchestration/engines/chain.py": "chain: json.loads",
        "orchestration/engines/spark.py": "_await_workers: json.load",
        "orchestration/engines/spark_session.py": "main: json.load",
        "orchestration/sensors.py": "landing_folder_sensor: json.loads",
    },
    TEXTS: {
        "orchestration/engines/spark_cases.py": "compute: json.loads | main: json.load",
    },
    REFUSAL: {
        "ingestion/sources/netsuite_api.py": "_raise_for: response.json",
        "ingestion/sources/salesforce_api.py": "_raise_for: response.json",
    },
    DECIMALS: {
        "ingestion/sample_company/bill_contracts.py": "stub_gross: /",
        "ingestion/sample_company/bill_subscriptions.py": "proration_lines: /",
        "ingestion/sample_company/card_payments.py": "_credit: /",
        "ingestion/sample_company/catalogue.py": "rate: / | fx_rates: /",
        "ingestion/sample_company/documents.py": "settle_totals: /",
        "ingestion/sample_company/faults_stripe_lines.py": "_proration: /",
        "ingestion/sample_company/faults_usage.py": "usage_labels: /",
        "ingestion/sample_company/usage.py": "quantity: /",
        "ingestion/sample_company/wire_payments.py": "_credit_memo: /",
        "ingestion/sample_company/write_control_totals.py": "_row: /",
        "ingestion/sample_company/write_erp.py": "_master_data: / | _exchange_rate: /",
        "ingestion/sample_company/write_stripe.py": "_summaries: /",
    },
    PATH: {
        "ingestion/sample_company/landing_files.py": "write: /",
        "orchestration/close/package/write.py": "_put: / | write_package: /",
        "warehouse/binaries.py": "program: / | reachable: / | _copy: /",
    },
    MASKS: {
        "ingestion/formats/cloudevents.py": "<module>: numpy",
        "ingestion/formats/cloudevents_parquet.py": "<module>: numpy",
        "ingestion/lake.py": "<module>: numpy",
        "ingestion/sensitive.py": "<module>: numpy",
        "ingestion/usage.py": "<module>: numpy",
    },
    SEEDS: {
        "ingestion/sample_company/randomness.py": "<module>: random",
        "ingestion/sample_company/roster.py": "<module>: random",
        "ingestion/sample_company/usage.py": "<module>: random",
        "ingestion/sample_company/usage_lines.py": "<module>: random",
    },
    "how alike two keys of a catalogue are spelt": {"ingestion/formats/catalogue.py": "<module>: 0.8"},
    "a column of doubles that someone delivers: its shortest decimal is kept, and what is not finite refused": {
        "ingestion/formats/parquet.py": "_plain: float | <module>: math"
    },
    "every column is declared, quantities as decimals": {"ingestion/formats/cloudevents.py": "_json: pj.read_json"},
    "names a type of the API, which is read as text": {"ingestion/sources/salesforce_api.py": "<module>: 'double'"},
    "Decimals, as they are shown": {"orchestration/commands/traced_line.py": "_discounts_and_taxes: /"},
    "inches of a printed sheet's margins": {
        "orchestration/close/package/book.py": "sheet: 0.5 | sheet: 0.6 | sheet: 0.7"
    },
    "how far a progress bar is": {"orchestration/commands/demo.py": "heard: /"},
    "gibibytes of a disk, as words": {"warehouse/machine_checks.py": "disk_space: /"},
}
INEXACT_SQL = re.compile(
    r"\b(?:double(?! entry)|float[48]?|real)\b"
    r"|\b(?:exp|ln|log|sqrt|cbrt|random|stddev\w*|var(?:iance|_pop|_samp)|regr_\w+|corr)\s*\("
    r"|(?<![\w'])\d+(?:\.\d+)?e[-+]?\d+\b",
    re.IGNORECASE,
)
NOT_SQL = re.compile(r"\{#.*?#\}|--[^\n]*|/\*.*?\*/", re.DOTALL)


class Suspects(ast.NodeVisitor):
    """Collects `scope: what` of everything in a module that could make a float; a scope is a function or a class."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._scopes = ["<module>"]

    def visit(self, node: ast.AST) -> None:
        is_scope = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_scope:
            self._scopes.append(node.name)
        self.found += [f"{self._scopes[-1]}: {what}" for what in _suspicious(node)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not list(_suspicious(node)):
            for part in _divided(node):
                self.visit(part)
        else:
            self.generic_visit(node)
        if is_scope:
            self._scopes.pop()


def _suspicious(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=float() | complex() as value):
            yield repr(value)
        case ast.Constant(value=str() as value) if value.lower() in FLOAT_TYPES - {"float"}:
            yield repr(value)
        case ast.Name(id=name) if name in {"float", "complex"}:
            yield name
        case ast.Attribute(attr=name) if name in FLOAT_TYPES:
            yield name
        case ast.BinOp(op=ast.Div()) if not _is_path(node):
            yield "/"
        case ast.AugAssign(op=ast.Div()):
            yield "/"
        case ast.Call(func=ast.Attribute(attr=name, value=owner), keywords=named) if (
            name in JSON_READERS
            and (name != "load" or ast.unparse(owner) == "json")
            and "parse_float" not in {keyword.arg for keyword in named}
        ):
            yield ast.unparse(node.func)
        case ast.Import(names=aliases):
            yield from (alias.name for alias in aliases if alias.name.partition(".")[0] in FLOAT_MODULES)
        case ast.ImportFrom(module=str() as module) if module.partition(".")[0] in FLOAT_MODULES:
            yield module


def _divided(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_divided(node.left), node.right]
    return [node]


def _is_path(node: ast.BinOp) -> bool:
    first, *others = _divided(node)
    texts = [isinstance(part, ast.JoinedStr) or _is_text(part) for part in others]
    return any(texts) or PATHS.match(ast.unparse(first)) is not None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def suspects_of(text: str) -> list[str]:
    """Everything in a module's text that could make a float."""
    visitor = Suspects()
    visitor.visit(ast.parse(text))
    return visitor.found


def known() -> set[tuple[str, str]]:
    """The list above as (file, place)."""
    return {
        (file, place) for files in KNOWN.values() for file, places in files.items() for place in places.split(" | ")
    }


def test_no_code_that_moves_or_shows_figures_makes_a_float() -> None:
    """What could is named in KNOWN with its reason, and nothing stands there that is gone."""
    found = {
        (path.relative_to(ROOT).as_posix(), place)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for place in suspects_of(path.read_text("utf-8"))
    }
    assert sorted(found - known()) == [], "could make a float: use Decimal, or say in KNOWN why it holds no figure"
    assert sorted(known() - found) == [], "is gone: take it out of KNOWN"


@pytest.mark.parametrize(
    "code",
    [
        "price = 0.1",
        "price = float(text)",
        "price = amount / 100",
        "amount /= 100",
        "share = part / whole / 2",
        "columns = {'amount': pa.float64()}",
        "frame = frame.astype('float64')",
        "rows = json.loads(text)",
        "rows = response.json()",
        "import pandas as pd",
        "from math import ceil",
        "def amount(value: float) -> None: ...",
    ],
)
def test_a_float_put_into_the_code_is_found(code: str) -> None:
    """In each of the ways in which one comes in."""
    assert suspects_of(code), code


def test_paths_and_exact_numbers_are_no_floats() -> None:
    """What the list above must not be needed for."""
    assert suspects_of("a = folder / name\nb = ROOT / 'x' / name\nc = Decimal('0.1') * 3 // 2\nd = 7 // 2") == []
    assert suspects_of("rows = json.loads(text, parse_float=Decimal)") == []


def sql_files() -> list[Path]:
    """SQL of the models, macros, tests and migrations."""
    folders = [ROOT / "dbt_project" / name for name in ("macros", "models", "tests")]
    return [path for folder in [*folders, ROOT / "warehouse" / "migrations"] for path in sorted(folder.rglob("*.sql"))]


# Outside Postgres, the whole part of a quotient is guessed as a double and proved by multiplying back.
PROVED_GUESS = {"dbt_project/macros/engine/numbers.sql": "double"}


def test_no_sql_names_an_inexact_type_or_function() -> None:
    """Neither doubles nor what some engine computes in them: logarithms, roots, literals with an exponent."""
    found = {
        path.relative_to(ROOT).as_posix(): hit.group()
        for path in sql_files()
        for hit in INEXACT_SQL.finditer(NOT_SQL.sub("", path.read_text("utf-8")))
    }
    assert found == PROVED_GUESS


@pytest.mark.parametrize(
    "statement",
    ["select cast(a as double precision)", "select a::float8", "select 1e-2 * a", "select exp(sum(ln(a)))", "a real"],
)
def test_an_inexact_type_put_into_sql_is_found(statement: str) -> None:
    """In each of the ways in which one comes in."""
    assert INEXACT_SQL.search(NOT_SQL.sub("", statement)), statement

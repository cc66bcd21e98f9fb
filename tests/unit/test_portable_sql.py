"""What runs on several engines says only what all of them understand alike, and what does not is found."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def checker() -> ModuleType:
    """bin/check_portable.py, which is no package."""
    spec = importlib.util.spec_from_file_location("check_portable", ROOT / "bin" / "check_portable.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECK = checker()


def test_the_usage_chain_is_portable() -> None:
    files = CHECK.portable_files()
    names = {path.stem for path in files}
    assert {"int_usage__daily", "fct_expected_invoice_lines", "fct_revenue_schedules", "tiers", "compare"} <= names
    assert not {path for path in files if path.parent.name == "engine"}
    assert {str(path): CHECK.findings(text) for path, text in files.items() if CHECK.findings(text)} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "select a qualify row_number() over (order by a) = 1",
        "select distinct on (a) a, b from t",
        "select a::numeric from t",
        'select "a" from t',
        "select concat(a, b) from t",
        "select try_cast(a as bigint) from t",
        "select last_day(a) from t",
        "select string_agg(a, ',' order by a) from t",
        "select array_agg(a) from t",
        "select unnest(a) from t",
        "select * from generate_series(1, 2)",
        "select lag(a) ignore nulls over (order by b) from t",
        "select amount_minor / 3 from t",
        "select {{ times('a', 'b / c') }} from t",
        "select cast(a as numeric) from t",
        "select cast(a as decimal(18, 2)) from t",
        "select cast(a as double) from t",
        "select trunc(a, 2) from t",
        "select sign(a) * b from t",
        "select cast(a as text) from t",
        "select cast(a at time zone 'UTC' as date) from t",
        "select to_char(a, 'YYYY') from t",
        "select extract(epoch from a) from t",
        "select a ->> 'b' from t",
        "select a ~ '^b' from t",
        "select now()",
    ],
)
def test_what_another_engine_reads_otherwise_is_found(sql: str) -> None:
    found = CHECK.findings(f"-- a comment :: is no cast\n{sql}\n")
    assert [line for line, _ in found] == [2], found


def test_comments_and_the_settings_of_a_model_are_no_sql() -> None:
    text = """{{ config(
        pre_hook="{{ a() }}",
        indexes=[{'columns': ["b"]}],
    ) }}
    {#- once / twice, x::numeric -#}
    select {{ c("d") }} -- or "e"
    """
    assert CHECK.findings(text) == []


def test_the_chain_is_what_is_below_one_side_of_the_selector_and_above_the_other() -> None:
    models = {
        "raw_events": "select 1",
        "daily": "select * from {{ events() }}",
        "prices": "select 1",
        "rated": "select * from {{ ref('daily') }} cross join {{ ref('prices') }}",
        "mart": "select * from {{ ref('rated') }}",
        "aside": "select * from {{ ref('daily') }}",
    }
    macros = {"events": "() %}select * from {{ ref('raw_events') }}"}
    below = {"value": "raw_events", "children": True}
    selector = {"definition": {"intersection": [below, {"union": [{"value": "mart", "parents": True}]}]}}
    assert CHECK.chain_of(selector, models, macros) == {"raw_events", "daily", "rated", "mart"}

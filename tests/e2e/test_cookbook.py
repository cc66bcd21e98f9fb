"""Every query of the cookbook runs on the built sample as the role `analyst`, and answers."""

import re
from pathlib import Path

import pytest

from warehouse.connection import connect

COOKBOOK = Path(__file__).resolve().parents[2] / "docs" / "cookbook.sql"
QUERIES = dict(re.findall(r"^-- name: (.+?)\n(.*?;)$", COOKBOOK.read_text("utf-8"), re.MULTILINE | re.DOTALL))


def test_there_are_queries_to_begin_with():
    assert len(QUERIES) >= 8


@pytest.mark.parametrize("name", QUERIES)
def test_the_query_answers(built_sample, monkeypatch, name):
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", built_sample.url)
    with connect("analyst") as connection:
        rows = connection.execute(QUERIES[name]).fetchall()
    assert rows, name


@pytest.mark.parametrize("name", QUERIES)
def test_the_query_says_its_grain(name):
    assert re.match(r"-- One row ", QUERIES[name])


@pytest.mark.parametrize("name", QUERIES)
def test_a_sum_of_money_keeps_its_currency(name):
    if "_minor" in QUERIES[name]:
        assert "currency" in QUERIES[name].split("from", 1)[0] or "currency" in QUERIES[name].rsplit("select", 1)[1]

"""The analyst's tour runs on the built sample: as a program, and rendered as the app that `make notebook` serves."""

import socket
import subprocess
import sys
import time
import urllib.request

import psycopg
import pytest

from warehouse.connection import connect

NOTEBOOK = "notebooks/analyst_tour.py"


@pytest.fixture
def url(built_sample, monkeypatch):
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", built_sample.url)
    return built_sample.url


@pytest.fixture
def shown(url):
    from notebooks.analyst_tour import app

    return app.run()[1]


def test_the_tour_shows_what_the_warehouse_says(shown):
    with connect("auditor") as connection:
        months = connection.execute("select count(*) from reconciliation.recon_tie_out").fetchone()[0]
        breaks = connection.execute(
            "select count(*) from reconciliation.recon_breaks where status = 'open'"
        ).fetchone()[0]
    assert len(shown["tie_out_rows"]) == months > 0
    assert len(shown["break_rows"]) == breaks > 0


def test_every_amount_is_written_as_an_accountant_writes_it(shown):
    amount = shown["amount"]
    assert amount(123456, 2) == "1,234.56"
    assert amount(-5, 2) == "(0.05)"
    assert amount(1234567, 0) == "1,234,567"
    assert amount(0, 3) == "0.000"
    assert amount(None, 2) == ""


def test_the_chart_has_billed_and_tied_out_for_every_month_and_currency(shown):
    assert set(shown["bars"]["what"]) == {"billed", "tied out"}
    assert len(shown["bars"]) == 2 * len(shown["tie_out_rows"])
    assert shown["chart"].to_dict()["facet"]["column"]["field"] == "currency"


def test_every_mart_has_its_grain_in_its_description(shown):
    without = [
        row.relation for row in shown["relations"].itertuples() if row.relation.startswith("marts.") and not row.grain
    ]
    assert without == []


def test_the_tour_cannot_write(url):
    with connect("analyst") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("delete from marts.dim_currencies")


def test_the_tour_cannot_read_what_is_not_for_analysts(url):
    with connect("analyst") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select * from raw.stripe__customers")


def test_the_tour_renders_without_an_error(url, tmp_path, request):
    page = tmp_path / "tour.html"
    subprocess.run(
        [sys.executable, "-m", "marimo", "export", "html", NOTEBOOK, "--output", str(page), "--no-include-code"],
        cwd=request.config.rootpath,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert "A tour of the marts" in page.read_text("utf-8")


def test_the_tour_is_served_as_an_app(url, request):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "marimo", "run", NOTEBOOK, *options],
        cwd=request.config.rootpath,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert "tour of the marts" in _page(f"http://127.0.0.1:{port}/", process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _page(address, process):
    for _ in range(300):
        assert process.poll() is None, "marimo ended"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("marimo does not answer")

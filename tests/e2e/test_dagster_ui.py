"""In a browser: the asset graph renders, and a partition can be materialised."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration import dbt_process
from orchestration.commands.developing import HOST, ui_command
from orchestration.paths import dagster_environment
from tests.conftest import TEMPLATE
from warehouse.connection import connect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CHROMIUM = Path("/usr/bin/chromium")
QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# What stands outside of the window is not drawn.
WHOLE_GRAPH = {"width": 2200, "height": 2800}
PATIENCE = 300
MATERIALISED = """
    {assetNodes(assetKeys: [{path: ["raw", "fx"]}]) {assetMaterializations(limit: 5) {partition}}}
"""


@pytest.fixture
def landing(tmp_path) -> Path:
    """One delivery of exchange rates, made today: the partition that the UI calls the latest."""
    today = datetime.now(UTC).date()
    folder = tmp_path / "landing" / "fx" / "rates" / today.isoformat()
    folder.mkdir(parents=True)
    (folder / "rates.csv").write_text("Date,USD,JPY\n2026-10-27,1.0850,162.10\n2026-10-28,1.0874,162.34\n")
    (folder / "_SUCCESS").touch()
    return tmp_path / "landing"


@pytest.fixture
def ui(cluster, landing, tmp_path, monkeypatch):
    """Address of a Dagster UI with its daemon, on a warehouse of its own."""
    with cluster.database(TEMPLATE) as url:
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", url)
        monkeypatch.setenv("TIEOUT_LANDING", str(landing))
        dbt_process.manifest_path()
        state = tmp_path / "dagster"
        state.mkdir()
        port = free_port()
        environment = {
            **os.environ,
            **dagster_environment(),
            "TIEOUT_DAGSTER_STATE": str(state),
            "DBT_TARGET_PATH": str(dbt_process.dbt_target()),
        }
        with (tmp_path / "dagster.log").open("wb") as log:
            process = subprocess.Popen(
                ui_command(port), env=environment, stdout=log, stderr=log, start_new_session=True
            )
            try:
                wait_for(lambda: answers(port), "the UI to answer", lambda: process.poll() is None)
                yield f"http://{HOST}:{port}"
            finally:
                stop(process)


def test_the_asset_graph_renders_and_a_partition_can_be_materialised(ui):
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=QUIET_BROWSER)
        page = browser.new_page(viewport=WHOLE_GRAPH)
        page.set_default_timeout(PATIENCE * 1000)
        strangers: list[str] = []
        page.on("request", lambda request: strangers.append(request.url) if is_elsewhere(request.url) else None)

        page.goto(f"{ui}/asset-groups?expanded=global%40global%3Araw")
        for name in ("stripe", "reconciliation", "marts", "close"):
            page.get_by_text(name, exact=True).first.wait_for()

        page.goto(f"{ui}/assets/raw/fx")
        page.get_by_role("button", name="Materialize").first.click()
        page.get_by_role("button", name="Latest", exact=True).click()
        page.get_by_role("button", name="Launch 1 run").click()
        today = datetime.now(UTC).date().isoformat()
        wait_for(lambda: today in materialised(ui), "the partition to be materialised")
        page.goto(f"{ui}/assets/raw/fx?view=partitions&partition={today}")
        page.get_by_text("Materialized", exact=False).first.wait_for()
        browser.close()

    assert strangers == []
    with connect("auditor", autocommit=True) as connection:
        landed = connection.execute("select system, object, accepted from ops.loads").fetchall()
    assert landed == [("fx", "rates", 4)]


def is_elsewhere(url: str) -> bool:
    return not url.startswith((f"http://{HOST}:", f"ws://{HOST}:", "data:", "blob:"))


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/server_info", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def materialised(address: str) -> list[str]:
    body = json.dumps({"query": MATERIALISED}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        nodes = json.load(response)["data"]["assetNodes"]
    return [event["partition"] for node in nodes for event in node["assetMaterializations"]]


def wait_for(condition, what: str, alive=lambda: True) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert alive(), f"Dagster ended while waiting for {what}"
        if condition():
            return
        time.sleep(1)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, as a person would; then whatever is left of the session this test started."""
    process.send_signal(2)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(30)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)

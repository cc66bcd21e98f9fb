"""Days of usage on Spark: written anew by whole days, equal to those of Postgres; and a broken rule is noticed.

Needs PySpark and Java (make test-spark); without them these tests are skipped and say so. Minutes, most of them spent
by Spark's compiler, so make test leaves them out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration import dbt_process
from orchestration.engines import chain, gate, inputs, postgres
from orchestration.engines.chain import Chain, Relation
from orchestration.engines.spark import Spark
from orchestration.paths import DBT_PROJECT
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.dbt.raw_rows import load_documents, load_events
from tests.dbt.test_usage_daily import CATALOGUE, MODELS, VIEWS, deliveries, load_reference, running_build

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(3600)]

ON_SPARK = (
    "stg_usage__events",
    "int_usage__load_days",
    "int_usage__zone_days",
    "int_usage__event_repeats",
    "int_usage__delayed_events",
    "int_usage__daily_parts",
    "int_usage__daily",
    "recon_resummed_usage",
)
DAILY = Relation("intermediate", "int_usage__daily")
REPEATS = "int_usage__event_repeats"
# One account alone uses something that week, late in the evening of UTC: in Tokyo it is the next day.
MOVED_ON, DAY_IN_TOKYO, DAY_IN_UTC = date(2026, 9, 20), date(2026, 9, 11), date(2026, 9, 10)


@dataclass
class Built:
    """Spark with the chain, and the connection to the Postgres that it is compared with."""

    engine: Spark
    chain: Chain
    connection: psycopg.Connection[Any]
    folder: Path
    days_before: set[date]

    def hand_over_and_build(self, *, full_refresh: bool) -> None:
        """What Postgres holds, built on Spark: anew, or what the running build touches."""
        with postgres.warehouse() as source:
            self.engine.register(inputs.export(source, self.chain.inputs, self.folder / "inputs"))
        chain.run(
            "spark", self.folder / "dbt", self.engine.variables, ("--select", *ON_SPARK), full_refresh=full_refresh
        )

    def days(self) -> set[date]:
        """The usage days that Spark has rows of."""
        [(_, daily)] = self.engine.tables([DAILY])
        return set(daily.column("usage_on").to_pylist())


def move(connection: psycopg.Connection[Any], timezone: str, delivered_on: date) -> None:
    """The account's record, with a zone."""
    account = {**CATALOGUE["accounts"][0], "account_id": "acc_moves", "timezone": timezone}
    load_documents(
        connection, "control_plane__accounts", delivered_on, [{"record_id": "acc_moves", "payload": account}]
    )


@pytest.fixture(scope="module")
def built(with_spark: None, cluster: ScratchCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Half of the cases built whole on Spark; then the rest, and an account that moves, as one more build."""
    folder = tmp_path_factory.mktemp("spark")
    engine = Spark("local[2]", folder)
    with scratch_dbt.warehouse(cluster) as connection:
        chain.chain("spark", folder / "dbt", engine.variables)
        manifest = json.loads((folder / "dbt" / "manifest.json").read_text("utf-8"))
        found = Built(engine, chain.of_manifest(manifest, set(ON_SPARK)), connection, folder, set())
        load_reference(connection)
        move(connection, "Asia/Tokyo", date(2026, 3, 2))
        days = list(deliveries().items())
        for delivered_on, events in days[: len(days) // 2]:
            load_events(connection, delivered_on, events)
        moved = [
            {"id": f"moved-{meter['event_type']}", "type": meter["event_type"], "account": "acc_moves"}
            for meter in CATALOGUE["meters"]
        ]
        load_events(connection, date(2026, 9, 11), [{**event, "at": "2026-09-10T20:00:00"} for event in moved])
        with running_build(connection):
            scratch_dbt.build("run", *VIEWS, *MODELS, full_refresh=True)
            found.hand_over_and_build(full_refresh=True)
            found.days_before = found.days()
        for delivered_on, events in days[len(days) // 2 :]:
            load_events(connection, delivered_on, events)
        move(connection, "UTC", MOVED_ON)
        with running_build(connection):
            scratch_dbt.build("run", *VIEWS, *MODELS, full_refresh=True)
            found.hand_over_and_build(full_refresh=False)
        yield found


def test_touched_days_written_anew_on_spark_are_those_of_a_whole_build_on_postgres(built: Built) -> None:
    tables = [relation for relation in built.chain.models if not relation.name.startswith("stg_")]

    outcome = gate.compared(built.engine, tables)

    assert outcome.equal, "\n".join(outcome.lines())
    assert all(found.row_count for found in outcome.comparisons)


def test_a_day_from_which_every_event_moved_away_has_no_rows_on_spark(built: Built) -> None:
    days = built.days()

    assert DAY_IN_TOKYO in built.days_before
    assert DAY_IN_TOKYO not in days
    assert DAY_IN_UTC in days


def test_a_number_that_does_not_fit_stops_the_statement_and_is_no_null(built: Built) -> None:
    folder = str(built.folder / "dbt")
    too_long = f"select cast('{'9' * 39}' as decimal(38, 0)) as number"

    asked = dbt_process.run(
        ["show", "--target", "spark", "--inline", too_long],
        variables={**built.engine.variables, "DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder},
    )

    assert "NUMERIC_OUT_OF_SUPPORTED_RANGE" in "\n".join(asked.failures)


def test_dbt_started_by_hand_without_ansi_mode_stops_before_the_first_model(built: Built) -> None:
    folder = str(built.folder / "dbt")
    command = [Path(sys.executable).with_name("dbt"), "run", "--target", "spark", "--select", "stg_usage__events"]
    variables = {**built.engine.variables, "DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder}

    ended = subprocess.run(
        command, cwd=DBT_PROJECT, env=dbt_process.environment() | variables, capture_output=True, text=True, check=False
    )

    assert ended.returncode != 0
    assert "Spark's session is not in ANSI mode" in ended.stdout


def test_a_rule_that_is_broken_on_spark_alone_turns_the_gate_red(
    built: Built, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = shutil.copytree(DBT_PROJECT, tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    rules = project / "macros" / "engine" / "spark.sql"
    right = "having count(*) > 1"
    assert right in rules.read_text("utf-8")
    rules.write_text(rules.read_text("utf-8").replace(right, "having count(*) > 2"), "utf-8")
    monkeypatch.setattr(dbt_process, "DBT_PROJECT", project)

    chain.run("spark", built.folder / "dbt", built.engine.variables, ("--select", REPEATS))
    outcome = gate.compared(built.engine, [Relation("intermediate", REPEATS)])

    assert not outcome.equal
    assert any("DIFFERS" in line for line in outcome.lines())

"""The same models through a Thrift server in front of a cluster of this machine: the other way from dbt to Spark.

Left out, and said to be, where PySpark or Java are missing.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from orchestration.engines import chain, gate, inputs, postgres, spark
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.dbt.raw_rows import load_events
from tests.dbt.test_usage_daily import MODELS, VIEWS, load_reference, running_build

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(3600)]

# The repeats are found through a temporary view, which the server has to keep from statement to statement.
THROUGH_THRIFT = ("stg_usage__events", "int_usage__load_days", "int_usage__event_repeats")


def test_models_built_through_a_thrift_server_are_those_of_postgres(
    with_spark: None, cluster: ScratchCluster, tmp_path: Path
) -> None:
    known = {"type": "api_call", "account": "acc_1", "at": "2026-09-10T20:00:00"}
    events = [{**known, "id": f"event-{number % 3}", "quantity": f"0.{number}1"} for number in range(9)]
    with scratch_dbt.warehouse(cluster) as connection, spark.opened_behind_thrift(tmp_path / "spark") as engine:
        load_reference(connection)
        load_events(connection, date(2026, 9, 11), events)
        with running_build(connection):
            scratch_dbt.build("run", *VIEWS, *MODELS, full_refresh=True)
            folder = tmp_path / "dbt"
            chain.chain(engine.name, folder, engine.variables)
            manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
            found = chain.of_manifest(manifest, set(THROUGH_THRIFT))
            with postgres.warehouse() as source:
                engine.register(inputs.export(source, found.inputs, tmp_path / "inputs"))
            chain.run(engine.name, folder, engine.variables, ("--select", *THROUGH_THRIFT))

        outcome = gate.compared(engine, found.models)

    assert outcome.equal, "\n".join(outcome.lines())
    assert {found.relation.name: found.row_count for found in outcome.comparisons} == {
        "stg_usage__events": 9,
        "int_usage__load_days": 1,
        "int_usage__event_repeats": 9,
    }

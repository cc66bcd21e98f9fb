"""dbt in a process of its own: what it says of each command, and how it is stopped. The project is a small one."""

from __future__ import annotations

import json
import os
import shutil

import duckdb
import psycopg
import pytest

from orchestration import dbt_process
from orchestration.paths import DBT_PROJECT

GOOD = "select 1 as answer"


class Interrupted(Exception):
    """Somebody stops the build."""


@pytest.fixture
def project(warehouse, tmp_path, monkeypatch):
    """A project of one model, built into the scratch warehouse."""
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    shutil.copy(DBT_PROJECT / "profiles.yml", folder)
    (folder / "dbt_project.yml").write_text("name: small\nprofile: tieout\n")
    (folder / "models" / "good.sql").write_text(GOOD)
    monkeypatch.setattr(dbt_process, "DBT_PROJECT", folder)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    return folder


def models_of_the_manifest():
    nodes = json.loads(dbt_process.manifest_path().read_text("utf-8"))["nodes"].values()
    return sorted(node["name"] for node in nodes)


def test_commands_of_one_session_share_a_process_and_each_says_how_its_models_ended(project):
    (project / "models" / "bad.sql").write_text("select no_such_column from {{ ref('good') }}")
    processes = set()

    def on_event(event):
        processes.add(event["info"]["pid"])

    with dbt_process.session() as dbt:
        first = dbt.run(["run"], on_event)
        second = dbt.run(["run", "--select", "good"], on_event)
        unknown = dbt.run(["run", "--no-such-option"])

    assert (first.succeeded, first.models) == (False, {"good": "success", "bad": "error"})
    [told] = first.failures
    assert "no_such_column" in told
    assert (second.succeeded, second.models, second.failures) == (True, {"good": "success"}, [])
    assert not unknown.succeeded
    assert "--no-such-option" in "\n".join(unknown.failures)
    assert len(processes) == 1
    assert os.getpid() not in processes


def test_a_file_of_duckdb_is_free_once_a_command_has_ended(project, tmp_path):
    file = tmp_path / "small.duckdb"
    with dbt_process.session() as dbt:
        assert dbt.run(["run", "--target", "duckdb"], variables={"TIEOUT_DUCKDB_PATH": str(file)}).succeeded
        with duckdb.connect(file) as session:
            assert session.execute("select answer from intermediate.good").fetchall() == [(1,)]


def test_a_process_that_dies_is_a_failed_command(project):
    def kill(event):
        os.kill(event["info"]["pid"], 9)

    outcome = dbt_process.run(["run"], kill)
    assert not outcome.succeeded
    assert outcome.failures


def test_a_build_leaves_a_manifest_of_the_project_as_it_stands(project):
    with dbt_process.session() as dbt:
        assert dbt.run(["run"]).succeeded
        assert models_of_the_manifest() == ["good"]
        written = dbt_process.manifest_path().stat().st_mtime_ns

        assert dbt.run(["run"]).succeeded
        assert dbt_process.manifest_path().stat().st_mtime_ns == written

        # as a newer release of the project may come: other files, older than the manifest
        other = project / "models" / "other.sql"
        other.write_text(GOOD)
        os.utime(other, (0, 0))
        assert dbt.run(["run"]).models == {"good": "success", "other": "success"}
        assert models_of_the_manifest() == ["good", "other"]


def test_an_interrupted_command_is_cancelled_on_the_server(project, warehouse):
    (project / "models" / "good.sql").write_text("{{ config(materialized='table') }} select pg_sleep(60) as answer")

    def interrupt(event):
        if event["info"]["name"] == "LogStartLine":
            raise Interrupted

    with pytest.raises(Interrupted):
        dbt_process.run(["run"], interrupt)
    with psycopg.connect(warehouse) as connection:
        running = connection.execute("select count(*) from pg_stat_activity where query like '%%pg_sleep(60)%%'")
        assert running.fetchone() == (1,)

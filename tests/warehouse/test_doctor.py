"""The doctor finds what was broken on purpose, and nothing on a healthy warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests.conftest import scratch_place
from warehouse import database_checks, doctor, embedded, machine_checks
from warehouse.connection import connect
from warehouse.lock import writer_lock
from warehouse.migrate import migrate
from warehouse.settings import Settings

pytestmark = pytest.mark.warehouse


def problems(look: Callable, connection: psycopg.Connection) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in look(connection) if finding.level != "ok"]


@pytest.fixture
def session(warehouse):
    """Whatever is broken here is whole again afterwards, roles of the shared server included."""
    with psycopg.connect(warehouse) as connection:
        yield connection
        connection.rollback()


def test_a_fresh_warehouse_has_one_problem_here_which_is_that_tests_run_without_fsync(warehouse):
    bad = [finding for finding in doctor.run() if finding.level == "fail"]
    assert [finding.name for finding in bad] == ["durability"]
    assert "fsync" in bad[0].what


def test_every_finding_that_is_not_well_says_what_to_do(session):
    session.execute("grant delete on raw.stripe__invoices to tieout_loader")
    session.execute("alter role tieout_analyst reset lock_timeout")
    for look in database_checks.CHECKS:
        for finding in look(session):
            assert finding.level == "ok" or finding.remedy


class Plant(NamedTuple):
    statement: str
    look: Callable
    level: str
    said: str


PLANTED = [
    Plant("grant update on raw.erp__item to tieout_loader", database_checks.privileges, "fail",
          "tieout_loader may update raw.erp__item"),
    Plant("grant truncate on quarantine.records to public", database_checks.privileges, "fail",
          "public may truncate quarantine.records"),
    Plant("grant select on ops.loads to tieout_analyst", database_checks.privileges, "fail",
          "tieout_analyst sees ops.loads"),
    Plant("create table marts.hidden (n int)", database_checks.privileges, "warn",
          "tieout_analyst does not see marts.hidden"),
    Plant("alter role tieout_analyst reset lock_timeout", database_checks.timeouts, "warn",
          "tieout_analyst has no lock_timeout"),
    Plant("alter role tieout_analyst set lock_timeout to 0", database_checks.timeouts, "warn",
          "tieout_analyst has no lock_timeout"),
    Plant("alter role tieout_loader superuser", database_checks.roles, "fail", "tieout_loader"),
    Plant("alter role tieout_loader login", database_checks.roles, "warn", "can log in: tieout_loader"),
    Plant("alter role tieout_closer rename to gone", database_checks.roles, "fail", "missing: tieout_closer"),
    Plant("delete from ops.migrations where number > 8", database_checks.migrations, "fail",
          "waiting: 0009_statistics"),
    Plant("update ops.migrations set checksum = 'x' where number = 4", database_checks.migrations, "fail",
          "0004_domains"),
    Plant("insert into ops.migrations values (900, '0900_later', 'x')", database_checks.migrations, "fail",
          "0900_later"),
    Plant("set timezone to 'America/New_York'", database_checks.timezone, "warn", "America/New_York"),
    Plant("set client_connection_check_interval to 0", database_checks.orphans, "warn", "runs on, and commits"),
    Plant("set synchronous_commit to off", database_checks.durability, "fail", "synchronous_commit"),
    Plant("insert into ops.builds values (gen_random_uuid(), 'make demo', null, null, 0, 1, false, 'v', now(), null, "
          "'running')", database_checks.builds, "warn", "the build of make demo"),
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.statement[:45])
def test_a_planted_problem_is_found_and_was_not_there_before(session, plant):
    unsafe_anyway = plant.look is database_checks.durability
    assert unsafe_anyway or problems(plant.look, session) == []
    session.execute(plant.statement)
    assert [level for level, what in problems(plant.look, session) if plant.said in what] == [plant.level]


def test_a_build_that_runs_now_is_no_problem(warehouse, session):
    session.execute(
        "insert into ops.builds values (gen_random_uuid(), 'x', null, null, 0, 1, false, 'v', now(), null, 'running')"
    )
    with writer_lock(warehouse, holder="x"):
        assert problems(database_checks.builds, session) == []


def test_a_login_that_cannot_become_the_roles_is_told_the_grant(cluster, warehouse):
    with connect(autocommit=True) as admin:
        admin.execute("create role weak login password 'weak'")
        try:
            with psycopg.connect(cluster.url(warehouse.rsplit("/", 1)[1], "weak", "weak")) as connection:
                found = list(database_checks.roles(connection))
            assert [finding.level for finding in found] == ["fail"]
            assert "to weak" in found[0].remedy
        finally:
            admin.execute("drop role weak")


def test_a_server_that_does_not_answer_is_a_finding(monkeypatch):
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", "postgresql://u:canary@127.0.0.1:1/d")
    found = [finding for finding in doctor.run() if finding.name == "connection"]
    assert [finding.level for finding in found] == ["fail"]
    assert "canary" not in str(found)


def test_a_url_in_clear_text_is_a_finding(monkeypatch):
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", "postgresql://u@db.example.com/d?sslmode=disable")
    found = [finding for finding in doctor.run() if finding.name == "connection"]
    assert [finding.level for finding in found] == ["fail"]
    assert "clear text" in found[0].what


def test_the_embedded_server_is_looked_at_and_not_started():
    with scratch_place() as place:
        settings = Settings(state_dir=place / "state", warehouse_url=None)
        assert [f.what for f in doctor.run(settings) if f.name == "embedded postgres"] == ["not made yet"]
        assert not (place / "state").exists()
        try:
            migrate(embedded.start(settings).url)
            assert [f.name for f in doctor.run(settings) if f.level == "fail"] == []
            (place / "state" / "embedded" / "password").chmod(0o644)
            assert [f.name for f in doctor.run(settings) if f.level == "fail"] == ["secrets"]
        finally:
            embedded.stop(settings)
        stopped = [f for f in doctor.run(settings) if f.name == "embedded postgres"]
        assert [f.level for f in stopped] == ["warn"]
        assert "stopped" in stopped[0].what
        assert embedded.status(settings).running is False


@pytest.mark.parametrize(("free", "level"), [(100, "ok"), (3, "warn"), (0.5, "fail")])
def test_a_full_disk_is_seen_before_it_is_full(monkeypatch, tmp_path, free, level):
    usage = shutil.disk_usage(tmp_path)._replace(free=int(free * 1024**3))
    monkeypatch.setattr(machine_checks.shutil, "disk_usage", lambda _: usage)
    assert machine_checks.disk_space(tmp_path / "not" / "there").level == level


def test_telemetry_is_off_when_files_or_variables_say_so(monkeypatch, tmp_path: Path):
    for name in ("DBT_SEND_ANONYMOUS_USAGE_STATS", "DO_NOT_TRACK", "DAGSTER_DISABLE_TELEMETRY", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert machine_checks.telemetry(tmp_path).what == "not turned off for dbt, Dagster"
    (tmp_path / "dbt_project").mkdir()
    (tmp_path / "dbt_project" / "dbt_project.yml").write_text("flags: {send_anonymous_usage_stats: false}")
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    assert machine_checks.telemetry(tmp_path).level == "ok"
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    assert machine_checks.telemetry(tmp_path).what == "not turned off for Great Expectations"

"""Connections: which server, in which role, with which limits, and never in clear text over a network."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict

from warehouse.connection import ROLES, checked_url, connect, dbt_environment, ensure_started, url
from warehouse.errors import ConfigurationRefused
from warehouse.settings import get_settings


@pytest.mark.warehouse
@pytest.mark.parametrize("role", ROLES)
def test_a_connection_acts_as_its_role_in_utc_with_that_role_s_limits(warehouse, role):
    with psycopg.connect(warehouse) as admin:
        stored = dict(
            setting.split("=", 1)
            for setting in admin.execute(
                "select rolconfig from pg_roles where rolname = %s", (f"tieout_{role}",)
            ).fetchone()[0]
        )
    with connect(role) as connection:
        assert connection.execute("select current_user, current_setting('timezone')").fetchone() == (
            f"tieout_{role}",
            "UTC",
        )
        for name, value in stored.items():
            assert connection.execute("select current_setting(%s)", (name,)).fetchone() == (value,)


@pytest.mark.warehouse
def test_a_rollback_takes_neither_role_nor_limits_away(warehouse):
    with connect("analyst") as connection:
        connection.rollback()
        assert connection.execute("select current_user, current_setting('statement_timeout')").fetchone() == (
            "tieout_analyst",
            "5min",
        )
        assert connection.autocommit is False


@pytest.mark.warehouse
def test_an_unknown_role_is_refused_before_it_reaches_the_server(warehouse):
    with pytest.raises(ValueError, match="owner, loader"):
        connect("admin; drop table x")


@pytest.mark.warehouse
def test_other_libraries_get_a_url_that_acts_as_the_role(warehouse):
    engine = sqlalchemy.create_engine(url("auditor", driver="postgresql+psycopg2"))
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select current_user")).scalar() == "tieout_auditor"
    engine.dispose()


@pytest.mark.warehouse
def test_dbt_gets_host_port_user_password_and_the_transformer_s_limits(warehouse):
    given = dbt_environment()
    expected = conninfo_to_dict(warehouse)
    assert given["TIEOUT_PG_HOST"] == expected["host"]
    assert given["TIEOUT_PG_PORT"] == str(expected["port"])
    assert given["TIEOUT_PG_USER"] == expected["user"]
    assert given["TIEOUT_PG_PASSWORD"] == expected["password"]
    assert given["TIEOUT_PG_DBNAME"] == expected["dbname"]
    code = (
        "import os, psycopg2; e = os.environ; c = psycopg2.connect(host=e['TIEOUT_PG_HOST'], port=e['TIEOUT_PG_PORT'], "
        "user=e['TIEOUT_PG_USER'], password=e['TIEOUT_PG_PASSWORD'], dbname=e['TIEOUT_PG_DBNAME'], "
        "sslmode=e['TIEOUT_PG_SSLMODE']); q = c.cursor(); q.execute('show lock_timeout'); print(q.fetchone()[0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **given}, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "1min"


@pytest.mark.unit
@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_mode_that_may_be_clear_text_is_refused_for_another_machine(mode):
    with pytest.raises(ConfigurationRefused, match=f"sslmode={mode} for db.example.com"):
        checked_url(f"postgresql://u:secret@db.example.com/tieout?sslmode={mode}")


@pytest.mark.unit
def test_the_refusal_does_not_show_the_password():
    with pytest.raises(ConfigurationRefused) as refused:
        checked_url("postgresql://u:canary@db.example.com/tieout?sslmode=disable")
    assert "canary" not in str(refused.value)


@pytest.mark.unit
def test_a_mode_from_the_environment_counts(monkeypatch):
    monkeypatch.setenv("PGSSLMODE", "disable")
    with pytest.raises(ConfigurationRefused):
        checked_url("postgresql://u@db.example.com/tieout")


@pytest.mark.unit
def test_one_host_of_several_on_another_machine_is_enough():
    with pytest.raises(ConfigurationRefused):
        checked_url("postgresql://u@localhost,db.example.com/tieout?sslmode=disable")


@pytest.mark.unit
def test_another_machine_is_verified_unless_the_url_says_otherwise():
    given = conninfo_to_dict(checked_url("postgresql://u@db.example.com/tieout"))
    assert (given["sslmode"], given["sslrootcert"]) == ("verify-full", "system")
    kept = conninfo_to_dict(checked_url("postgresql://u@db.example.com/tieout?sslmode=require"))
    assert kept["sslmode"] == "require"


@pytest.mark.unit
@pytest.mark.parametrize(
    "where", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "%2Fvar%2Frun%2Fpostgresql", ""], ids=str
)
def test_this_machine_needs_no_encryption(where, monkeypatch):
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert "sslmode" not in conninfo_to_dict(checked_url(f"postgresql://u@{where}/tieout"))


@pytest.mark.unit
def test_a_url_keeps_its_parts_through_the_check():
    configured = "postgresql://us%40er:p%2Fa%20ss%27@localhost:6000/d%23b?connect_timeout=3&options=-c%20jit%3Doff"
    assert conninfo_to_dict(checked_url(configured)) == conninfo_to_dict(configured)


@pytest.mark.unit
@pytest.mark.parametrize("text", ["mysql://u@h/d", "postgresql://u@h/d?nonsense=1", "not a url"])
def test_what_is_no_postgres_url_is_refused_in_a_sentence(text):
    with pytest.raises(ConfigurationRefused, match="TIEOUT_WAREHOUSE_URL"):
        checked_url(text)


@pytest.mark.unit
def test_settings_are_read_anew_and_show_no_password(monkeypatch):
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", "postgresql://u:canary@localhost/d")
    assert "canary" not in repr(get_settings())
    assert ensure_started() == "postgresql://u:canary@localhost/d"
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", "")
    assert get_settings().warehouse_url is None

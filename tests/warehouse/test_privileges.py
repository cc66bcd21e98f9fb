"""Who may do what: every role against every schema and verb, tried on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from warehouse.connection import ROLES, connect

pytestmark = pytest.mark.warehouse

LOAD = "00000000-0000-0000-0000-000000000001"
# one table a schema; the built ones are made by the transformer, as dbt makes them
TABLES = {
    "raw": "raw.stripe__invoices",
    "usage": "raw.usage__events",
    "partition": "raw.usage__events_20261001",
    "quarantine": "quarantine.records",
    "loads": "ops.loads",
    "refusals": "ops.refusals",
    "builds": "ops.builds",
    "migrations": "ops.migrations",
    "results": "checks.results",
    "staging": "staging.built",
    "intermediate": "intermediate.built",
    "marts": "marts.built",
    "reconciliation": "reconciliation.built",
    "periods": "ledger.periods",
    "events": "ledger.period_events",
    "mappings": "ledger.account_mappings",
    "postings": "ledger.postings",
    "lines": "ledger.journal_lines",
    "balances": "ledger.balances",
    "reports": "ledger.closing_reports",
    "reproductions": "ledger.reproductions",
}
EVERYTHING = set(TABLES)
LANDED = {"raw", "usage", "partition", "quarantine"}
OPS = {"loads", "refusals", "builds", "migrations"}
BUILT = {"staging", "intermediate", "marts", "reconciliation"}
POSTED = {"events", "mappings", "postings", "lines", "reports", "reproductions"}
LEDGER = POSTED | {"periods", "balances"}
MAY_SELECT = {
    "loader": LANDED | OPS,
    "transformer": EVERYTHING,
    "closer": OPS | LEDGER | {"results", "intermediate", "marts", "reconciliation"},
    "analyst": {"marts", "reconciliation"},
    "auditor": EVERYTHING,
}
MAY_INSERT = {
    "loader": LANDED | {"loads", "refusals"},
    "transformer": BUILT | {"builds", "results"},
    "closer": POSTED,
    "analyst": set(),
    "auditor": set(),
}
# the transformer rebuilds what it has built and replaces a check's last verdict; nobody changes what has landed
MAY_UPDATE = {"loader": set(), "transformer": BUILT | {"results"}, "closer": set(), "analyst": set(), "auditor": set()}
MAY_TRUNCATE = {**MAY_UPDATE, "transformer": BUILT}
EXPECTED = {
    "select": MAY_SELECT,
    "insert": MAY_INSERT,
    "update": MAY_UPDATE,
    "delete": MAY_UPDATE,
    "truncate": MAY_TRUNCATE,
}
STATEMENTS = {
    "select": "select count(*) from {table}",
    "insert": "insert into {table} ({column}) select {column} from {table} where false",
    "update": "update {table} set {column} = {column} where false",
    "delete": "delete from {table} where false",
    "truncate": "truncate {table}",
}
WORKING_ROLES = [role for role in ROLES if role != "owner"]


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection]:
    with connect("loader") as loader:
        loader.execute("select ops.ensure_usage_partition('2026-10-01')")
    with connect("transformer") as transformer:
        for schema in ("staging", "intermediate", "marts", "reconciliation"):
            transformer.execute(f"create table {schema}.built (n int)")
    with connect() as connection:
        yield connection


def is_allowed(session: psycopg.Connection, role: str, verb: str, table: str) -> bool:
    column = session.execute(
        "select attname from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and attidentity = '' and attgenerated = ''"
        " order by attnum limit 1",
        (table,),
    ).fetchone()[0]
    try:
        with session.transaction(force_rollback=True):
            session.execute(f"set local role tieout_{role}")
            session.execute(STATEMENTS[verb].format(table=table, column=column))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


@pytest.mark.parametrize("role", WORKING_ROLES)
@pytest.mark.parametrize("verb", list(STATEMENTS))
def test_a_role_may_do_exactly_what_it_needs(session, role, verb):
    allowed = {name for name, table in TABLES.items() if is_allowed(session, role, verb, table)}
    assert allowed == EXPECTED[verb][role]


@pytest.mark.parametrize("role", WORKING_ROLES)
def test_landed_rows_cannot_be_changed_in_any_table_of_raw_and_quarantine(session, role):
    changeable = session.execute(
        """
        select class.relname, verb
        from pg_class as class
        inner join pg_namespace as namespace on class.relnamespace = namespace.oid
        cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) as verb
        where namespace.nspname in ('raw', 'quarantine') and class.relkind in ('r', 'p')
            and has_table_privilege(%s, class.oid, verb)
        """,
        (f"tieout_{role}",),
    ).fetchall()
    assert changeable == []


@pytest.mark.parametrize("role", WORKING_ROLES)
def test_only_the_transformer_makes_tables_and_only_where_dbt_builds(session, role):
    schemas = ["raw", "quarantine", "ops", "staging", "intermediate", "marts", "reconciliation", "checks", "ledger"]
    makes = {
        schema
        for schema in [*schemas, "public"]
        if session.execute("select has_schema_privilege(%s, %s, 'CREATE')", (f"tieout_{role}", schema)).fetchone()[0]
    }
    expected = {"staging", "intermediate", "marts", "reconciliation", "checks"} if role == "transformer" else set()
    assert makes == expected


def test_a_mart_that_dbt_makes_anew_is_seen_by_the_analyst_without_a_grant(session):
    with connect("transformer") as transformer:
        transformer.execute("create table marts.fct_made as select 1 as n")
    with connect("transformer") as transformer:
        transformer.execute("drop table marts.fct_made")
        transformer.execute("create view marts.fct_made as select n from staging.built")
    with connect("analyst") as analyst:
        assert analyst.execute("select count(*) from marts.fct_made").fetchone() == (0,)


def test_the_transformer_closes_its_build_and_changes_nothing_else_of_it(session):
    with session.transaction(force_rollback=True):
        session.execute("set local role tieout_transformer")
        session.execute(
            "insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status) "
            "values (%s, 'test', 0, 1, 'v', 'running')",
            (LOAD,),
        )
        session.execute("update ops.builds set status = 'succeeded', finished_at = clock_timestamp()")
    with connect("transformer") as transformer, pytest.raises(psycopg.errors.InsufficientPrivilege):
        transformer.execute("update ops.builds set from_load_seq = 0")


def test_only_the_loader_calls_the_function_that_makes_partitions(session):
    for role in WORKING_ROLES:
        allowed = session.execute(
            "select has_function_privilege(%s, 'ops.ensure_usage_partition(date)', 'EXECUTE')", (f"tieout_{role}",)
        ).fetchone()[0]
        assert allowed == (role == "loader")


def test_a_stranger_sees_nothing(session, cluster, module_warehouse):
    session.execute("create role stranger login password 'stranger'")
    session.commit()
    name = module_warehouse.rsplit("/", 1)[1]
    try:
        with psycopg.connect(cluster.url(name, "stranger", "stranger"), autocommit=True) as stranger:
            for table in TABLES.values():
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    stranger.execute(f"select * from {table}")
    finally:
        session.execute("drop role stranger")
        session.commit()

"""Records of the catalogue and of tax data that contradict another file are named with file, line and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

LOAD = "00000000-0000-0000-0000-000000000001"
COMMON = (
    "valid_from date, valid_to date, is_deleted boolean default false, load_id uuid default '"
    + LOAD
    + "', line_no bigint default 7"
)


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with inputs of the model in which nothing is wrong."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(
            f"""
            create temp table stg_ops__loads (
                load_id uuid, system text, object text, delivered_on date, file_name text
            );
            create temp table stg_catalog__prices (
                price_code text, plan_code text, meter_code text, currency text, {COMMON}
            );
            create temp table stg_catalog__plans (plan_code text, {COMMON});
            create temp table stg_catalog__meters (meter_code text, is_deleted boolean default false);
            create temp table stg_catalog__policies (policy text, value text, {COMMON});
            create temp table currencies (currency text);
            create temp table stg_tax__rates (jurisdiction text, product_tax_code text, {COMMON});
            create temp table stg_tax__exemptions (customer text, jurisdiction text, {COMMON});
            create temp table stg_control_plane__accounts (account_id text, is_deleted boolean default false);
            insert into stg_ops__loads values ('{LOAD}', 'tax', 'rates', '2026-10-02', 'f.csv');
            insert into currencies values ('usd'), ('eur');
            insert into stg_catalog__meters values ('calls');
            insert into stg_catalog__plans values ('team', '2026-01-01', null);
            insert into stg_catalog__prices values ('p1', 'team', 'calls', 'usd', '2026-01-01', null);
            insert into stg_catalog__policies values ('reporting_currency', 'usd', '2026-01-01', null);
            insert into stg_control_plane__accounts values ('acc');
            insert into stg_tax__rates values ('DE', 'saas', '2025-01-01', null), ('DE', 'saas', '2026-01-01', null);
            insert into stg_tax__exemptions values
                ('acc', 'DE', '2026-01-01', '2026-06-01'), ('acc', 'DE', '2026-06-01', null);
            """.encode()
        )
        yield connection
        connection.rollback()


def faults(session: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Object, fault and key of each."""
    query = f"select object, fault, record_key from ({model_query('recon_reference_faults')}) as found order by 1, 2, 3"
    return session.execute(query.encode()).fetchall()


def test_an_open_interval_ends_where_the_next_begins(session):
    assert faults(session) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "insert into stg_tax__rates values ('F', 'x', '2026-01-01', '2026-07-01'), ('F', 'x', '2026-06-30', null)",
            ("tax/rates", "overlap", "F|x"),
        ),
        (
            """
            insert into stg_tax__rates values ('FR', 'x', '2026-01-01', '2027-01-01'),
                ('FR', 'x', '2025-06-01', '2025-07-01'), ('FR', 'x', '2026-12-31', '2027-02-01')
            """,
            ("tax/rates", "overlap", "FR|x"),
        ),
        (
            "insert into stg_tax__exemptions values ('acc', 'DE', '2026-05-31', '2026-06-01')",
            ("tax/exemptions", "overlap", "acc|DE"),
        ),
        (
            "insert into stg_tax__exemptions values ('acc_9', 'DE', '2026-01-01', null)",
            ("tax/exemptions", "unknown_customer", "acc_9|DE"),
        ),
        ("update stg_catalog__meters set is_deleted = true", ("catalog/prices", "unknown_meter", "p1")),
        ("update stg_catalog__prices set plan_code = 'gone'", ("catalog/prices", "unknown_plan", "p1")),
        ("update stg_catalog__prices set currency = 'usx'", ("catalog/prices", "unknown_currency", "p1")),
        (
            "update stg_catalog__policies set value = 'dollar'",
            ("catalog/policies", "bad_value", "reporting_currency|2026-01-01"),
        ),
        (
            "insert into stg_catalog__policies values ('fx_max_age_days', 'week', '2026-01-01', null)",
            ("catalog/policies", "bad_value", "fx_max_age_days|2026-01-01"),
        ),
        (
            "insert into stg_catalog__policies values ('bank_statement_numbers:DE1', 'no', '2026-01-01', null)",
            ("catalog/policies", "bad_value", "bank_statement_numbers:DE1|2026-01-01"),
        ),
        (
            "insert into stg_catalog__policies values ('late_billing', 'later', '2026-01-01', null)",
            ("catalog/policies", "bad_value", "late_billing|2026-01-01"),
        ),
        (
            "insert into stg_catalog__policies values ('dispute_won', 'yes', '2026-01-01', null)",
            ("catalog/policies", "bad_value", "dispute_won|2026-01-01"),
        ),
    ],
)
def test_a_contradiction_between_files_is_one_fault(session, change, expected):
    session.execute(change.encode())
    assert faults(session) == [expected]
    query = f"select distinct file_line, remedy <> '' from ({model_query('recon_reference_faults')}) as found"
    assert session.execute(query.encode()).fetchall() == [("tax/rates/2026-10-02/f.csv:7", True)]

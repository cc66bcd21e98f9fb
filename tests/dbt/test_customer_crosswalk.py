"""M1: an account and the records that it names in other systems; every way in which they can disagree has a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

TABLES = """
    create temp table stg_ops__loads (
        load_id text, system text, object text, delivered_on date, file_name text
    );
    insert into stg_ops__loads values
        ('l1', 'stripe', 'customers', '2026-11-01', 'c.jsonl'), ('l2', 'crm', 'account', '2026-11-01', 'a.csv'),
        ('l3', 'erp', 'customer', '2026-11-01', 'e.json');
    create temp table stg_control_plane__accounts (
        account_id text, stripe_customer_id text, crm_account_id text, created_at timestamptz, is_deleted boolean,
        load_id text, line_no bigint
    );
    create temp table stg_control_plane__account_link_versions (account_id text, system text, system_id text);
    create temp table stg_stripe__customers (
        customer_id text, account_id text, created_at timestamptz, is_deleted boolean, load_id text, line_no bigint,
        tax_id text, email_domain text, currency text, name text, country text
    );
    create temp table stg_crm__accounts (
        crm_account_id text, created_at timestamptz, is_deleted boolean, load_id text, line_no bigint,
        parent_account_id text, name text, billing_country text, website text
    );
    create temp table stg_crm__orders (crm_account_id text, is_deleted boolean);
    create temp table stg_erp__customers (
        customer_id text, external_id text, updated_at timestamptz, is_deleted boolean, load_id text, line_no bigint,
        tax_id text, email_domain text, currency_id text, company_name text
    );
    create temp table stg_erp__currencies (currency_id text, currency text, is_deleted boolean);
    insert into stg_erp__currencies values ('1', 'usd', false), ('2', 'eur', false);
    create temp table int_customers__crosswalk (
        account_id text, stripe_customer_id text, crm_account_id text, erp_customer_id text, country text,
        created_at timestamptz
    );
    create temp table recon_controls (
        control_id text, amount_tolerance_minor bigint, quantity_tolerance numeric, sla_business_days integer,
        compares_months boolean
    );
    insert into recon_controls values ('M1', 0, 0, 5, false);
    create temp table recon_watermarks (control_id text, watermark_on date);
    insert into recon_watermarks values ('M1', '2026-11-09');
    set timezone to 'UTC';
"""
OLD, NEW = "2026-09-01", "2026-11-06"


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """Empty systems, all of which have delivered."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(TABLES)
        yield connection
        connection.rollback()


def account(session, name: str, stripe: str | None = None, crm: str | None = None, created: str = OLD) -> None:
    """An account with a record of every system that it names."""
    session.execute(
        "insert into stg_control_plane__accounts values (%s, %s, %s, %s, false, null, 1)", (name, stripe, crm, created)
    )
    session.execute(
        "insert into stg_control_plane__account_link_versions"
        " select * from (values (%s, 'stripe', %s), (%s, 'crm', %s)) as v (a, s, i) where i is not null",
        (name, stripe, name, crm),
    )


def records(session, *, stripe: tuple = (), crm: tuple = (), ordered: tuple = (), erp: tuple = ()) -> None:
    """Records: (Stripe id, account it names, deleted), CRM ids, CRM ids with orders, (ERP id, external id)."""
    for customer, names, deleted in stripe:
        session.execute(
            "insert into stg_stripe__customers values (%s, %s, %s, %s, 'l1', 1)", (customer, names, OLD, deleted)
        )
    for customer in crm:
        session.execute("insert into stg_crm__accounts values (%s, %s, false, 'l2', 1)", (customer, OLD))
    for customer in ordered:
        session.execute("insert into stg_crm__orders values (%s, false)", (customer,))
    for customer, external in erp:
        session.execute("insert into stg_erp__customers values (%s, %s, %s, false, 'l3', 1)", (customer, external, OLD))


def raised(session) -> dict[str, str]:
    """Class of every break by its key; what is in time is `expected`."""
    for model in ("recon_m1__links", "recon_m1__records"):
        session.execute(f"create temp table {model} as {model_query(model)}".encode())
    found = session.execute(
        f"""
        select tracking_key, coalesce(break_class, status)
        from ({model_query("recon_m1__links_to_records")}) as compared
        where status in ('open', 'expected') and tracking_key <> 'canary'
        """.encode()
    )
    return dict(found.fetchall())


def test_customers_that_every_system_knows_alike_raise_nothing(session):
    account(session, "a1", stripe="cus_1")
    account(session, "a2", crm="001")
    account(session, "free")
    records(session, stripe=(("cus_1", "a1", False),), crm=("001",), ordered=("001",))
    records(session, erp=(("7", "cus_1"), ("8", "001")))
    assert raised(session) == {}


def test_every_disagreement_has_its_name(session):
    account(session, "a1", stripe="cus_1")
    account(session, "a2", stripe="cus_2")
    account(session, "a3", stripe="cus_3")
    account(session, "a4", stripe="cus_4")
    account(session, "a5", stripe="cus_lost")
    session.execute("insert into stg_control_plane__account_link_versions values ('a4', 'stripe', 'cus_before')")
    records(
        session,
        stripe=(
            ("cus_1", "a9", False),
            ("cus_2", "a2", True),
            ("cus_3", "a3", False),
            ("cus_4", "a4", False),
            ("cus_stranger", None, False),
            ("cus_gone", None, True),
        ),
        crm=("prospect", "buyer"),
        ordered=("buyer",),
        erp=(("1", "cus_1"), ("2", "cus_2"), ("3", "cus_3"), ("4", "cus_4"), ("33", "cus_3"), ("9", None)),
    )
    assert raised(session) == {
        "stripe|cus_1": "CONFLICT",
        "stripe|cus_2": "MERGED_IN_SOURCE",
        "stripe|cus_4": "LINK_FLIP",
        "stripe|cus_lost": "UNLINKED",
        "stripe|cus_stranger": "UNLINKED",
        "crm|buyer": "UNLINKED",
        "erp|cus_3": "ONE_TO_MANY",
        "erp|cus_lost": "UNLINKED",
        "erp|9": "UNLINKED",
    }


def test_a_link_may_take_its_days_and_a_system_that_never_delivered_is_not_missed(session):
    account(session, "a1", stripe="cus_1", created=NEW)
    session.execute("delete from stg_ops__loads where system = 'erp'")
    assert raised(session) == {"stripe|cus_1": "expected"}


def test_a_parent_and_its_children_may_share_a_customer_and_others_may_not(session):
    account(session, "parent", stripe="cus_1", crm="p")
    account(session, "child", stripe="cus_1", crm="c")
    account(session, "stranger", stripe="cus_2", crm="s")
    account(session, "other stranger", stripe="cus_2", crm="o")
    account(session, "twin", crm="s")
    records(session, stripe=(("cus_1", "parent", False), ("cus_2", "stranger", False)), crm=("p", "c", "s", "o"))
    records(session, erp=(("1", "p"), ("2", "c"), ("3", "s"), ("4", "o")))
    session.execute("update stg_crm__accounts set parent_account_id = 'p' where crm_account_id = 'c'")
    assert raised(session) == {"stripe|cus_2": "ONE_TO_MANY", "crm|s": "ONE_TO_MANY", "erp|s": "ONE_TO_MANY"}


def linked(session, name: str, stripe: tuple = (), erp: tuple = (), website: str | None = None) -> None:
    """An account with records that state (tax id, domain, currency; of the ERP its id) and a CRM website."""
    session.execute(
        "insert into int_customers__crosswalk values (%s, %s, %s, %s, 'DE', %s)",
        (name, f"cus {name}", f"crm {name}", f"erp {name}", OLD),
    )
    if stripe:
        session.execute(
            "insert into stg_stripe__customers (customer_id, is_deleted, tax_id, email_domain, currency)"
            " values (%s, false, %s, %s, %s)",
            (f"cus {name}", *stripe),
        )
    if erp:
        session.execute(
            "insert into stg_erp__customers (customer_id, external_id, is_deleted, tax_id, email_domain, currency_id)"
            " values (%s, %s, false, %s, %s, %s)",
            (f"erp {name}", f"crm {name}", *erp),
        )
    if website:
        session.execute(
            "insert into stg_crm__accounts (crm_account_id, is_deleted, website) values (%s, false, %s)",
            (f"crm {name}", website),
        )


def test_tax_ids_domains_and_currencies_of_one_account_agree_between_systems(session):
    linked(session, "tied", ("DE1", "tied.example", "eur"), ("DE1", "tied.example", "2"), "https://www.tied.example/de")
    linked(session, "tax id", ("DE2", None, None), ("DE3", None, None))
    linked(session, "domain", (None, "one.example", "eur"), (None, "two.example", None))
    linked(session, "website", (None, "three.example", "eur"), (), "four.example")
    linked(session, "two domains, one tax id", ("DE4", "five.example", "eur"), ("DE4", "six.example", "2"))
    linked(session, "mail provider", (None, "mail.example", "eur"), (None, "own.example", "2"))
    linked(session, "same provider", (None, "mail.example", "eur"))
    linked(session, "currency", (None, None, "eur"), (None, None, "1"))
    linked(session, "says nothing", (None, None, None), (None, None, None))
    for model in ("recon_m1__identities", "recon_m1__stated_identities", "recon_m1__agreed_identities"):
        session.execute(f"create temp table {model} as {model_query(model)}".encode())
    found = session.execute(
        f"""
        select tracking_key, break_class
        from ({model_query("recon_m1__identities_to_each_other")}) as compared
        where status = 'open' and tracking_key <> 'canary'
        """.encode()
    )
    assert dict(found.fetchall()) == {
        "tax id|tax id": "CONFLICT",
        "domain|domain": "CONFLICT",
        "website|domain": "CONFLICT",
        "currency|currency": "CURRENCY",
    }


def test_a_customer_nobody_names_gets_suggestions_in_the_order_of_the_rules(session):
    linked(session, "a1", ("DE1", "one.example", "eur"))
    linked(session, "a2", (None, "two.example", "eur"))
    linked(session, "a3", (None, None, "eur"))
    session.execute("update stg_stripe__customers set name = 'Acme', country = 'DE' where customer_id = 'cus a3'")
    session.execute("update int_customers__crosswalk set erp_customer_id = null where account_id <> 'a2'")
    session.execute(
        "insert into stg_erp__customers (customer_id, external_id, is_deleted, tax_id, email_domain, company_name)"
        " values ('9', null, false, 'DE1', 'two.example', 'ACME'), ('10', null, false, null, null, 'nobody')"
    )
    session.execute(
        "create temp table recon_results as select 'M1' as control_id, 'open' as status, 'MISSING_LEFT' as outcome,"
        " 'erp|' || customer_id as tracking_key from stg_erp__customers"
    )
    found = session.execute(
        f"select account_id, rule, reasons, solution_count from ({model_query('recon_m1__suggestions')}) as said"
        " where tracking_key = 'erp|9' order by score desc".encode()
    )
    assert found.fetchall() == [
        ("a1", "tax id", "same tax id, the account has no such link yet", 1),
        ("a2", "domain", "same domain", 1),
        ("a3", "name", "same name, the account has no such link yet", 1),
    ]

"""A difference that another convention explains names it, to the minor unit, and nothing else is explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

TABLES = """
    create temp table recon_differing_documents (
        document_id text, differs_in text, billing_system text, invoice_id text, currency text,
        expected_tax_minor bigint, invoiced_tax_minor bigint
    );
    create temp table int_billing__discountable_lines (
        charge_id text, document_id text, line_no bigint, gross_minor bigint, tax_rounding text, discount_order text,
        discount_allocation text, percent_rounding text, rounding_mode text
    );
    create temp table int_rating__rated_lines (
        charge_id text, basis text, direction integer, proration_unit text, whole_amount_exact numeric,
        over_maximum_minor bigint, to_minimum_minor bigint, commitment_used_exact numeric
    );
    create temp table int_rating__rateable_lines (
        charge_id text, basis text, active_start timestamptz, active_end timestamptz, whole_start timestamptz,
        whole_end timestamptz
    );
    create temp table int_billing__line_coupons (charge_id text, given_no bigint, kind text, value numeric);
    create temp table int_billing__line_tax_rates (charge_id text, jurisdiction text, component text, tax_rate numeric);
    create temp table int_billing__line_taxes (charge_id text, included_tax_minor bigint);
    create temp table int_billing__expected_invoice_lines (
        charge_id text, charge_key text, billing_system text, net_minor bigint
    );
    create temp table recon_results (
        control_id text, tracking_key text, status text, outcome text, left_row_count bigint, currency text,
        amount_minor bigint, comparison text, break_class text, right_row_count bigint, deadline_on date
    );
    create temp table recon_cause__late_usage (
        control_id text, comparison text, tracking_key text, cause text, explained_by text, explained_minor bigint
    );
    create temp table recon_cause__provisioning (like recon_cause__late_usage);
    create temp table recon_cause__duplicates (like recon_cause__late_usage);
    create temp table recon_cause__exchange_rates (like recon_cause__late_usage);
    create temp table recon_cause__voided_invoices (like recon_cause__late_usage);
    create temp table recon_b1__expected (
        tracking_key text, unit_amount_minor numeric, quantity numeric, price_code text
    );
    create temp table recon_b1__invoiced (tracking_key text, unit_amount_minor numeric, price_code text);
    create temp table recon_b2__expected (like recon_b1__expected);
    create temp table recon_b2__invoiced (like recon_b1__invoiced);
    set timezone to 'UTC';
"""
STATED = ("per_line", "percent_then_fixed", "largest_remainder", "per_line", "half_up")
WHOLE = ("2026-08-01 00:00:00+00", "2026-09-01 00:00:00+00")
CHANGE = "2026-08-16 12:00:00+00"


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """One invoice of two lines, 1050 each at 19 %, and one line prorated from noon on, 3100 for 31 days."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(TABLES)
        lines = [("tax-1", "taxed", 1, 1050), ("tax-2", "taxed", 2, 1050), ("half", "prorated", 1, 1550)]
        for charge, document, number, gross in lines:
            connection.execute(
                "insert into int_billing__discountable_lines values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (charge, document, number, gross, *STATED),
            )
            whole, start = (3100, CHANGE) if charge == "half" else (gross, WHOLE[0])
            connection.execute(
                "insert into int_rating__rated_lines values (%s, 'as_invoiced', 1, 'second', %s, 0, 0, null)",
                (charge, whole),
            )
            connection.execute(
                "insert into int_rating__rateable_lines values (%s, 'as_invoiced', %s, %s, %s, %s)",
                (charge, start, WHOLE[1], *WHOLE),
            )
            connection.execute(
                "insert into int_billing__expected_invoice_lines values (%s, %s, 'stripe', %s)", (charge, charge, gross)
            )
        connection.execute("insert into int_billing__line_tax_rates values ('tax-1', 'DE', 'tax', 0.19)")
        connection.execute("insert into int_billing__line_tax_rates values ('tax-2', 'DE', 'tax', 0.19)")
        yield connection


def build(session: psycopg.Connection[Any], *models: str) -> None:
    """The models as tables, in order."""
    for model in models:
        session.execute(f"create temp table {model} as {model_query(model)}".encode())


def differing(session: psycopg.Connection[Any], document: str, invoiced_tax: int | None = None) -> None:
    """Say that a document differs, in its tax when one is given."""
    session.execute(
        "insert into recon_differing_documents values (%s, %s, 'stripe', 'in_1', 'eur', 400, %s)",
        (document, "line" if invoiced_tax is None else "tax", invoiced_tax),
    )


def test_a_tax_that_was_rounded_once_is_explained_by_tax_rounding_per_invoice(session):
    differing(session, "taxed", 399)
    build(session, "recon_alternative_lines", "recon_tax_differences")
    found = session.execute("select difference_minor, explained_by, explained_minor from recon_tax_differences")
    assert found.fetchall() == [(1, "tax rounding per invoice", 1)]


def test_a_tax_that_no_setting_gives_stays_unexplained(session):
    differing(session, "taxed", 137)
    build(session, "recon_alternative_lines", "recon_tax_differences")
    found = session.execute("select difference_minor, explained_by, explained_minor from recon_tax_differences")
    assert found.fetchall() == [(263, None, None)]


@pytest.mark.parametrize(
    ("invoiced", "explained"),
    [(1600, [("proration unit day", -50)]), (1601, []), (1550, [])],
)
def test_a_break_is_explained_by_the_setting_that_gives_the_invoiced_amount(session, invoiced, explained):
    differing(session, "prorated")
    session.execute(
        "insert into recon_results values ('B1', 'half', 'open', 'AMOUNT', 1, 'eur', %s)", (1550 - invoiced or None,)
    )
    build(session, "recon_alternative_lines", "recon_explained_breaks")
    found = session.execute("select explained_by, explained_minor from recon_explained_breaks")
    assert found.fetchall() == explained


def test_a_break_names_the_cause_that_explains_its_amount_and_no_other(session):
    differing(session, "prorated")
    session.execute(
        """
        insert into recon_results (
            control_id, comparison, tracking_key, status, outcome, break_class, left_row_count, right_row_count,
            currency, amount_minor, deadline_on
        )
        values
            ('B1', 'c', 'half', 'open', 'AMOUNT', 'PRORATION', 1, 1, 'eur', -50, null),
            ('B1', 'c', 'dearer', 'open', 'AMOUNT', 'PRICE_VERSION', 1, 1, 'eur', -600, null),
            ('B1', 'c', 'dearer and more', 'open', 'AMOUNT', 'PRICE_VERSION', 1, 1, 'eur', -700, null),
            ('C1', 'c', 'waits', 'expected', 'TIMING_RIGHT', null, 1, null, 'eur', 900, '2026-11-09'),
            ('C4', 'c', 'fee', 'open', 'AMOUNT', 'BANK_FEE', 1, 1, 'eur', 30, null),
            ('B4', 'c', 'later', 'open', 'CUTOFF', 'CUTOFF', 1, 1, 'eur', 0, null),
            ('C4', 'c', 'lost', 'open', 'MISSING_RIGHT', 'NOT_RECEIVED', 1, null, 'eur', 30, null)
        """
    )
    for key in ("dearer", "dearer and more"):
        session.execute("insert into recon_b1__expected values (%s, 1000, 3, 'team')", (key,))
        session.execute("insert into recon_b1__invoiced values (%s, 1200, 'team-2025')", (key,))
    session.execute("insert into recon_cause__late_usage values ('B1', 'c', 'half', 'DATA.late', 'l', -9)")
    session.execute("insert into recon_cause__duplicates values ('B4', 'c', 'twice', 'DATA.duplicate_feed', 'd', -7)")
    build(session, "recon_alternative_lines", "recon_explained_breaks", "recon_break_causes")
    found = session.execute(
        "select tracking_key, cause, explained_by, explained_minor from recon_break_causes order by tracking_key"
    ).fetchall()
    assert found == [
        ("dearer", "MASTER.price_version", "price team-2025 instead of team", -600),
        ("fee", "PARTNER.bank_fee", "the bank kept a charge that its entry names", 30),
        ("half", "CONFIG.proration", "proration unit day", -50),
        ("later", "TIMING.cutoff", "both sides agree but stand in different months", 0),
        ("twice", "DATA.duplicate_feed", "d", -7),
        ("waits", "TIMING.settlement", "the counterpart may come until 2026-11-09", 900),
    ]


def test_an_order_of_discounts_is_tried_with_the_coupons_of_the_line(session):
    differing(session, "taxed")
    for charge in ("tax-1", "tax-2"):
        session.execute("insert into int_billing__line_coupons values (%s, 1, 'fixed', 300)", (charge,))
        session.execute("insert into int_billing__line_coupons values (%s, 2, 'percent', 10)", (charge,))
    build(session, "recon_alternative_lines")
    found = session.execute(
        "select setting, sum(net_minor) from recon_alternative_lines"
        " where convention = 'discount_order' group by setting"
    )
    assert found.fetchall() == [("as_given", 1620)]


def test_only_settings_that_are_not_in_force_are_tried_and_only_on_documents_that_differ(session):
    differing(session, "prorated")
    build(session, "recon_alternative_lines")
    found = session.execute("select document_id, count(*) from recon_alternative_lines group by document_id").fetchall()
    assert found == [("prorated", 6 + 2 + 1 + 1 + 1 + 1)]
    stated = "select 1 from recon_alternative_lines where setting = any(%s) and convention <> 'percent_rounding'"
    assert session.execute(stated, (["per_line", "half_up", "second"],)).fetchone() is None

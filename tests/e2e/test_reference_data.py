"""In a sound company bank statements follow one another, every needed rate is there, and nothing contradicts."""

import psycopg

from expectations.marts_suites import MARTS_SUITES

SUITES = {suite.name: suite for suite in MARTS_SUITES}


def rows(built_sample, query):
    """Rows of the built sample."""
    with psycopg.connect(built_sample.url) as connection:
        return connection.execute(query).fetchall()


def test_every_statement_goes_on_from_the_one_before_it_but_the_first_of_each_account(built_sample):
    found = rows(built_sample, "select verdict, count(*) from marts.fct_bank_statements group by verdict")
    accounts = rows(built_sample, "select count(distinct bank_account_id) from marts.fct_bank_statements")
    assert dict(found).keys() == {"first", "continues"}
    assert dict(found)["first"] == accounts[0][0] == 3


def test_every_day_with_money_in_another_currency_has_a_rate_and_weekends_carry_one(built_sample):
    found = rows(built_sample, "select status, count(*), max(age_days) from marts.fct_fx_rates group by status")
    ages = {status: oldest for status, _, oldest in found}
    assert ages.keys() == {"quoted", "carried"}
    assert ages["quoted"] == 0
    assert 1 <= ages["carried"] <= 4


def test_nothing_in_the_catalogue_or_in_tax_data_contradicts_itself(built_sample):
    assert (
        rows(built_sample, "select object, fault, record_key, remedy from reconciliation.recon_reference_faults") == []
    )


def test_the_rules_of_the_suites_can_be_asked_of_the_built_tables(built_sample):
    for name in ("fct_bank_statements", "fct_fx_rates", "recon_reference_faults"):
        suite = SUITES[name]
        for rule in suite.rules:
            failing = rule.failing.replace("{batch}", f"({suite.query}) as batch")
            assert rows(built_sample, failing) == [], rule.name

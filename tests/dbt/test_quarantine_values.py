"""What a quarantined record would be worth, and when it is open no more."""

from decimal import Decimal

import pytest

from ingestion.landing import load_landing
from ingestion.retry import retry
from tests.dbt import scratch_dbt
from tests.warehouse.landed import METERS, event, put

pytestmark = pytest.mark.warehouse
MODELS = ("+int_quarantine__records", "+int_quarantine__open_records")
RECORDS = """
    select reason, state, currency, estimated_minor, method from intermediate.int_quarantine__records
    order by system, object, delivered_on, line_no
"""
CHARGES = """{"id":"ch_1","amount":1250,"currency":"usd","created":1793179800,"note":"4242424242424242"}
{"id":"ch_2","amount":900,"currency":"jpy","created":1793179800,"note":"4242424242424242"}
{"id":"ch_3","amount":"much","currency":"usd","created":1793179800,"note":"4242424242424242"}
{"id":"ch_4","amo
"""


@pytest.fixture(scope="module")
def built(cluster, tmp_path_factory):
    landing = tmp_path_factory.mktemp("landing")
    put(landing, "catalog/meters/meters.yaml", METERS)
    put(landing, "stripe/charges/a.jsonl", CHARGES)
    put(
        landing,
        "stripe/charges/2026-10-29/b.jsonl",
        '{"id":"ch_2","amount":900,"currency":"jpy","created":1793179800}\n',
    )
    put(landing, "crm/Quote/a.csv", "Id,GrandTotal,SystemModstamp\n1,10.505,2026-10-01T00:00:00Z\n")
    late = [event(number, time="2024-01-01T00:00:00Z") for number in (1, 2)]
    put(landing, "usage/events/u.jsonl", "".join([*late, event(3, type="unheard"), "no event\n", event(9)]))
    again = event(2, time="2024-01-01T00:00:00Z", data={"calls": 2, "region": "eu"})
    with scratch_dbt.warehouse(cluster) as connection, pytest.MonkeyPatch.context() as environment:
        load_landing(landing)
        environment.setenv("TIEOUT_MAX_AGE_DAYS", "4000")
        put(landing, "usage/events/2026-10-29/v.jsonl", again)
        load_landing(landing)
        scratch_dbt.build("seed", "currencies")
        scratch_dbt.build("run", *MODELS)
        yield connection, landing


def test_a_record_is_worth_its_amount_and_what_cannot_be_estimated_is_unknown(built):
    connection, _ = built
    assert connection.execute(RECORDS).fetchall() == [
        ("bad_identifier", "open", "usd", 1051, "amount of the record"),
        ("card_number", "open", "usd", 1250, "amount of the record"),
        ("card_number", "superseded", "jpy", 900, "amount of the record"),
        ("card_number", "open", None, None, "unknown"),
        ("json", "open", None, None, "unknown"),
        ("late_excluded", "open", None, None, "unknown"),
        ("late_excluded", "superseded", None, None, "unknown"),
        ("unknown_meter", "open", None, None, "unknown"),
        ("json", "open", None, None, "unknown"),
    ]


def test_an_event_is_worth_the_meter_s_average_where_no_price_of_the_customer_is_known(built):
    connection, _ = built
    with connection.transaction(force_rollback=True):
        connection.execute("insert into intermediate.int_quarantine__meter_prices values ('calls', 'usd', 4, 150)")
        found = connection.execute(RECORDS + " offset 5 limit 1").fetchone()
    assert found == ("late_excluded", "open", "usd", Decimal(38), "average rated price of the meter")


def test_a_retried_record_leaves_the_open_ones_at_once(built, monkeypatch):
    connection, landing = built
    count = "select count(*) from intermediate.int_quarantine__open_records where reason = 'late_excluded'"
    assert connection.execute(count).fetchone() == (1,)
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", connection.info.dsn and scratch_url(connection))
    monkeypatch.setenv("TIEOUT_MAX_AGE_DAYS", "4000")
    (found,) = retry(landing, reason="late_excluded")
    assert (found.accepted, found.records) == (2, 2)
    assert connection.execute(count).fetchone() == (0,)


def scratch_url(connection):
    from urllib.parse import quote

    from tests.conftest import PASSWORD

    info = connection.info
    return f"postgresql://{info.user}:{quote(PASSWORD, safe='')}@{info.host}:{info.port}/{info.dbname}"

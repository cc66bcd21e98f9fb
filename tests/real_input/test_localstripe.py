"""Records made through the official SDK in localstripe, pulled by our source, landed and built: every one arrives.

localstripe runs in a process of its own and on this machine's loopback alone. Its transport and shapes are good; its
amounts are not an oracle, so nothing here compares them.
"""

import json
import socket
import subprocess
import sys
import time
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
import stripe

from ingestion.landing import load_landing
from ingestion.sources.stripe_api import API_VERSION, StripePullFailed, StripeSettings, pull
from orchestration.build import build
from warehouse.connection import connect

KEY = "sk_test_localstripe"
DAY = date(2026, 10, 29)
CUSTOMERS = 120  # more than a page of 100
# What localstripe has of our objects; prices, invoice payments, credit notes, disputes and billing meters it has not.
OBJECTS = (
    "customers",
    "products",
    "coupons",
    "tax_rates",
    "subscriptions",
    "invoices",
    "charges",
    "payment_intents",
    "refunds",
    "balance_transactions",
    "payouts",
    "events",
    "invoice_line_items",
)
# The key's name in staging.
IDS = {name: f"{name.removesuffix('s')}_id" for name in OBJECTS} | {
    "invoice_line_items": "invoice_line_id",
}
EVENT_VERSION = "2017-08-15"  # what localstripe writes into every event
# Without the copy of its store that localstripe writes to the disk after every change.
SERVER = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda self: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


@pytest.fixture(scope="module")
def api_base():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)])
    try:
        _wait_until_open(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_open(port, process):
    for _ in range(200):
        assert process.poll() is None, "localstripe did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("localstripe does not answer")


@pytest.fixture(scope="module")
def settings(api_base):
    # localstripe refuses `expand` for fields it does not know.
    return StripeSettings(api_key=KEY, api_base=api_base, expand=False, attempts=2, longest_wait_seconds=0.01)


@pytest.fixture(scope="module")
def created(api_base):
    """What was created, as {object: ids}."""
    v1 = stripe.StripeClient(KEY, base_addresses={"api": api_base}, max_network_retries=0).v1
    ids = defaultdict(set)

    def note(name, record):
        ids[name].add(record.id)
        return record

    product = note("products", v1.products.create(params={"name": "Team", "type": "service"}))
    other = note("products", v1.products.create(params={"name": "Usage", "type": "service"}))
    plans = [
        v1.plans.create(params={"product": product.id, "amount": 2900, "currency": "eur", "interval": "month"}),
        v1.plans.create(params={"product": other.id, "amount": 1000, "currency": "jpy", "interval": "month"}),
    ]
    note("coupons", v1.coupons.create(params={"id": "WELCOME", "percent_off": 10, "duration": "once"}))
    tax = note("tax_rates", v1.tax_rates.create(params={"display_name": "VAT", "percentage": 19, "inclusive": False}))
    customers = [
        note(
            "customers",
            v1.customers.create(params={"email": f"c{n}@example.com", "metadata": {"account_id": f"acc_{n}"}}),
        )
        for n in range(CUSTOMERS)
    ]
    for customer in customers[:20]:
        card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
        method = v1.payment_methods.create(params={"type": "card", "card": card})
        v1.payment_methods.attach(method.id, params={"customer": customer.id})
        v1.customers.update(customer.id, params={"invoice_settings": {"default_payment_method": method.id}})
    for n, customer in enumerate(customers[:12]):
        items = [{"plan": plans[n % 2].id, "quantity": n + 1, "tax_rates": [tax.id]}]
        subscription = note("subscriptions", v1.subscriptions.create(params={"customer": customer.id, "items": items}))
        if n == 0:
            v1.subscriptions.cancel(subscription.id)
    for n, customer in enumerate(customers[12:20]):
        charge = note(
            "charges", v1.charges.create(params={"amount": 500 + n, "currency": "usd", "customer": customer.id})
        )
        if n % 2:
            note("refunds", v1.refunds.create(params={"charge": charge.id, "amount": 100}))
    # localstripe invoices extra items to subscribers alone; a Stripe invoice has one currency, here that of the plan.
    customer = customers[1]
    for n in range(12):  # more lines than an invoice shows
        v1.invoice_items.create(
            params={"customer": customer.id, "amount": 100 + n, "currency": "jpy", "description": f"line {n}"}
        )
    # the lines of a draft can still change: they land when it is finalised, which paying does
    v1.invoices.pay(note("invoices", v1.invoices.create(params={"customer": customer.id})).id)
    note("payouts", v1.payouts.create(params={"amount": 1000, "currency": "eur"}))
    return dict(ids)


@pytest.fixture(scope="module")
def landing(created, settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    pull(folder, DAY, settings, OBJECTS)
    return folder


def _records(landing, name):
    (path,) = (landing / "stripe" / name / DAY.isoformat()).glob("*-list.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_created_record_is_pulled_once(created, landing):
    for name, ids in created.items():
        pulled = [record["id"] for record in _records(landing, name)]
        assert len(pulled) == len(set(pulled)), name
        assert ids <= set(pulled), name


def test_every_line_of_every_invoice_is_pulled(landing):
    lines = _records(landing, "invoice_line_items")
    by_invoice = defaultdict(int)
    for line in lines:
        by_invoice[line["invoice"]] += 1
    for invoice in _records(landing, "invoices"):
        expected = 0 if invoice["status"] == "draft" else invoice["lines"]["total_count"]
        assert by_invoice[invoice["id"]] == expected
    assert max(by_invoice.values()) > 10


def test_pulling_again_follows_the_events_and_changes_no_record(landing, created, settings):
    before = {path: path.read_bytes() for path in landing.rglob("*.jsonl")}
    # localstripe's balance transactions know no filter by time, which the feed asks for
    found = pull(landing, DAY, settings, [name for name in OBJECTS if name != "balance_transactions"])
    assert {one.mode for one in found.objects} == {"feed"}
    assert before == {path: path.read_bytes() for path in before}
    for one in found.objects:
        if one.path is not None and one.object in created:
            again = {json.loads(line)["id"] for line in Path(one.path).read_text("utf-8").splitlines()}
            assert again <= {record["id"] for record in _records(landing, one.object)}, one.object
    assert {one.object for one in found.objects if one.path is not None} >= {"customers", "invoices", "events"}


def test_an_object_the_api_does_not_have_is_a_named_failure(settings, tmp_path):
    with pytest.raises(StripePullFailed, match=r"Stripe prices, page 1: .*HTTP 404"):
        pull(tmp_path, DAY, settings, ["prices"])


def test_every_record_lands_and_all_models_build_on_them(landing, created, module_warehouse):
    results = load_landing(landing)
    assert {result.status for result in results} == {"loaded"}
    assert all(result.accepted == result.rows_in for result in results)
    assert build(holder="tests").status == "succeeded"
    with connect() as connection:
        for name in OBJECTS:
            expected = {record["id"] for record in _records(landing, name)}
            raw = connection.execute(f"select distinct record_id, api_version from raw.stripe__{name}").fetchall()
            assert {row[0] for row in raw} == expected, name
            # An event says itself at which version its object was written.
            assert {row[1] for row in raw} <= {EVENT_VERSION if name == "events" else API_VERSION}, name
            staged = connection.execute(f"select {IDS[name]} from staging.stg_stripe__{name}").fetchall()
            assert {row[0] for row in staged} == expected, name
    assert all(created.values())

"""The Stripe source against a scripted API on this machine: every fault a network and a paged API can have."""

import json
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestion.sources import stripe_api
from ingestion.sources.stripe_api import StripePullFailed, StripeSettings, pull
from orchestration.cli import app
from tests.unit.scripted_stripe import CANARY, error, page, serving

DAY = date(2026, 10, 29)


def lines(result) -> list[str]:
    return Path(result.path).read_text("utf-8").splitlines()


def test_a_list_is_followed_to_its_end_and_kept_word_for_word(tmp_path):
    def answer(_path, params):
        if "starting_after" not in params:
            return page('{"id": "cus_1",\n "balance": 1.10}', has_more=True)
        assert params["starting_after"] == "cus_1"
        return page('{"id":"cus_2","balance":-0}')

    with serving(answer) as (api, settings):
        (result,) = pull(tmp_path, DAY, settings, ["customers"]).objects
    assert (result.status, result.rows, result.pages) == ("pulled", 2, 2)
    assert lines(result) == ['{"id": "cus_1", "balance": 1.10}', '{"id":"cus_2","balance":-0}']
    assert api.headers[0]["Stripe-Version"] == stripe_api.API_VERSION
    manifest = json.loads(Path(f"{result.path}.manifest.json").read_text())
    assert manifest["rows"] == 2
    assert manifest["api_version"] == stripe_api.API_VERSION


def test_a_nested_list_that_stripe_cut_is_completed_in_place(tmp_path):
    def answer(path, params):
        if path == "/v1/subscription_items":
            assert params["subscription"] == "sub_1"
            return page('{"id":"si_1"}', '{"id":"si_2","q":1.0}')
        items = (
            '{"object":"list","data":[{"id":"si_1"}],"has_more":true,"url":"/v1/subscription_items?subscription=sub_1"}'
        )
        return page(f'{{"id":"sub_1","items":{items},"after":1.50}}')

    with serving(answer) as (_, settings):
        (result,) = pull(tmp_path, DAY, settings, ["subscriptions"]).objects
    (line,) = lines(result)
    assert [item["id"] for item in json.loads(line)["items"]["data"]] == ["si_1", "si_2"]
    assert line.endswith('"after":1.50}')
    assert '{"id":"si_2","q":1.0}' in line


def test_every_line_of_an_invoice_lands_and_names_its_invoice(tmp_path):
    def invoice(name, line, has_more):
        return f'{{"id":"{name}","lines":{{"object":"list","data":[{line}],"has_more":{has_more}}}}}'

    def answer(path, params):
        if path == "/v1/invoices/in_2/lines":
            more = "starting_after" not in params
            return page('{"id":"il_2"}', has_more=True) if more else page('{"invoice":"in_2","id":"il_3"}')
        return page(invoice("in_1", '{"id":"il_1"}', "false"), invoice("in_2", '{"id":"il_2"}', "true"))

    with serving(answer) as (_, settings):
        invoices, found = pull(tmp_path, DAY, settings, ["invoices", "invoice_line_items"]).objects
    assert '"has_more":true' in lines(invoices)[1]
    pairs = [(json.loads(line)["invoice"], json.loads(line)["id"]) for line in lines(found)]
    assert pairs == [("in_1", "il_1"), ("in_2", "il_2"), ("in_2", "il_3")]


def test_a_payouts_balance_transactions_are_listed_by_payout(tmp_path):
    def answer(path, params):
        if path == "/v1/payouts":
            return page('{"id":"po_1"}')
        assert params["payout"] == "po_1"
        return page('{"id":"txn_1"}', '{"id":"txn_2"}')

    with serving(answer) as (_, settings):
        _, pairs = pull(tmp_path, DAY, settings, ["payouts", "payout_balance_transactions"]).objects
    assert [json.loads(line) for line in lines(pairs)] == [
        {"payout": "po_1", "balance_transaction": "txn_1"},
        {"payout": "po_1", "balance_transaction": "txn_2"},
    ]


def test_meter_summaries_are_asked_for_each_customer_and_the_day_before(tmp_path):
    def answer(path, params):
        if path.endswith("/event_summaries"):
            assert params["end_time"] == str(int(datetime(2026, 10, 29, tzinfo=UTC).timestamp()))
            assert int(params["end_time"]) - int(params["start_time"]) == 86400
            return page('{"id":"mtrusg_1","aggregated_value":10.5}')
        return page('{"id":"mtr_1"}' if "meters" in path else '{"id":"cus_1"}')

    with serving(answer) as (_, settings):
        *_, found = pull(tmp_path, DAY, settings, ["customers", "meters", "meter_event_summaries"]).objects
    assert lines(found) == ['{"customer": "cus_1", "id":"mtrusg_1","aggregated_value":10.5}']


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(tmp_path, status):
    script = iter([error(status), error(status), page('{"id":"cus_1"}')])
    with serving(lambda *_: next(script)) as (api, settings):
        (result,) = pull(tmp_path, DAY, settings, ["customers"]).objects
    assert (result.rows, len(api.asked)) == (1, 3)


def test_nothing_is_asked_before_the_time_that_stripe_says(tmp_path):
    script = iter([(*error(429), {"Retry-After": "1"}), page('{"id":"cus_1"}')])
    with serving(lambda *_: next(script), longest_wait_seconds=5) as (api, settings):
        before = time.monotonic()
        (result,) = pull(tmp_path, DAY, settings, ["customers"]).objects
        assert time.monotonic() - before >= 1
    assert (result.rows, len(api.asked)) == (1, 2)


@pytest.mark.parametrize("asked", ["3600", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_more_patience_than_there_is_ends_the_pull_at_once(tmp_path, asked):
    with serving(lambda *_: (*error(429), {"Retry-After": asked})) as (api, settings):
        with pytest.raises(StripePullFailed, match="HTTP 429"):
            pull(tmp_path, DAY, settings, ["customers"])
        assert len(api.asked) == 1


def test_a_page_of_html_is_no_answer_and_is_not_repeated_to_anyone(tmp_path):
    html = (200, "<html>maintenance of canary-payload</html>", {"Content-Type": "text/html"})
    with serving(lambda *_: html) as (api, settings):
        with pytest.raises(StripePullFailed, match="customers, page 1: APIError, HTTP 200") as caught:
            pull(tmp_path, DAY, settings, ["customers"])
        assert len(api.asked) == 3
    assert "canary" not in str(caught.value)


def test_a_source_that_hangs_is_given_up_after_its_time(tmp_path):
    with serving(lambda *_: (time.sleep(1), page())[1], timeout_seconds=0.1, attempts=2) as (_, settings):
        before = time.monotonic()
        with pytest.raises(StripePullFailed, match="customers, page 1: APIConnectionError, HTTP none"):
            pull(tmp_path, DAY, settings, ["customers"])
        assert time.monotonic() - before < 1


def test_a_connection_that_ends_in_the_middle_of_a_body_is_tried_again(tmp_path):
    script = iter([(*page('{"id":"cus_1"}'), {"Content-Length": "5000"}), page('{"id":"cus_1"}')])
    with serving(lambda *_: next(script)) as (api, settings):
        (result,) = pull(tmp_path, DAY, settings, ["customers"]).objects
    assert (result.rows, len(api.asked)) == (1, 2)


def test_a_fault_that_stays_is_named_after_a_bounded_number_of_tries(tmp_path):
    with serving(lambda *_: error(503)) as (api, settings):
        with pytest.raises(StripePullFailed, match=r"customers, page 1: APIError, HTTP 503, request req_scripted"):
            pull(tmp_path, DAY, settings, ["customers"])
        assert len(api.asked) == 3
    assert not list(tmp_path.rglob("*.jsonl"))


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_never_a_skip(tmp_path, status):
    with serving(lambda *_: error(status)) as (api, settings):
        with pytest.raises(StripePullFailed, match=f"HTTP {status}"):
            pull(tmp_path, DAY, settings, ["customers"])
        assert len(api.asked) == 1


def test_a_failure_does_not_tell_the_key(tmp_path):
    with (
        serving(lambda *_: error(401, f"Invalid API Key provided: {CANARY[:3]}***")) as (_, settings),
        pytest.raises(StripePullFailed) as caught,
    ):
        pull(tmp_path, DAY, settings, ["customers"])
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(settings)


@pytest.mark.parametrize(
    "body",
    [
        '{"object":"list","data":[{"id":"cus_1"}]}',
        '{"object":"list","data":[],"has_more":true}',
        '{"object":"list","has_more":false}',
    ],
)
def test_a_list_that_cannot_be_right_is_a_failure(tmp_path, body):
    with serving(lambda *_: (200, body)) as (_, settings), pytest.raises(StripePullFailed, match="not readable"):
        pull(tmp_path, DAY, settings, ["customers"])


def test_a_list_without_end_is_a_failure(tmp_path):
    numbers = iter(range(1000))
    with (
        serving(lambda *_: page(f'{{"id":"cus_{next(numbers)}"}}', has_more=True)) as (_, settings),
        pytest.raises(StripePullFailed, match="more than 20 pages"),
    ):
        pull(tmp_path, DAY, settings, ["customers"])


def test_a_body_cut_short_is_tried_again_and_then_named(tmp_path):
    with serving(lambda *_: (200, '{"object":"list","data":[{"id":"cus_1"')) as (api, settings):
        with pytest.raises(StripePullFailed, match="customers"):
            pull(tmp_path, DAY, settings, ["customers"])
        assert len(api.asked) == 3
    assert not list(tmp_path.rglob("*.jsonl"))


def test_the_same_call_goes_on_where_it_failed(tmp_path):
    broken = {"/v1/products"}

    def answer(path, _params):
        return error(403) if path in broken else page(f'{{"id":"{path[4:]}_1"}}')

    with serving(answer) as (api, settings):
        with pytest.raises(StripePullFailed, match="products"):
            pull(tmp_path, DAY, settings, ["customers", "products"])
        broken.clear()
        api.asked.clear()
        again = pull(tmp_path, DAY, settings, ["customers", "products"]).objects
        assert [path for path, _ in api.asked] == ["/v1/products"]
        assert [one.status for one in again] == ["pulled", "pulled"]
        assert [one.status for one in pull(tmp_path, DAY, settings, ["customers", "products"]).objects] == [
            "already_pulled",
            "already_pulled",
        ]
        assert len(api.asked) == 1


def test_since_asks_for_what_was_created_from_then_on(tmp_path):
    with serving(lambda *_: page()) as (api, settings):
        pull(tmp_path, DAY, settings, ["charges"], since=datetime(2026, 10, 1, tzinfo=UTC))
    assert api.asked[0][1]["created[gte]"] == str(int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()))


def test_what_depends_on_another_object_says_which(tmp_path):
    with serving(lambda *_: page()) as (_, settings), pytest.raises(ValueError, match="add invoices"):
        pull(tmp_path, DAY, settings, ["invoice_line_items"])


def test_an_unknown_object_is_refused(tmp_path):
    with serving(lambda *_: page()) as (_, settings), pytest.raises(ValueError, match="unicorns"):
        pull(tmp_path, DAY, settings, ["unicorns"])


def test_the_api_is_reached_encrypted_or_on_this_machine():
    with pytest.raises(ValueError, match="https"):
        StripeSettings(api_key="rk_test_x", api_base="http://api.example.com")


def test_the_command_pulls_and_says_what_came(tmp_path, monkeypatch):
    with serving(lambda *_: page('{"id":"cus_1"}')) as (_, settings):
        monkeypatch.setenv("TIEOUT_STRIPE_API_KEY", CANARY)
        monkeypatch.setenv("TIEOUT_STRIPE_API_BASE", settings.api_base)
        command = [
            "pull",
            "stripe",
            "--landing",
            str(tmp_path),
            "--date",
            "2026-10-29",
            "--object",
            "customers",
            "--json",
        ]
        ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["pulled"][0]["rows"] == 1


def test_the_command_names_the_setting_that_is_missing(monkeypatch):
    monkeypatch.delenv("TIEOUT_STRIPE_API_KEY", raising=False)
    ended = CliRunner().invoke(app, ["pull", "stripe"])
    assert ended.exit_code == 1
    assert "TIEOUT_STRIPE_API_KEY" in ended.stderr

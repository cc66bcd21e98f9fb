"""From an invoice line of the sample to its events and back: the figures meet, and what does not meet is said."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row
from typer.testing import CliRunner

from ingestion.landing import load_landing
from orchestration.cli import app
from orchestration.tracing.lines import trace_line
from tests.built_sample import BuiltSample
from tests.warehouse.landed import event, put

Row = dict[str, Any]

GRADUATED_AND_LATE = """
    select lines.invoice_line_id, charges.*
    from marts.fct_rated_charges as charges
    inner join marts.fct_charge_invoice_lines as lines on charges.charge_id = lines.charge_id and lines.is_billed
    where charges.charge_model = 'graduated' and charges.late_quantity <> 0
    order by charges.charge_id
    limit 1
"""
SEATS_OF_PART_OF_A_PERIOD = """
    select lines.invoice_line_id, lines.invoice_id, charges.*
    from marts.fct_rated_charges as charges
    inner join marts.fct_charge_invoice_lines as lines on charges.charge_id = lines.charge_id and lines.is_billed
    where charges.line_kind = 'proration_credit' and charges.billing_system = 'stripe'
    order by charges.charge_id
    limit 1
"""
DISCOUNTED_BY_THE_ERP = """
    select lines.invoice_line_id, expected.*
    from marts.fct_expected_invoice_lines as expected
    inner join marts.fct_charge_invoice_lines as lines on expected.charge_id = lines.charge_id and lines.is_billed
    where expected.billing_system = 'erp' and expected.line_kind = 'recurring' and expected.discount_minor <> 0
    order by expected.charge_id
    limit 1
"""
A_FILE_OF_THE_LAKE = """
    insert into ops.lake_files (load_id, load_seq, delivered_on, occurred_on, path, row_count, size_bytes, sha256)
    select load_id, load_seq, delivered_on, delivered_on, 'a', 1, 1, repeat('0', 64) from ops.loads limit 1
"""
# Every usage charge with what its events give, by themselves: no day, no partial state, no rated quantity is asked.
EVERY_USAGE_CHARGE = """
    with of_events as materialized (
        select
            subscription_item_id,
            period_start,
            max(quantity) filter (where basis = 'as_invoiced') as in_time,
            max(quantity) filter (where basis = 'as_now_known') as with_late
        from intermediate.int_rating__quantities_of_events
        group by subscription_item_id, period_start
    )

    select
        charges.charge_id,
        charges.quantity as charged,
        charges.quantity + charges.late_quantity as known,
        of_events.in_time,
        coalesce(of_events.with_late, of_events.in_time) as of_all
    from marts.fct_rated_charges as charges
    left join of_events
        on charges.subscription_item_id = of_events.subscription_item_id
        and charges.period_start = of_events.period_start
    where charges.line_kind = 'usage'
"""
# The same for what adds up, straight from the list of events that is shown.
SUMS_OF_LISTED_EVENTS = """
    with listed as (
        select
            events.charge_id,
            sum(events.quantity) filter (where events.counts_as = 'charged') as quantity_sum,
            count(*) filter (where events.counts_as = 'charged') as event_count
        from marts.fct_charge_events as events
        group by events.charge_id
    )

    select charges.charge_id, charges.quantity as charged,
        case meters.aggregation when 'sum' then listed.quantity_sum else listed.event_count end as listed
    from marts.fct_rated_charges as charges
    inner join intermediate.int_usage__meters as meters on charges.meter_code = meters.meter_code
    left join listed on charges.charge_id = listed.charge_id
    where charges.line_kind = 'usage' and meters.aggregation in ('sum', 'count')
"""


def rows(url: str, statement: str, *parameters: object) -> list[Row]:
    """Rows of a query, as the login user."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(statement, parameters).fetchall()


def tieout(*words: object) -> Any:
    """The outcome of a command; a fault of the program is raised."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def traced(*words: object, exit_code: int = 0) -> Any:
    """What a trace says as JSON."""
    result = tieout("trace", *words, "--json")
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def counted_sample(built_sample: BuiltSample) -> str:
    """URL of the built sample, with the statistics that autovacuum would have gathered; scratch clusters have none."""
    with psycopg.connect(built_sample.url, autocommit=True) as connection:
        connection.execute("analyze")
    return built_sample.url


@pytest.fixture
def sample(counted_sample: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of the built sample, which the command reads too."""
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", counted_sample)
    return counted_sample


def line_of(built_sample: BuiltSample, file_line: str) -> str:
    """The delivered line that a trace names."""
    path, number = file_line.rsplit(":", 1)
    return (built_sample.landing / path).read_text("utf-8").splitlines()[int(number) - 1]


def test_the_events_behind_every_usage_charge_give_its_quantity(sample):
    found = rows(sample, EVERY_USAGE_CHARGE)
    assert len(found) > 150
    assert [one for one in found if one["in_time"] != one["charged"] or one["of_all"] != one["known"]] == []
    assert any(one["known"] != one["charged"] for one in found)


def test_the_listed_events_of_every_charge_that_adds_up_sum_to_its_quantity(sample):
    found = rows(sample, SUMS_OF_LISTED_EVENTS)
    assert len(found) > 100
    assert [one for one in found if (one["listed"] or 0) != one["charged"]] == []


def test_every_charge_rests_on_one_item_record_and_one_price_that_say_what_was_sold(sample):
    found = rows(
        sample,
        """
        select charges.charge_id
        from marts.fct_rated_charges as charges
        left join intermediate.int_billing__charge_evidence as evidence on charges.charge_id = evidence.charge_id
        group by charges.charge_id, charges.line_kind, charges.quantity
        having count(*) filter (where evidence.evidence = 'price') <> 1
            or count(*) filter (where evidence.evidence <> 'price') <> 1
            or (charges.line_kind <> 'usage' and max(evidence.quantity) is distinct from charges.quantity)
        """,
    )
    assert found == []


def test_a_graduated_line_is_traced_to_every_event_with_its_file_and_the_late_ones_apart(
    sample, built_sample, tmp_path
):
    (charge,) = rows(sample, GRADUATED_AND_LATE)
    found = traced("line", charge["invoice_line_id"], "--all", "--out", tmp_path / "events.csv")

    assert found["lines"][0]["invoice_line_id"] == charge["invoice_line_id"]
    assert found["adds_up"] is True
    (one,) = found["charges"]
    assert sum(Decimal(tier["amount_exact"]) for tier in one["tiers"]) == charge["gross_exact"]
    assert len(one["tiers"]) > 1
    assert one["charge"]["rated_minor"] == str(charge["rated_minor"])

    events = found["events"]
    by_fate = {fate["counts_as"]: fate for fate in one["usage"]["fates"]}
    assert len(events) == sum(fate["events"] for fate in by_fate.values())
    charged = sum(Decimal(each["quantity"]) for each in events if each["counts_as"] == "charged")
    late = [each for each in events if each["counts_as"] == "late"]
    assert (charged, sum(Decimal(each["quantity"]) for each in late)) == (charge["quantity"], charge["late_quantity"])
    cut_off = one["usage"]["period"]["cut_off_at"]
    assert all(each["recorded_at"] >= cut_off for each in late)
    assert [each["event_id"] for each in one["usage"]["late"]] == [each["event_id"] for each in late]
    for each in (events[0], late[0]):
        assert json.loads(line_of(built_sample, each["file_line"]))["id"] == each["event_id"]

    with (tmp_path / "events.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [each["event_id"] for each in written] == [each["event_id"] for each in events]
    assert {each["charge_id"] for each in written} == {charge["charge_id"]}


def test_the_screen_of_a_usage_line_shows_some_events_counts_the_rest_and_the_check(sample):
    (charge,) = rows(sample, GRADUATED_AND_LATE)
    shown = tieout("trace", "line", charge["charge_key"], "--events", 3)
    assert shown.exit_code == 0
    for words in (
        "Tiers, before rounding",
        "Late events",
        "Events, the first 3 of",
        "more events; their quantities sum",
    ):
        assert words in shown.stdout
    assert shown.stdout.count("0  equal") == 3
    assert "NOT EQUAL" not in shown.stdout
    everything = tieout("trace", "line", charge["charge_key"], "--all").stdout
    assert "more event" not in everything
    assert everything.count("usage/events/") > shown.stdout.count("usage/events/") + 100


def test_a_seat_line_of_part_of_a_period_shows_its_share_its_rounding_and_the_record_that_was_left(
    sample, built_sample
):
    (charge,) = rows(sample, SEATS_OF_PART_OF_A_PERIOD)
    found = traced("line", charge["invoice_line_id"])
    (one,) = found["charges"]
    assert one["usage"] is None
    shares = Decimal(one["charge"]["share_active"]) / Decimal(one["charge"]["share_whole"])
    assert 0 < shares < 1
    exact, rated = Decimal(one["charge"]["gross_exact"]), Decimal(one["charge"]["rated_minor"])
    assert exact < 0
    assert abs(exact - rated) < 1
    item = next(each for each in one["evidence"] if each["evidence"] == "subscription item")
    assert Decimal(item["quantity"]) == charge["quantity"]
    assert item["valid_to"] == charge["period_start"].isoformat()
    assert charge["subscription_id"] in line_of(built_sample, item["file_line"])
    invoiced = json.loads(line_of(built_sample, found["lines"][0]["file_line"]))
    assert (invoiced["id"], invoiced["invoice"]) == (charge["invoice_line_id"], charge["invoice_id"])


def test_a_line_of_the_erp_shows_its_order_item_discount_and_tax(sample, built_sample):
    (line,) = rows(sample, DISCOUNTED_BY_THE_ERP)
    found = traced("line", line["invoice_line_id"], "--system", "erp")
    (one,) = found["charges"]
    taken = sum(Decimal(coupon["taken_numerator"]) / Decimal(coupon["scale"]) for coupon in one["coupons"])
    assert taken == line["discount_minor"]
    assert one["charge"]["net_minor"] == str(line["net_minor"])
    assert one["taxes"]
    order_item = next(each for each in one["evidence"] if each["evidence"] == "order item")
    assert line["subscription_item_id"] in line_of(built_sample, order_item["file_line"])
    shown = tieout("trace", "line", line["invoice_line_id"]).stdout
    assert "Discounts and taxes" in shown
    assert order_item["file_line"] in shown


def test_a_line_that_was_entered_by_hand_says_that_nothing_stands_behind_it(sample):
    (line,) = rows(sample, "select * from marts.fct_invoice_lines where charge_key is null limit 1")
    shown = tieout("trace", "line", line["invoice_line_id"])
    assert shown.exit_code == 0
    assert "Entered by hand" in shown.stdout
    assert traced("line", line["invoice_line_id"])["charges"] == []


def test_a_charge_that_no_invoice_has_says_so_and_its_events_too(sample):
    (charge,) = rows(
        sample,
        """
        select links.charge_id from marts.fct_charge_invoice_lines as links
        where links.line_kind = 'usage' and links.invoice_line_id is null order by 1 limit 1
        """,
    )
    shown = tieout("trace", "line", charge["charge_id"])
    assert (shown.exit_code, "is on no invoice" in shown.stdout) == (0, True)
    found = traced("line", charge["charge_id"])
    assert (found["lines"], found["adds_up"]) == ([], True)
    first = found["charges"][0]["usage"]["events"][0]
    (back,) = traced("event", first["event_id"], "--source", first["source"])["events"]
    assert back["state"] == "not invoiced"
    assert back["says"] == "Rated, not yet invoiced."


def test_an_event_leads_back_to_the_line_it_was_found_from(sample):
    (charge,) = rows(sample, GRADUATED_AND_LATE)
    usage = traced("line", charge["invoice_line_id"])["charges"][0]["usage"]
    in_time = next(each for each in usage["events"] if each["counts_as"] == "charged")
    late = usage["late"][0]
    for each, state in ((in_time, "invoiced"), (late, "late, not billed")):
        day = each["occurred_at"][:10]
        (back,) = traced("event", each["event_id"], "--source", each["source"], "--on", day)["events"]
        assert back["state"] == state
        (of_charge,) = [one for one in back["periods"] if one["period"]["charge_id"] == charge["charge_id"]]
        assert charge["invoice_line_id"] in [line["invoice_line_id"] for line in of_charge["lines"]]
    assert "Known after the cut-off" in tieout("trace", "event", late["event_id"]).stdout


@pytest.mark.parametrize("fate", ["repetition", "conflict"])
def test_a_copy_that_does_not_count_stands_beside_the_one_that_does(sample, built_sample, fate):
    (copy,) = rows(
        sample,
        "select * from intermediate.int_usage__event_copies where fate = %s order by source, event_id limit 1",
        fate,
    )
    (found,) = traced("event", copy["event_id"], "--source", copy["source"])["events"]
    assert found["copies"][0]["fate"] == "counts"
    assert fate in [one["fate"] for one in found["copies"][1:]]
    for one in found["copies"]:
        assert json.loads(line_of(built_sample, one["file_line"]))["id"] == copy["event_id"]
    assert "left out" in tieout("trace", "event", copy["event_id"]).stdout


def test_an_event_in_quarantine_says_why_and_what_to_do(sample):
    (record,) = rows(
        sample,
        """
        select events.event_id, records.reason, records.line_no
        from staging.stg_ops__quarantined_events as events
        inner join staging.stg_ops__quarantined_records as records
            on events.load_id = records.load_id and events.line_no = records.line_no
        where records.reason = 'unknown_meter' order by 1 limit 1
        """,
    )
    found = traced("event", record["event_id"])
    assert found["events"] == []
    (one,) = found["quarantine"]
    assert (one["reason"], one["line_no"], "raw" in one) == (record["reason"], record["line_no"], False)
    shown = tieout("trace", "event", record["event_id"])
    assert shown.exit_code == 0
    assert "tieout quarantine retry" in shown.stdout


def test_a_charge_whose_events_lie_in_the_lake_is_shown_by_its_days_and_not_said_to_be_checked(sample):
    (line,) = rows(sample, GRADUATED_AND_LATE)
    with psycopg.connect(sample) as connection:
        connection.execute(A_FILE_OF_THE_LAKE)
        found = trace_line(connection, line["invoice_line_id"], None, 5)
        connection.rollback()
    (usage,) = [charge.usage for charge in found.charges if charge.usage]
    assert (usage.in_lake, usage.agreements, usage.events, usage.late) == (True, [], [], [])
    assert usage.days
    assert found.has_events_in_lake


def test_an_unknown_id_is_told_in_a_sentence_with_the_closest_ones(sample):
    (line,) = rows(sample, "select invoice_line_id as id from marts.fct_invoice_lines order by 1 desc limit 1")
    (one,) = rows(sample, "select event_id as id from staging.stg_usage__events order by 1 limit 1")
    (paid,) = rows(sample, "select invoice_id as id from marts.fct_invoices order by 1 desc limit 1")
    for kind, known in (("line", line["id"]), ("event", one["id"]), ("invoice", paid["id"])):
        unknown = tieout("trace", kind, known + "x")
        assert unknown.exit_code == 1
        assert unknown.stdout == ""
        assert f"The closest: {known}" in " ".join(unknown.stderr.split())


def test_a_charge_that_its_events_do_not_give_is_said_loudly_and_ends_with_3(copy_of_sample):
    (charge,) = rows(copy_of_sample, GRADUATED_AND_LATE)
    with psycopg.connect(copy_of_sample) as connection:
        connection.execute(
            "update marts.fct_rated_charges set quantity = quantity + 1 where charge_id = %s", (charge["charge_id"],)
        )
    shown = tieout("trace", "line", charge["invoice_line_id"])
    assert shown.exit_code == 3
    assert "THE EVENTS DO NOT ADD UP TO WHAT WAS CHARGED." in shown.stdout
    assert traced("line", charge["invoice_line_id"], exit_code=3)["adds_up"] is False


def test_an_event_that_landed_after_the_build_says_so(copy_of_sample, tmp_path):
    put(
        tmp_path,
        "usage/events/2026-11-10/later.jsonl",
        event(0, id="only-now", type="com.acme.api_call", time="2026-11-09T08:00:00Z"),
    )
    assert [result.accepted for result in load_landing(tmp_path)] == [1]
    found = traced("event", "only-now")
    assert found["loads_since_build"] == 1
    assert [one["state"] for one in found["events"]] == ["not built"]


def test_both_systems_may_have_a_line_of_one_id_and_then_one_has_to_be_named(copy_of_sample):
    (line,) = rows(copy_of_sample, "select * from marts.fct_invoice_lines where billing_system = 'stripe' limit 1")
    with psycopg.connect(copy_of_sample) as connection:
        connection.execute(
            """
            update marts.fct_invoice_lines set invoice_line_id = %s
            where (billing_system, invoice_line_id) = (
                select billing_system, invoice_line_id from marts.fct_invoice_lines
                where billing_system = 'erp' order by 2 limit 1
            )
            """,
            (line["invoice_line_id"],),
        )
    refused = tieout("trace", "line", line["invoice_line_id"])
    assert refused.exit_code == 1
    assert "--system erp or --system stripe" in " ".join(refused.stderr.split())
    found = traced("line", line["invoice_line_id"], "--system", "stripe")
    assert {one["billing_system"] for one in found["lines"]} == {"stripe"}


def invoice_of(url: str, condition: LiteralString) -> Row:
    """The first invoice for which a condition on its payments, their bookings and payouts holds."""
    (found,) = rows(
        url,
        """
        select payments.*
        from marts.fct_payments as payments
        left join marts.fct_balance_transactions as bookings
            on payments.balance_transaction_id = bookings.balance_transaction_id
        left join marts.fct_payouts as payouts on bookings.payout_id = payouts.payout_id
        where payments.kind = 'payment' and """
        + condition
        + " order by payments.payment_id limit 1",
    )
    return found


def test_the_money_of_an_invoice_is_followed_to_the_bank_line_each_step_with_its_file(sample, built_sample):
    paid = invoice_of(sample, "payouts.bank_line_count = 1 and payouts.received_minor = payouts.amount_minor")
    found = traced("invoice", paid["invoice_id"])
    assert line_of(built_sample, found["invoice"]["file_line"]).count(paid["invoice_id"])
    of_lines = sum(int(line["net_minor"]) + int(line["tax_minor"]) for line in found["lines"])
    assert str(of_lines) == found["invoice"]["total_minor"]
    payment = next(one for one in found["payments"] if one["payment"]["payment_id"] == paid["payment_id"])
    assert payment["ends"] == "At the bank."
    assert json.loads(line_of(built_sample, payment["payment"]["file_line"]))["id"] == paid["payment_id"]
    booking, (payout,) = payment["booking"], payment["payouts"]
    assert booking["amount_minor"] == payment["payment"]["amount_minor"] == str(paid["amount_minor"])
    assert int(booking["net_minor"]) == int(booking["amount_minor"]) - int(booking["fee_minor"])
    assert json.loads(line_of(built_sample, payout["payout"]["file_line"]))["id"] == payout["payout"]["payout_id"]
    assert booking["balance_transaction_id"] in line_of(built_sample, payout["payout"]["listed_at"])
    (bank_line,) = payout["bank_lines"]
    assert bank_line["amount_minor"] == payout["payout"]["amount_minor"]
    shown = tieout("trace", "invoice", paid["invoice_id"])
    assert shown.exit_code == 0
    for place in (bank_line["file_line"], payout["payout"]["file_line"], booking["file_line"]):
        assert place in shown.stdout


def test_a_payment_a_charge_and_a_booking_lead_to_their_invoice_as_its_number_does(sample):
    paid = invoice_of(sample, "payments.balance_transaction_id is not null")
    (invoice,) = rows(sample, "select * from marts.fct_invoices where invoice_id = %s", paid["invoice_id"])
    named = [paid["payment_id"], paid["charge_id"], paid["balance_transaction_id"], invoice["invoice_number"]]
    assert {traced("invoice", one)["invoice"]["invoice_id"] for one in named} == {paid["invoice_id"]}


def test_money_that_has_not_arrived_says_how_far_it_came(sample):
    for condition, says in (
        ("payments.billing_system = 'erp'", "names no booking of a processor"),
        ("payments.billing_system = 'stripe' and bookings.payout_id is null", "In no payout yet."),
        ("payouts.bank_line_count = 0", "Its payout is not matched to a bank line."),
    ):
        paid = invoice_of(sample, condition)
        found = traced("invoice", paid["invoice_id"])
        assert says in " ".join(payment["ends"] for payment in found["payments"])


def test_a_booking_in_two_payouts_is_said_to_be(sample):
    (booking,) = rows(
        sample,
        """
        select members.balance_transaction_id as id
        from intermediate.int_cash__payout_members as members
        inner join marts.fct_payments as payments
            on members.balance_transaction_id = payments.balance_transaction_id and payments.invoice_id is not null
        where members.listing_no = 2 order by 1 limit 1
        """,
    )
    assert "2 payouts list it" in " ".join(one["ends"] for one in traced("invoice", booking["id"])["payments"])


def test_what_is_due_and_not_paid_is_the_open_difference_of_the_control(sample):
    (break_,) = rows(
        sample,
        """
        select split_part(tracking_key, '|', 2) as invoice_id, amount_minor
        from reconciliation.recon_breaks
        where control_id = 'C1' and break_class = 'UNPAID' and status = 'open' order by tracking_key limit 1
        """,
    )
    found = traced("invoice", break_["invoice_id"])
    assert found["unpaid_minor"] == str(break_["amount_minor"])


def test_every_movement_of_money_has_one_record_with_its_file(sample):
    found = rows(
        sample,
        """
        select payments.payment_id
        from marts.fct_payments as payments
        left join intermediate.int_cash__payment_records as records on payments.payment_id = records.payment_id
        group by payments.payment_id
        having count(records.file_line) <> 1
        """,
    )
    assert found == []

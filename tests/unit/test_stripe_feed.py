"""Stripe followed by its events, against an account in memory: what changed is fetched again, and nothing is lost."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ingestion.sources import delivered_file, stripe_webhooks
from ingestion.sources.stripe_api import OBJECTS, StripePullFailed, pull
from tests.unit.scripted_stripe import Account, error, serving

LAG, OVERLAP = 60, 600


class World:
    """An account, a landing, and the time that both go by."""

    def __init__(self, landing: Path, **account):
        self.landing = landing
        self.account = Account(**account)

    def now(self):
        return datetime.fromtimestamp(self.account.now, UTC)

    def wait(self, **span):
        self.account.now += int(timedelta(**span).total_seconds())

    def pull(self, stripe, objects=None, **more):
        return pull(self.landing, self.now().date(), stripe, objects, clock=self.now, **more)

    def latest(self, name):
        """The version of each record that the models will see: read last, and last in its file."""
        versions = {}
        for target, manifest in delivered_file.delivered(self.landing, "stripe", name):
            for number, line in enumerate(delivered_file.lines_of(self.landing, target)):
                record = json.loads(line)
                key = record.get("id") or (record["payout"], record["balance_transaction"])
                read = record.get("created") if name == "events" else manifest["as_of"]
                versions.setdefault(key, []).append((read, target.delivered_on, number, record))
        return {key: max(found, key=lambda one: one[:3])[3] for key, found in versions.items()}

    def delivered(self):
        """Every delivered byte, by path."""
        return {
            str(path.relative_to(self.landing)): path.read_bytes()
            for path in self.landing.rglob("*.json*")
            if delivered_file.WORK not in path.parts
        }


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    account = world.account
    account.put("customers", "cus_1", "customer.created", name="One")
    account.put("coupons", "HALF", "coupon.created", percent_off=50)
    account.put("invoices", "in_1", "invoice.finalized", status="open", customer="cus_1", total=100)
    account.lines["in_1"] = [{"id": "il_1", "object": "line_item", "amount": 100}]
    account.put("payouts", "po_1", "payout.created", automatic=True, status="pending")
    account.put("balance_transactions", "txn_1", status="pending", net=97)
    account.members["po_1"] = ["txn_1"]
    world.wait(hours=1)
    return world


def asked(api):
    """Addresses of objects that were asked for since the last look, and the lists."""
    paths = [path for path, _ in api.asked]
    api.asked.clear()
    return paths


def by_name(found):
    return {one.object: one for one in found.objects}


def test_the_first_pull_lists_every_object_and_leaves_a_cursor_with_the_events(world):
    created = world.account.now - 3600
    with serving(world.account) as (_, stripe):
        found = world.pull(stripe)
    assert {one.mode for one in found.objects} == {"list"}
    assert [one.object for one in found.objects] == list(OBJECTS)
    assert found.cursor == {
        "through": datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z"),
        "asked": world.now().isoformat().replace("+00:00", "Z"),
        "objects": list(OBJECTS),
        "webhooks": None,
    }
    manifest = json.loads(Path(f"{by_name(found)['events'].path}.manifest.json").read_text())
    assert manifest["cursor"] == found.cursor
    assert "cursor" not in json.loads(Path(f"{by_name(found)['invoices'].path}.manifest.json").read_text())


def test_the_cursor_stays_a_minute_behind_the_clock(world):
    world.account.put("customers", "cus_2", "customer.created")
    with serving(world.account) as (_, stripe):
        found = world.pull(stripe)
    behind = datetime.fromtimestamp(world.account.now - LAG, UTC)
    assert found.cursor["through"] == behind.isoformat().replace("+00:00", "Z")


def test_a_changed_object_is_fetched_once_however_many_events_tell_of_it(world):
    with serving(world.account) as (api, stripe):
        world.pull(stripe)
        world.wait(hours=2)
        for total in range(5):
            world.account.put("customers", "cus_1", "customer.updated", balance=total)
        world.wait(hours=2)
        asked(api)
        found = by_name(world.pull(stripe))
        paths = asked(api)
    assert paths.count("/v1/customers/cus_1") == 1
    assert "/v1/customers" not in paths
    assert (found["customers"].mode, found["customers"].rows) == ("feed", 1)
    assert (found["products"].status, found["products"].path) == ("unchanged", None)
    assert world.latest("customers")["cus_1"]["balance"] == 4


def test_the_feed_reads_again_what_lies_ten_minutes_before_the_cursor(world):
    with serving(world.account) as (api, stripe):
        first = world.pull(stripe)
        through = int(datetime.fromisoformat(first.cursor["through"]).timestamp())
        # Seen late: its time lies before the cursor, by as much as is allowed.
        world.account.put("customers", "cus_late", created=through - OVERLAP)
        world.account.tell("customer.created", world.account.objects["customers"]["cus_late"], through - OVERLAP)
        world.wait(hours=1)
        world.pull(stripe)
    assert {params["created[gte]"] for path, params in api.asked if path == "/v1/events" and len(params) > 1} == {
        str(through - OVERLAP)
    }
    assert "cus_late" in world.latest("customers")


def test_an_account_where_nothing_happens_is_followed_for_ever(world):
    with serving(world.account) as (_, stripe):
        before = world.pull(stripe)
        for _ in range(3):
            world.wait(days=27)
            found = world.pull(stripe)
            assert {one.mode for one in found.objects} == {"feed"}
            world.account.objects["events"].clear()  # Stripe keeps them for 30 days
    assert found.cursor["through"] == before.cursor["through"]
    assert found.notes == []


def test_a_gap_of_more_than_28_days_lists_everything_again_and_says_so(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe)
        world.wait(days=28, seconds=1)
        world.account.objects["events"].clear()
        world.account.put("customers", "cus_1", name="changed unseen")
        found = world.pull(stripe)
    assert {one.mode for one in found.objects} == {"list"}
    assert "28 days ago" in found.notes[0]
    assert world.latest("customers")["cus_1"]["name"] == "changed unseen"


def test_a_deleted_object_keeps_its_last_words_and_is_marked(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.put("invoices", "in_draft", "invoice.created", status="draft")
        world.account.delete("coupons", "HALF", "coupon.deleted")
        world.account.delete("customers", "cus_1", "customer.deleted")
        world.account.delete("invoices", "in_draft", "invoice.deleted")
        world.wait(hours=1)
        world.pull(stripe)
    coupon, customer = world.latest("coupons")["HALF"], world.latest("customers")["cus_1"]
    assert (coupon["deleted"], coupon["percent_off"]) == (True, 50)
    assert (customer["deleted"], customer["name"]) == (True, "One")
    assert world.latest("invoices")["in_draft"]["deleted"] is True


def test_an_id_that_is_used_again_after_a_deletion_is_alive(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.delete("coupons", "HALF", "coupon.deleted")
        world.account.put("coupons", "HALF", "coupon.created", percent_off=51)
        world.wait(hours=1)
        world.pull(stripe)
    assert world.latest("coupons")["HALF"].get("deleted") is None
    assert world.latest("coupons")["HALF"]["percent_off"] == 51


def test_an_object_deleted_between_its_event_and_the_fetch_is_a_deletion(world):
    def answer(path, params):
        if path == "/v1/coupons/HALF" and "HALF" in world.account.objects["coupons"]:
            world.account.delete("coupons", "HALF", "coupon.deleted")
        return world.account(path, params)

    with serving(answer) as (_, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.put("coupons", "HALF", "coupon.updated", name="renamed")
        world.wait(hours=1)
        world.pull(stripe)
    assert (world.latest("coupons")["HALF"]["deleted"], world.latest("coupons")["HALF"]["name"]) == (True, "renamed")


def test_an_object_that_is_gone_without_a_deletion_is_a_failure_and_moves_no_cursor(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.put("charges", "ch_1", "charge.succeeded")
        del world.account.objects["charges"]["ch_1"]
        before = world.delivered()
        with pytest.raises(StripePullFailed, match="charges, ch_1: HTTP 404"):
            world.pull(stripe)
        assert world.delivered() == before


def test_a_preview_of_an_invoice_is_no_invoice(world):
    with serving(world.account) as (api, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.tell("invoice.upcoming", {"id": "upcoming_in_1", "object": "invoice"})
        world.wait(hours=1)
        world.pull(stripe)
    assert "/v1/invoices/upcoming_in_1" not in asked(api)


@pytest.mark.parametrize(
    ("kind", "copy", "path"),
    [
        ("charge.dispute.created", {"object": "dispute", "charge": "ch_1"}, "/v1/charges/ch_1"),
        ("credit_note.created", {"object": "credit_note", "invoice": {"id": "in_1"}}, "/v1/invoices/in_1"),
        ("customer.discount.created", {"object": "discount", "customer": "cus_1"}, "/v1/customers/cus_1"),
        ("invoice_payment.paid", {"object": "invoice_payment", "invoice": "in_1"}, "/v1/invoices/in_1"),
    ],
)
def test_what_changes_with_an_object_is_fetched_too(world, kind, copy, path):
    world.account.put("charges", "ch_1")
    with serving(world.account) as (api, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.tell(kind, copy)
        world.wait(hours=1)
        asked(api)
        world.pull(stripe)
    assert asked(api).count(path) == 1


def test_all_lines_and_payments_of_a_changed_invoice_are_fetched(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.lines["in_2"] = [{"id": f"il_2_{n}", "object": "line_item", "amount": n} for n in range(250)]
        world.account.put("invoices", "in_2", "invoice.paid", status="paid", total=9)
        world.account.put("invoice_payments", "inpay_1", invoice="in_2", amount_paid=9)
        world.wait(hours=1)
        world.pull(stripe)
    lines = world.latest("invoice_line_items")
    assert len(lines) == 251
    assert {line["invoice"] for identity, line in lines.items() if identity != "il_1"} == {"in_2"}
    assert set(world.latest("invoice_payments")) == {"inpay_1"}
    assert world.latest("invoices")["in_2"]["lines"]["has_more"] is True


def test_the_lines_of_a_draft_land_when_it_is_finalised(world):
    with serving(world.account) as (_, stripe):
        world.account.lines["in_9"] = [{"id": "il_gone"}, {"id": "il_stays"}]
        world.account.put("invoices", "in_9", "invoice.created", status="draft")
        world.pull(stripe)
        assert set(world.latest("invoice_line_items")) == {"il_1"}
        world.wait(hours=1)
        world.account.lines["in_9"] = [{"id": "il_stays"}]
        world.account.put("invoices", "in_9", "invoice.finalized", status="open")
        world.wait(hours=1)
        world.pull(stripe)
    assert set(world.latest("invoice_line_items")) == {"il_1", "il_stays"}


def test_balance_transactions_follow_their_time_and_their_payout(world):
    with serving(world.account) as (api, stripe):
        world.pull(stripe)
        world.wait(hours=6)
        world.account.put("balance_transactions", "txn_2", status="pending", net=5)
        world.account.put("balance_transactions", "txn_1", status="available")
        world.account.put("payouts", "po_1", "payout.paid", status="paid")
        world.account.put("payouts", "po_manual", "payout.created", automatic=False)
        world.wait(hours=1)
        asked(api)
        world.pull(stripe)
    assert world.latest("balance_transactions")["txn_1"]["status"] == "available"
    assert "txn_2" in world.latest("balance_transactions")
    assert set(world.latest("payout_balance_transactions")) == {("po_1", "txn_1")}
    asked_payouts = {params["payout"] for path, params in api.asked if "payout" in params}
    assert "po_manual" not in asked_payouts


def test_days_that_ended_are_summed_up_once_more_with_the_next(world):
    def windows(api):
        return [
            (int(params["start_time"]), int(params["end_time"]))
            for path, params in api.asked
            if path.endswith("/event_summaries")
        ]

    world.account.put("meters", "mtr_1", "billing.meter.created")
    midnight = int(world.now().replace(hour=0, minute=0, second=0).timestamp())
    with serving(world.account) as (api, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.pull(stripe)
        world.wait(days=3)
        world.pull(stripe)
        assert windows(api) == [
            (midnight - 86400, midnight),
            (midnight - 86400, midnight + 3 * 86400),
        ]


def test_an_object_that_no_pull_covers_is_listed_while_the_others_are_fed(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe, ["events", "customers", "payouts"])
        world.wait(hours=1)
        found = world.pull(stripe, ["events", "customers", "payouts", "payout_balance_transactions"])
    modes = {one.object: one.mode for one in found.objects}
    assert modes == {
        "events": "feed",
        "customers": "feed",
        "payouts": "list",  # what is asked for each of them was never asked
        "payout_balance_transactions": "list",
    }
    assert found.notes == ["Listed, as no earlier pull covers them: payouts, payout_balance_transactions."]
    assert set(world.latest("payout_balance_transactions")) == {("po_1", "txn_1")}


def test_a_backfill_lists_what_would_be_fed(world):
    with serving(world.account) as (_, stripe):
        world.pull(stripe)
        world.wait(minutes=1)
        found = world.pull(stripe, backfill=True)
    assert {one.mode for one in found.objects} == {"list"}
    assert {one.status for one in found.objects} == {"pulled"}


def test_several_pulls_a_day_have_files_of_their_own(world):
    with serving(world.account) as (_, stripe):
        for n in range(3):
            world.wait(minutes=20)
            world.account.put("customers", "cus_1", "customer.updated", balance=n)
            world.pull(stripe)
    files = [target for target, _ in delivered_file.delivered(world.landing, "stripe", "customers")]
    assert len({target.delivered_on for target in files}) == 1
    assert [target.file_name.partition("-")[2] for target in files] == ["list.jsonl", "feed.jsonl", "feed.jsonl"]
    assert world.latest("customers")["cus_1"]["balance"] == 2


def test_a_nested_list_of_a_fetched_object_is_completed(world):
    cut = {"object": "list", "data": [{"id": "si_1"}], "has_more": True, "url": "/v1/subscription_items?sub=1"}

    def answer(path, params):
        if path == "/v1/subscription_items":
            return 200, '{"object":"list","data":[{"id":"si_1"},{"id":"si_2"}],"has_more":false}'
        return world.account(path, params)

    with serving(answer) as (_, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.put("subscriptions", "sub_1", "customer.subscription.updated", items=cut)
        world.wait(hours=1)
        world.pull(stripe)
    assert [item["id"] for item in world.latest("subscriptions")["sub_1"]["items"]["data"]] == ["si_1", "si_2"]


def busy(tmp_path):
    """A world of many small pages in which much has happened since the first pull."""
    world = World(tmp_path, page_size=3)
    account = world.account

    def happen(start, stop):
        for n in range(start, stop):
            account.now += 1
            account.put("customers", f"cus_{n}", "customer.created", name=f"{n}")
            account.lines[f"in_{n}"] = [{"id": f"il_{n}_{k}", "amount": k} for k in range(4 * n % 14)]
            account.put("invoices", f"in_{n}", "invoice.finalized", status="open", customer=f"cus_{n}")
            account.put("payouts", f"po_{n}", "payout.paid", automatic=True)
            account.put("balance_transactions", f"txn_{n}")
            account.members[f"po_{n}"] = [f"txn_{k}" for k in range(n)]

    happen(0, 5)
    world.wait(hours=1)
    return world, happen


@pytest.mark.parametrize("mode", ["list", "feed"])
def test_a_pull_that_was_cut_at_any_request_delivers_what_an_undisturbed_one_does(tmp_path, mode):
    def run(folder, cut):
        world, happen = busy(folder)
        requests = -1_000_000  # of what comes before the pull that is cut

        def answer(path, params):
            nonlocal requests
            requests += 1
            return error(503) if requests == cut else world.account(path, params)

        with serving(answer, attempts=1, max_pages=200) as (_, stripe):
            if mode == "feed":
                world.pull(stripe)
                world.wait(hours=1)
                happen(5, 9)
                world.wait(hours=1)
            requests = 0
            before = world.delivered()
            if cut is not None:
                with pytest.raises(StripePullFailed, match="HTTP 503"):
                    world.pull(stripe)
                assert world.delivered() == before  # nothing half done is visible
                done = requests
                world.wait(hours=5)  # a maintenance window
            found = world.pull(stripe)
            if cut is not None:
                assert requests - done <= whole - cut + 1 + 2  # at most the page it stopped at is asked again
        return world, found, requests

    undisturbed, expected, whole = run(tmp_path / "whole", None)
    assert whole > 20
    bytes_of = undisturbed.delivered()
    for cut in range(1, whole + 1, 6):
        world, found, _ = run(tmp_path / f"cut-{cut}", cut)
        assert world.delivered() == bytes_of, f"cut at request {cut}"
        assert found.cursor == expected.cursor


def test_a_pull_whose_place_in_the_list_was_deleted_lists_that_object_anew(tmp_path):
    world, _ = busy(tmp_path)
    stop = iter([False, True])

    def answer(path, params):
        return error(503) if path == "/v1/customers" and next(stop, False) else world.account(path, params)

    with serving(answer, attempts=1) as (_, stripe):
        with pytest.raises(StripePullFailed, match="page 2 after cus_2"):
            world.pull(stripe, ["customers"])
        world.account.delete("customers", "cus_2", "customer.deleted")
        found = world.pull(stripe, ["customers"])
    assert found.objects[0].rows == 4
    assert set(world.latest("customers")) == {"cus_0", "cus_1", "cus_3", "cus_4"}


def test_two_pulls_do_not_work_on_one_landing(world):
    with (
        serving(world.account) as (_, stripe),
        delivered_file.sole_worker(delivered_file.work_folder(world.landing, "stripe-pull")),
        pytest.raises(StripePullFailed, match="being pulled already"),
    ):
        world.pull(stripe)


def test_what_webhooks_brought_is_fetched_even_when_the_api_lists_no_event(world):
    with serving(world.account) as (api, stripe):
        world.pull(stripe)
        world.wait(hours=1)
        world.account.put("customers", "cus_2", name="now")
        stale = {"id": "cus_2", "object": "customer", "name": "as it was then"}
        event = {"id": "evt_hook", "object": "event", "type": "customer.updated", "data": {"object": stale}}
        stripe_webhooks._kept(stripe_webhooks.spool(world.landing), "evt_hook", json.dumps(event).encode())
        asked(api)
        world.pull(stripe)
        assert asked(api).count("/v1/customers/cus_2") == 1
        world.wait(hours=1)
        world.pull(stripe)
        assert "/v1/customers/cus_2" not in asked(api)  # a webhook's file is read once
    assert world.latest("customers")["cus_2"]["name"] == "now"


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "delete", "pull", "rotate"]),
        st.sampled_from(["customers", "coupons", "invoices"]),
        st.integers(0, 2),
        st.booleans(),  # a webhook tells of it
        st.integers(0, LAG),  # seconds that the event was made before it can be seen
    ),
    max_size=14,
)
EVENT = {"customers": "customer", "coupons": "coupon", "invoices": "invoice"}


# Shrinking asks the server again and again for minutes: a failing example is shown as it was found.
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(changes=CHANGES, order=st.randoms(use_true_random=False))
def test_whatever_the_order_of_events_and_webhooks_the_last_state_is_what_lands(tmp_path_factory, changes, order):
    world = World(tmp_path_factory.mktemp("landing"))
    account, waiting, deleted = world.account, [], set()
    objects = ["events", *EVENT, "invoice_line_items"]
    with serving(account) as (_, stripe):
        world.pull(stripe, objects)
        for n, (what, name, number, hook, seconds) in enumerate(changes):
            account.now += 40
            identity = f"{name}_{number}"
            alive = account.objects[name].get(identity, {"deleted": True}).get("deleted") is not True
            if what == "pull":
                world.pull(stripe, objects)
            elif what == "rotate":
                order.shuffle(waiting)
                for event in [*waiting, *waiting[:2]]:
                    body = json.dumps(event).encode()
                    stripe_webhooks._kept(stripe_webhooks.spool(world.landing), event["id"], body)
                stripe_webhooks.rotate(world.landing, world.now())
            elif what == "put" and (alive or name != "customers" or (name, identity) not in deleted):
                account.put(name, identity, status="open", turn=n)
                account.lines.setdefault(identity, [])
                event = account.tell(f"{EVENT[name]}.updated", account.objects[name][identity], account.now - seconds)
                deleted.discard((name, identity))
                waiting += [event] if hook else []
            elif what == "delete" and alive:
                gone = dict(account.objects[name][identity])
                account.delete(name, identity, f"{EVENT[name]}.deleted")
                deleted.add((name, identity))
                waiting += [account.objects["events"][max(account.objects["events"])]] if hook else []
                assert gone
        world.wait(hours=1)
        world.pull(stripe, objects)
    for name in EVENT:
        landed = world.latest(name)
        expected = {key: one.get("turn") for key, one in account.objects[name].items() if not one.get("deleted")}
        assert {key: one.get("turn") for key, one in landed.items() if not one.get("deleted")} == expected
        assert {(name, key) for key, one in landed.items() if one.get("deleted")} <= deleted
    events = [json.dumps(one, sort_keys=True) for one in world.latest("events").values()]
    assert sorted(events) == sorted(json.dumps(one, sort_keys=True) for one in account.objects["events"].values())

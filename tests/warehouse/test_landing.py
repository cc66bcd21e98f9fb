"""The one door: a file enters whole or not at all, once, and every record of it is accounted for."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from ingestion import quarantine
from ingestion.landing import LoadFailed, load, load_landing
from ingestion.session import DatabaseError, Session
from tests.warehouse.landed import DAY, METERS, by_file, digests, event, load_all, only, put, query, small_landing

RAW_ROWS = "select count(*) from raw.usage__events"


def test_every_record_is_accounted_for(warehouse, tmp_path):
    assert load_all(small_landing(tmp_path)) == {
        "meters.yaml": ("loaded", 2, 2, 0, 0, 0, None),
        "a.jsonl": ("loaded", 3, 1, 1, 1, 0, None),
        "a.csv": ("loaded", 2, 1, 0, 1, 0, None),
        "ecb.csv": ("loaded", 2, 2, 0, 0, 0, None),
        "u.jsonl": ("loaded", 105, 100, 1, 3, 1, None),
    }
    assert query(warehouse, RAW_ROWS) == [(100,)]
    by_reason = "select reason, count(*) from quarantine.records where system = 'usage' group by 1 order by 1"
    assert query(warehouse, by_reason) == [
        ("future_dated", 1),
        ("json", 1),
        ("late_excluded", 1),
        ("unknown_meter", 1),
    ]
    assert query(warehouse, "select payload::text from raw.stripe__customers") == [
        ('{"id": "cus_1", "balance": 1.10}',)
    ]
    assert query(warehouse, "select array_agg(load_seq order by load_seq) from ops.loads") == [([1, 2, 3, 4, 5],)]
    stored = "select quantity, dimensions::text, occurred_on::text, known_at is not null from raw.usage__events"
    stored += " where event_id = 'e7'"
    assert query(warehouse, stored) == [(7, '{"region": "eu"}', "2026-10-27", True)]


def test_loading_again_changes_nothing_and_gives_the_same_counts(warehouse, tmp_path):
    first = load_landing(small_landing(tmp_path))
    before = digests(warehouse)
    again = load_landing(tmp_path)
    assert {one.status for one in again} == {"already_loaded"}
    assert [(one.file, one.rows_in, one.accepted) for one in again] == [
        (one.file, one.rows_in, one.accepted) for one in first
    ]
    assert load(only(tmp_path, "u.jsonl")).status == "already_loaded"
    assert digests(warehouse) == before


def test_the_same_name_with_other_bytes_is_refused_and_the_first_stays(warehouse, tmp_path):
    path = put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1"}\n')
    load_all(tmp_path)
    path.write_text('{"id":"cus_2"}\n')
    for _ in range(2):
        assert load_all(tmp_path)["a.jsonl"] == ("refused", 0, 0, 0, 0, 0, "changed_after_load")
    assert query(warehouse, "select record_id from raw.stripe__customers") == [("cus_1",)]
    assert query(warehouse, "select reason, count(*) from ops.refusals group by 1") == [("changed_after_load", 1)]


def test_a_file_without_sign_of_completeness_is_refused_until_it_has_one(warehouse, tmp_path):
    put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1"}\n', complete=False)
    assert load_all(tmp_path)["a.jsonl"][-1] == "incomplete"
    (tmp_path / "stripe" / "customers" / DAY / "_SUCCESS").touch()
    assert load_all(tmp_path)["a.jsonl"][:2] == ("loaded", 1)
    with psycopg.connect(warehouse) as connection:
        (refusal,) = quarantine.refusals(connection)
    assert (refusal.reason, refusal.resolved) == ("incomplete", True)


def with_manifest(path, **declared):
    path.with_name(path.name + ".manifest.json").write_text(json.dumps(declared))


def test_rows_that_a_manifest_promises_must_be_there_or_nothing_lands(warehouse, tmp_path):
    content = "Id,Amount\n001A0000006Vm9r,1\n001A0000006Vm9s,300.00\n"
    path = put(tmp_path, "crm/Opportunity/a.csv", content[:-28], complete=False)
    with_manifest(path, rows=2)
    assert load_all(tmp_path)["a.csv"] == ("refused", 0, 0, 0, 0, 0, "incomplete")
    assert query(warehouse, "select count(*) from raw.crm__opportunity") == [(0,)]
    path.write_text(content)
    with_manifest(path, rows=2, sha256=sha256(content.encode()).hexdigest(), control_totals={"Amount": "301.00"})
    assert load_all(tmp_path)["a.csv"][:3] == ("loaded", 2, 2)
    assert query(warehouse, "select control_totals from ops.loads") == [({"Amount": "301.00"},)]


USAGE_TOTALS = {
    "event_count": 4,
    "quantity_sum": "12.5",
    "event_types": {"call": {"event_count": 3, "quantity_sum": 11.5}, "doc": {"event_count": 1, "quantity_sum": "1"}},
}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, None),
        ({"event_count": 5}, "event_count 4, its manifest says 5"),
        ({"quantity_sum": "12.499999999"}, "quantity_sum 12.500000000, its manifest says 12.499999999"),
        ({"event_types": {"call": {"event_count": 2}}}, "event_types.call.event_count 3, its manifest says 2"),
        ({"event_types": {"call": {"quantity_sum": "11"}}}, "event_types.call.quantity_sum 11.500000000"),
        ({"event_types": {"heard_of": {"event_count": 1}}}, "event_types.heard_of.event_count 0"),
        ({"events": 4}, "'events'; known are event_count"),
        ({"quantity_sum": "a lot"}, "quantity_sum 'a lot'; write a number"),
    ],
)
def test_control_totals_of_usage_are_proven_or_nothing_lands(warehouse, tmp_path, wrong, said):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    lines = [event(1), event(1), event(2, data={"calls": "9.5", "region": "eu"}), event(3, type="doc", data={})]
    path = put(tmp_path, "usage/events/2026-10-29/u.jsonl", "".join(lines), complete=False)
    with_manifest(path, rows=4, control_totals=USAGE_TOTALS | wrong)
    found = {one.file: one for one in load_landing(tmp_path)}["u.jsonl"]
    if said is None:
        assert (found.status, found.accepted, found.duplicate) == ("loaded", 3, 1)
    else:
        assert (found.status, found.reason) == ("refused", "incomplete")
        assert said in found.detail
    assert query(warehouse, RAW_ROWS) == [(found.accepted,)]


def test_an_unreadable_event_leaves_the_sums_open_and_the_counts_only_by_itself(warehouse, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    lines = [event(1), event(2), "nonsense\n"]
    path = put(tmp_path, "usage/events/2026-10-29/u.jsonl", "".join(lines), complete=False)
    with_manifest(path, control_totals={"event_count": 3, "event_types": {"call": {"event_count": 4}}})
    assert load_all(tmp_path)["u.jsonl"][-1] == "incomplete"
    totals = {"event_count": 3, "quantity_sum": "9", "event_types": {"call": {"event_count": 3}}}
    with_manifest(path, control_totals=totals)
    assert load_all(tmp_path)["u.jsonl"] == ("loaded", 3, 2, 0, 1, 0, None)


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        ({"Amount": "301.01"}, "Amount 301.00, its manifest says 301.01"),
        ({"Sum": 1}, "Sum 0, its manifest says 1"),
        ({"Id": 1}, "'Id', which is no number in record 2"),
        ({"Amount": "much"}, "Amount 'much'; write a number"),
    ],
)
def test_sums_of_columns_that_a_manifest_promises_are_proven_or_nothing_lands(warehouse, tmp_path, totals, said):
    content = "Id,Amount\n001A0000006Vm9r,1\n001A0000006Vm9s,300.00\n001A0000006Vm9t,\n"
    with_manifest(put(tmp_path, "crm/Opportunity/a.csv", content, complete=False), control_totals=totals)
    (found,) = load_landing(tmp_path)
    assert (found.status, found.reason) == ("refused", "incomplete")
    assert said in found.detail
    assert query(warehouse, "select count(*) from raw.crm__opportunity") == [(0,)]


def test_the_api_version_of_a_manifest_is_recorded(warehouse, tmp_path):
    with_manifest(put(tmp_path, "stripe/payouts/a.jsonl", '{"id":"po_1"}\n', complete=False), api_version="2025-03-31")
    load_all(tmp_path)
    assert query(warehouse, "select api_version from raw.stripe__payouts") == [("2025-03-31",)]


def test_the_cursor_of_a_manifest_is_kept_in_the_row_of_its_load(warehouse, tmp_path):
    cursor = {"created": 1793179800, "last": "po_1"}
    with_manifest(put(tmp_path, "stripe/payouts/a.jsonl", '{"id":"po_1"}\n', complete=False), rows=2, cursor=cursor)
    load_all(tmp_path)
    assert query(warehouse, "select cursor from ops.loads") == []
    with_manifest(tmp_path / "stripe" / "payouts" / DAY / "a.jsonl", rows=1, cursor=cursor)
    load_all(tmp_path)
    assert query(warehouse, "select cursor, accepted from ops.loads") == [(cursor, 1)]


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("crm/Account/a.csv", "Name\nx\n", "schema"),
        ("crm/Account/a.xlsx", "PK", "format"),
        ("crm/Lead/a.csv", "Id\n1\n", "unknown_object"),
        ("stripe/customers/a.jsonl.gz", gzip.compress(b'{"id":"cus_1"}\n' * 500, mtime=0)[:-4], "incomplete"),
        ("stripe/customers/a.parquet", "PAR1", "format"),
        ("bank/statements/a.xml", "<Document", "format"),
        ("usage/events/a.jsonl", '{"id":"a"}\n', "schema"),
        ("catalog/meters/a.yaml", "meters: [", "format"),
    ],
)
def test_a_file_that_is_broken_as_a_whole_is_refused_and_nothing_of_it_lands(
    warehouse, tmp_path, path, content, reason
):
    put(tmp_path, path, content)
    (result,) = load_landing(tmp_path)
    assert (result.status, result.reason) == ("refused", reason)
    assert query(warehouse, "select reason, detail from ops.refusals") == [(reason, result.detail)]
    assert query(warehouse, "select count(*) from ops.loads") == [(0,)]
    assert query(warehouse, "select count(*) from quarantine.records") == [(0,)]


def test_a_misplaced_file_is_a_result_and_the_others_load(warehouse, tmp_path):
    put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1"}\n')
    (tmp_path / "stripe" / "customers" / "b.jsonl").write_text("{}")
    assert {name: found[0] for name, found in load_all(tmp_path).items()} == {"a.jsonl": "loaded", "b.jsonl": "refused"}
    assert query(warehouse, "select count(*) from ops.refusals") == [(0,)]


def test_packed_files_and_parquet_land_like_plain_ones(warehouse, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    lines = "".join(event(number) for number in range(500)).encode()
    put(tmp_path, "usage/events/a.jsonl", lines)
    put(tmp_path, "usage/events/b.jsonl.gz", gzip.compress(lines))
    put(tmp_path, "usage/events/c.jsonl.zst", zstandard.compress(lines))
    table = pa.Table.from_pylist([json.loads(line) for line in lines.splitlines()])
    pq.write_table(table, put(tmp_path, "usage/events/d.parquet", b""))
    assert {found[2] for name, found in load_all(tmp_path).items() if name != "meters.yaml"} == {500}
    same = """
        select count(*) from (
            select event_id, quantity, dimensions, occurred_at, line_no, count(*) as files
            from raw.usage__events group by 1, 2, 3, 4, 5
        ) as grouped where files = 4
    """
    assert query(warehouse, same) == [(500,)]


def test_parquet_documents_keep_decimals_exact(warehouse, tmp_path):
    table = pa.table({"id": ["ch_1"], "amount": pa.array([1.10]).cast(pa.decimal128(20, 4)), "created": [1793179800]})
    pq.write_table(table, put(tmp_path, "stripe/charges/a.parquet", b""))
    load_all(tmp_path)
    assert query(warehouse, "select payload::text from raw.stripe__charges") == [
        ('{"id": "ch_1", "amount": 1.1000, "created": 1793179800}',)
    ]


def test_undeclared_fields_reach_no_table_whatever_happens_to_the_event(warehouse, tmp_path):
    canary = "canary@example.com"
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    personal = {"email": canary, "card": "4242424242424242"}
    lines = [
        event(1, data={"calls": 1, **personal}),
        event(2, data={"calls": "x", **personal}),
        event(3, data={"calls": 1, **personal}, time="2024-01-01T00:00:00Z"),
        event(4, data={"calls": 1, **personal}, time="2028-01-01T00:00:00Z"),
        event(5, type="unheard", data=personal),
        event(6, data=personal, note=canary),
        event(7, data=json.dumps(personal)),
        event(8, data=personal)[:-20] + "\n",
        json.dumps([personal, canary]) + "\n",
        f'"{canary}"\n',
        f'{{"{canary}":1,"{canary}":1}}\n',
    ]
    put(tmp_path, "usage/events/u.jsonl", "".join(lines))
    assert load_all(tmp_path)["u.jsonl"][0] == "loaded"
    for table in ("raw.usage__events", "quarantine.records", "ops.loads", "ops.refusals"):
        leaked = f"select rows::text from {table} as rows where rows::text ~ 'canary|4242424242424242'"
        assert query(warehouse, leaked) == []


@pytest.mark.parametrize("form", ["parquet", "text.parquet", "jsonl.gz", "jsonl.zst", "json"])
def test_undeclared_fields_reach_no_table_in_whatever_form_they_come(warehouse, tmp_path, form):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    personal = {"email": "canary@example.com", "card": "4242424242424242"}
    events = [
        json.loads(event(number, data={"calls": calls, "region": "eu", **personal}, note="canary", **changed))
        for number, calls, changed in (
            (1, "1", {}),
            (2, "x", {}),
            (3, "3", {"time": "2024-01-01T00:00:00Z"}),
            (4, "4", {"time": "2028-01-01T00:00:00Z"}),
            (5, "5", {"type": "unheard"}),
        )
    ]
    path = put(tmp_path, f"usage/events/u.{form}", b"")
    if form.endswith("parquet"):
        written = [one | {"data": json.dumps(one["data"])} for one in events] if form.startswith("text") else events
        pq.write_table(pa.Table.from_pylist(written), path)
    else:
        lines = "".join(json.dumps(one) + "\n" for one in events).encode()
        packed = {"jsonl.gz": gzip.compress(lines), "jsonl.zst": zstandard.compress(lines)}
        path.write_bytes(packed.get(form, json.dumps(events).encode()))
    assert load_all(tmp_path)[path.name] == ("loaded", 5, 1, 0, 3, 1, None)
    for table in ("raw.usage__events", "quarantine.records", "ops.loads", "ops.refusals"):
        assert query(warehouse, f"select rows::text from {table} as rows where rows::text ~ 'canary|42424242'") == []


def test_quarantine_can_be_counted_listed_and_shown(warehouse, tmp_path):
    load_all(small_landing(tmp_path))
    with psycopg.connect(warehouse) as connection:
        counts = {(one.system, one.reason): one.records for one in quarantine.reasons(connection)}
        assert counts["crm", "bad_identifier"] == counts["stripe", "json"] == 1
        (found,) = quarantine.records(connection, systems=["stripe"])
        assert (found.file_name, found.line_no, found.raw) == ("a.jsonl", 3, '{"id":')
        assert found.detail.startswith(f"stripe/customers/{DAY}/a.jsonl:3: ")
        assert quarantine.record(connection, found.load_id, found.line_no) == found


def test_meters_of_the_warehouse_count_when_the_landing_folder_has_none(warehouse, tmp_path):
    put(tmp_path / "one", "catalog/meters/meters.yaml", METERS)
    load_landing(tmp_path / "one")
    put(tmp_path / "two", "usage/events/u.jsonl", event(1))
    assert by_file(load_landing(tmp_path / "two"))["u.jsonl"][2] == 1


def test_many_batches_of_documents_land_together(warehouse, tmp_path):
    lines = "".join(f'{{"id":"cus_{number}"}}\n' for number in range(12_000))
    put(tmp_path, "stripe/customers/a.jsonl", lines + "bad\n" + lines)
    assert load_all(tmp_path)["a.jsonl"] == ("loaded", 24_001, 12_000, 12_000, 1, 0, None)
    assert query(warehouse, "select count(*), count(distinct load_id) from raw.stripe__customers") == [(12_000, 1)]


def test_two_loaders_of_one_file_at_once_load_it_once(warehouse, tmp_path):
    small_landing(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: load(only(tmp_path, "u.jsonl")).status, range(4)))
    assert sorted(results) == ["already_loaded"] * 3 + ["loaded"]
    assert query(warehouse, RAW_ROWS) == [(100,)]


def test_a_load_writes_as_the_loader_who_may_not_change_what_landed(warehouse):
    with Session() as session:
        assert session.rows("select current_user, current_setting('timezone')") == [("tieout_loader", "UTC")]
        with pytest.raises(DatabaseError, match="permission denied"):
            session.execute("delete from raw.usage__events")


def test_a_value_that_postgres_does_not_take_refuses_the_file_not_the_run(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr("ingestion.formats.strict_json.check_text", lambda _: None)
    put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1","name":"a\\u0000b"}\n')
    put(tmp_path, "stripe/customers/b.jsonl", '{"id":"cus_2"}\n')
    assert {name: found[-1] for name, found in load_all(tmp_path).items()} == {"a.jsonl": "database", "b.jsonl": None}
    assert query(warehouse, "select record_id from raw.stripe__customers") == [("cus_2",)]


def test_a_warehouse_that_lacks_a_table_fails_the_load_by_name(warehouse, tmp_path):
    with psycopg.connect(warehouse, autocommit=True) as connection:
        connection.execute("drop table raw.stripe__customers")
    put(tmp_path, "stripe/customers/a.jsonl", '{"id":"cus_1"}\n')
    with pytest.raises(LoadFailed, match="stripe/customers"):
        load_landing(tmp_path)
    assert query(warehouse, "select count(*) from ops.loads") == [(0,)]

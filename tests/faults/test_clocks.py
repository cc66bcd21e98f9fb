"""F12, M1, M3: what lands depends on the data alone, not on the machine's zone or clock; days are cut by zone."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import time_machine

from ingestion.landing import load_landing
from ingestion.records import BadRecord
from ingestion.timestamps import instant, rfc3339
from tests.warehouse.landed import digests, query, small_landing

CHILD = """
import sys
from pathlib import Path
from ingestion.landing import load_landing
print([one.status for one in load_landing(Path(sys.argv[1]), conn_url=sys.argv[2])])
"""


@pytest.fixture
def undisturbed(cluster, tmp_path):
    with cluster.database("tieout_template") as url:
        load_landing(small_landing(tmp_path), conn_url=url)
        return digests(url)


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/St_Johns"])
def test_the_machine_s_time_zone_changes_nothing_that_lands(warehouse, tmp_path, undisturbed, zone):
    small_landing(tmp_path)
    environment = {**os.environ, "TZ": zone, "PGTZ": zone}
    said = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), warehouse],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    ).stdout
    assert said.count("'loaded'") == 5
    assert digests(warehouse) == undisturbed


def test_a_clock_that_is_wrong_and_runs_backwards_changes_neither_rows_nor_their_order(
    warehouse, tmp_path, undisturbed
):
    from ingestion.delivery import discover
    from ingestion.landing import load

    small_landing(tmp_path)
    moments = [datetime(2050 - 10 * number, 1, 1, tzinfo=UTC) for number in range(5)]
    for moment, delivery in zip(moments, discover(tmp_path), strict=True):
        with time_machine.travel(moment, tick=True):
            assert load(delivery, warehouse).status == "loaded"
    assert digests(warehouse) == undisturbed
    # numbers rise as loads commit, and the instants beside them are the server's
    numbered = "select array_agg(load_seq order by known_at) = array_agg(load_seq order by load_seq) from ops.loads"
    assert query(warehouse, numbered) == [(True,)]
    assert query(warehouse, "select max(known_at) < now() + interval '1 minute' from ops.loads") == [(True,)]


NOON = "2026-10-27T12:00:00Z"
HOURS = """
    select (occurred_at at time zone 'America/New_York')::date as local_day, count(*), sum(quantity)
    from raw.usage__events group by 1 order by 1
"""


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-10-28", 24)])
def test_hourly_usage_sums_to_the_local_day_whatever_its_length(warehouse, tmp_path, day, hours):
    from datetime import timedelta

    from tests.warehouse.landed import METERS, event, put

    zone = ZoneInfo("America/New_York")
    begin = datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    expected = defaultdict(Decimal)
    lines = []
    moment = begin - timedelta(hours=3)
    while moment < end + timedelta(hours=3):
        quantity = len(lines) + 1
        lines.append(event(quantity, time=moment.isoformat().replace("+00:00", "Z")))
        expected[moment.astimezone(zone).date().isoformat()] += quantity
        moment += timedelta(hours=1)
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    put(tmp_path, f"usage/events/{end.date() + timedelta(days=1)}/u.jsonl", "".join(lines))
    load_landing(tmp_path)
    found = {str(local): (count, total) for local, count, total in query(warehouse, HOURS)}
    assert found[day][0] == hours
    assert {local: total for local, (_, total) in found.items()} == dict(expected)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-28T24:00:01Z",
        "2026-10-28T12:30:60Z",
        "2026-10-28T23:60:00Z",
        "infinity",
        "-infinity",
        "2026-02-30T00:00:00Z",
        "today",
        "epoch",
    ],
)
def test_a_time_that_postgres_would_roll_or_take_for_ever_is_refused(text):
    for read in (rfc3339, instant):
        with pytest.raises(BadRecord, match="bad_time"):
            read(text)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_end_of_a_day_and_a_leap_second_land_as_the_midnight_they_are(warehouse, tmp_path, form):
    from tests.warehouse.landed import METERS, event, put

    times = ["2026-10-26T24:00:00Z", "2026-10-26T23:59:60Z", "2026-10-27T00:00:00Z", "2026-10-27T01:59:60+02:00"]
    # enough clean lines around them that these are read in columns
    lines = [event(number, time=times[number % 100] if number % 100 < len(times) else NOON) for number in range(400)]
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    if form == "parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist([json.loads(line) for line in lines]), sink)
        put(tmp_path, "usage/events/u.parquet", sink.getvalue().to_pybytes())
    else:
        put(tmp_path, "usage/events/u.jsonl", "".join(lines))
    load_landing(tmp_path)
    landed = "select occurred_at at time zone 'UTC', count(*) from raw.usage__events group by 1 order by 1"
    assert query(warehouse, landed) == [(datetime(2026, 10, 27), 16), (datetime(2026, 10, 27, 12), 384)]  # noqa: DTZ001

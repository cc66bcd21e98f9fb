"""How Spark looks up what a zone is ahead of UTC: it is told to find the zone before it compares instants.

Needs PySpark and Java (make test-spark); without them the test is skipped and says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.engines.spark import Spark
from tests.mutation.rendered import Rendered

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(600)]

# Standard input is the expression; what is printed is its value at two instants and the plan.
SESSION = """
import sys
from orchestration.engines.spark_session import opened

session = opened()
session.sql("create database ops")
session.sql('''
    create table ops.tz_transitions using parquet as
    select * from values
        ('Asia/Tokyo', timestamp '1970-01-01', timestamp '2200-01-01', 32400),
        ('Europe/Berlin', timestamp '1970-01-01', timestamp '2026-10-25 01:00', 7200),
        ('Europe/Berlin', timestamp '2026-10-25 01:00', timestamp '2200-01-01', 3600)
    as transitions (zone, from_utc, to_utc, utc_offset)
''')
session.sql('''
    create table asked using parquet as
    select * from values
        (timestamp '2026-10-25 00:59:59', 'Europe/Berlin'), (timestamp '2026-10-25 01:00:00', 'Europe/Berlin')
    as asked (instant, zone)
''')
expression = sys.stdin.read()
found = session.sql(f"select {expression} as utc_offset from asked order by asked.instant")
print([row.utc_offset for row in found.collect()])
print(session.sql(f"explain select {expression} as utc_offset from asked").collect()[0][0])
"""


def test_spark_joins_a_look_up_of_a_zone_by_the_zone_before_it_compares_instants(
    with_spark: None, tmp_path: Path
) -> None:
    offset = Rendered(engine="spark").macro("utc_offset")("asked.instant", "asked.zone")

    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        input=offset,
        env={**os.environ, **Spark("local[1]", tmp_path).variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    values, plan = done.stdout.split("\n", 1)
    assert values == "[7200, 3600]"
    assert "stretch_zone" in plan
    assert "NestedLoop" not in plan, plan
    assert "Cartesian" not in plan, plan

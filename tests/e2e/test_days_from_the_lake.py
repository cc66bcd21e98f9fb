"""The lake lane of a build: the same days as Postgres computes from the same files, in whatever portions they came."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pyarrow.parquet as pq
import pytest

from ingestion import sample_company
from ingestion.landing import load_landing
from orchestration import dbt_process
from orchestration.build import build_arguments, building
from orchestration.lake.days import current_plan
from orchestration.lake.state import LakeUnreadable
from tests.conftest import TEMPLATE
from tests.warehouse.landed import query

# Of the sample's usage, the last days that it was delivered on.
DAYS, FIRST_PORTION = 12, 8


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    found = tmp_path_factory.mktemp("sample")
    sample_company.write(7, 1, 3, found)
    return found


@pytest.fixture(scope="module")
def by_postgres(cluster, landing):
    """Every table that the lake lane takes over, as Postgres computes it from all files at once."""
    with cluster.database(TEMPLATE) as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIEOUT_WAREHOUSE_URL", url)
        land(landing, 0, DAYS)
        with building("test"):
            select = [f"+{name}" for name in current_plan().models]
            outcome = dbt_process.run(dbt_process.arguments("run", select=select))
        assert outcome.succeeded, outcome.failures
        return tables(url)


@pytest.fixture
def lake_lane(cluster, tmp_path, monkeypatch):
    with cluster.database(TEMPLATE) as url:
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", url)
        monkeypatch.setenv("TIEOUT_USAGE_LANE", "lake")
        monkeypatch.setenv("TIEOUT_LAKE", str(tmp_path / "lake"))
        monkeypatch.setenv("TIEOUT_STATE_DIR", str(tmp_path / "state"))
        monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "dbt"))
        yield url


def land(landing, first, last):
    """Accounts and catalogue, and a portion of the usage."""
    load_landing(landing, ["control_plane", "catalog"])
    delivered = sorted(date.fromisoformat(path.name) for path in (landing / "usage" / "events").iterdir())[-DAYS:]
    load_landing(landing, ["usage"], delivered[first], delivered[last - 1] + timedelta(days=1))


def tables(url):
    """Rows of every table that is taken over, by name."""
    found = {}
    with psycopg.connect(url) as connection:
        connection.execute("set timezone to 'UTC'")
        for table in current_plan().tables:
            found[table.relation.name] = sorted(connection.execute(f"select * from {table.relation}"), key=str)
    return found


def numbers_alone(found):
    """The same with every number as short as it can be: Postgres and DuckDB print other zeros at its end."""
    return {name: sorted([[_short(value) for value in row] for row in rows], key=str) for name, rows in found.items()}


def _short(value):
    return value.normalize() if hasattr(value, "normalize") else value


def test_the_days_are_those_of_postgres_in_portions_and_a_lake_that_lacks_events_changes_nothing(
    lake_lane, landing, by_postgres
):
    land(landing, 0, FIRST_PORTION)
    with building("test"):
        pass
    assert 0 < len(tables(lake_lane)["int_usage__daily"]) < len(by_postgres["int_usage__daily"])

    land(landing, FIRST_PORTION, DAYS)
    before = tables(lake_lane)
    damaged = shortened(lake_lane)
    with pytest.raises(LakeUnreadable, match="restore the file"), building("test"):
        pass
    assert tables(lake_lane) == before
    damaged()

    with building("test"):
        pass
    assert numbers_alone(tables(lake_lane)) == numbers_alone(by_postgres)
    assert len(by_postgres["int_usage__daily"]) > 300
    assert by_postgres["int_usage__event_repeats"]
    assert by_postgres["int_usage__daily_parts"]


def shortened(url):
    """Take an event out of the newest file of the lake; gives what puts it back."""
    from ingestion.lake import lake

    ((path,),) = query(url, "select path from ops.lake_files where row_count > 1 order by load_seq desc, path limit 1")
    place = lake().root / path
    whole = place.read_bytes()
    rows = pq.ParquetFile(place).read()
    pq.write_table(rows.slice(1), place)
    return lambda: place.write_bytes(whole)


def test_postgres_builds_in_the_lake_lane_what_it_does_not_take_over(lake_lane):
    planned = current_plan()
    assert "int_usage__daily" in planned.names_of_tables
    assert set(planned.names_of_tables) < set(planned.models)
    arguments = build_arguments()
    assert set(arguments[arguments.index("--exclude") + 1 : arguments.index("--indirect-selection")]) == set(
        planned.names_of_tables
    )

"""The lake lane of a build: the same days as Postgres computes from the same files, in whatever portions they came."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import date, timedelta

import duckdb
import pytest

from ingestion import sample_company
from ingestion.landing import load_landing
from orchestration import dbt_process
from orchestration.build import BuildFailed, build_arguments, building
from orchestration.engines import spark
from orchestration.lake import state
from orchestration.lake.days import current_plan
from orchestration.lake.state import LakeUnreadable, database_file
from tests.dbt import scratch_dbt
from tests.warehouse.object_store import Bucket, s3

# Of the sample's usage, the last days that it was delivered on.
DAYS, PORTIONS = 12, (8, 10)
# Numbers of the deliveries that bring two events as they should be, which the delivery with number 1 brought wrong.
ASIDE = [(3, 11), (9,)]
# What days there are for the search for repeats: by the events of smaller files and by the repeats within the largest.
SEARCHES = """
    select distinct case
        when max_by(repeats, row_count) > 0 then 'large file not clean'
        when 20 * (sum(row_count) - max(row_count)) <= max(row_count) then 'few, large file clean'
        else 'many'
    end as search
    from usage_files group by occurred_on order by 1
"""


@pytest.fixture(scope="module", autouse=True)
def _one_parsed_project(tmp_path_factory):
    """Both lanes build a database of one name, so that dbt parses once for each engine."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBT_TARGET_PATH", str(tmp_path_factory.mktemp("dbt")))
        yield


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    found = tmp_path_factory.mktemp("sample")
    sample_company.write(7, 1, 3, found)
    for number, delivered in enumerate(deliveries(found)):
        add_repeats(delivered, number)
    set_aside(deliveries(found))
    return found


def deliveries(landing):
    """Folders of the usage that is landed, by the day of delivery."""
    return sorted((landing / "usage" / "events").iterdir())[-DAYS:]


def add_repeats(delivered, number):
    """Deliver events again: in a small file, from one file to another, and on some days within the large file too."""
    (large,) = delivered.glob("*.jsonl")
    lines = large.read_text().splitlines(keepends=True)
    if number % 3 == 0:
        large.write_text("".join([*lines, changed(lines[10]), changed(lines[11])]))
    again = lines[: len(lines) // 2] if number % 4 == 0 else lines[:4]
    (delivered / "first.jsonl").write_text("".join([*again, changed(again[2]), changed(again[3])]))
    (delivered / "second.jsonl").write_text("".join([again[0], changed(again[1])]))
    (delivered / f"{large.name}.manifest.json").unlink()
    (delivered / "_SUCCESS").touch()


def set_aside(folders):
    """Deliver two events of an unknown type, then as they should be: in the same portion, in the others, or in both."""
    lines = (folders[1] / "first.jsonl").read_text().splitlines()
    for line, good in zip(lines[:2], ASIDE, strict=True):
        identified = {**json.loads(line), "id": f"set aside, good in {good}"}
        for number, changes in [(1, {"type": "unheard"}), *((number, {}) for number in good)]:
            with (folders[number] / "aside.jsonl").open("a") as file:
                file.write(json.dumps({**identified, **changes}) + "\n")


def changed(line):
    """The same event of another account."""
    return json.dumps({**json.loads(line), "subject": "acct_0009"}) + "\n"


@pytest.fixture(scope="module")
def by_postgres(cluster, landing):
    """Every table that the lake lane takes over, as Postgres computes it from all files at once."""
    with scratch_dbt.warehouse(cluster) as connection:
        land(landing, 0, DAYS)
        with building("test"):
            select = [f"+{name}" for name in current_plan().models]
            outcome = dbt_process.run(dbt_process.arguments("run", select=select))
        assert outcome.succeeded, outcome.failures
        return tables(connection)


@pytest.fixture
def lake_lane(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "lake")
    monkeypatch.setenv("TIEOUT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("TIEOUT_STATE_DIR", str(tmp_path / "state"))


def land(landing, first, last):
    """Accounts and catalogue, and a portion of the usage."""
    load_landing(landing, ["control_plane", "catalog"])
    delivered = [date.fromisoformat(path.name) for path in deliveries(landing)]
    load_landing(landing, ["usage"], delivered[first], delivered[last - 1] + timedelta(days=1))


def tables(connection):
    """Rows of every table that is taken over, by name; numbers are equal whatever zeros stand at their end."""
    found = {}
    for table in current_plan().tables:
        rows = connection.execute(f"select * from {table.relation}").fetchall()
        found[table.relation.name] = sorted(([shortest(value) for value in row] for row in rows), key=str)
    return found


def shortest(value):
    return value.normalize() if hasattr(value, "normalize") else value


def test_days_computed_in_portions_from_a_lake_that_moves_to_a_bucket_are_those_of_postgres(
    cluster, landing, by_postgres, lake_lane, tmp_path, monkeypatch
):
    first, second = PORTIONS
    with scratch_dbt.warehouse(cluster) as connection, s3() as endpoint:
        land(landing, 0, first)
        with building("test"):
            pass
        assert 0 < len(tables(connection)["int_usage__daily"]) < len(by_postgres["int_usage__daily"])
        land(landing, first, second)
        with building("test"):
            pass
        before = tables(connection)

        bucket = Bucket(endpoint)
        monkeypatch.setenv("TIEOUT_LAKE", bucket.copy_of(tmp_path / "lake"))
        (tmp_path / "lake").rename(tmp_path / "lake that was")
        database_file().unlink()
        land(landing, second, DAYS)
        (lost,) = connection.execute("select path from ops.lake_files order by load_seq desc limit 1").fetchone()
        content = bucket.take_away(lost)
        with pytest.raises(LakeUnreadable, match=f"{bucket.url}/{lost} is gone: restore the file"), building("test"):
            pass
        with monkeypatch.context() as patch:  # it goes while the build runs
            patch.setattr(state, "look_for", lambda *_: {})
            with pytest.raises(BuildFailed, match=f"computed:\n{bucket.url}/{lost} is gone: restore"), building("test"):
                pass
        assert tables(connection) == before != by_postgres

        bucket.put(lost, content)
        with building("test"):
            pass
        assert tables(connection) == by_postgres
        assert connection.execute("select count(*) from raw.usage__events").fetchone() == (0,)
        with closing(duckdb.connect(database_file(), read_only=True)) as session:
            searches = session.execute(SEARCHES).fetchall()
        assert [search for (search,) in searches] == ["few, large file clean", "large file not clean", "many"]
    assert len(by_postgres["int_usage__daily"]) > 300
    assert by_postgres["int_usage__event_repeats"]
    assert by_postgres["int_usage__daily_parts"]
    assert len(by_postgres["int_quarantine__delivered_events"]) == 3


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_days_computed_on_a_spark_cluster_and_then_on_duckdb_are_those_of_postgres(
    with_spark, cluster, landing, by_postgres, lake_lane, tmp_path, monkeypatch
):
    first, _ = PORTIONS
    with scratch_dbt.warehouse(cluster) as connection, spark.opened(tmp_path / "cluster") as running:
        monkeypatch.setenv("TIEOUT_LAKE_ENGINE", "spark")
        monkeypatch.setenv("TIEOUT_SPARK_MASTER", running.master)
        monkeypatch.setenv("TIEOUT_SPARK_FOLDER", str(tmp_path / "tables"))
        land(landing, 0, first)
        with building("test"):
            pass
        assert 0 < len(tables(connection)["int_usage__daily"]) < len(by_postgres["int_usage__daily"])
        written = files_of_days(tmp_path / "tables")

        not_listed = next((tmp_path / "lake").rglob("*.parquet"))
        shutil.copy(not_listed, not_listed.with_name("of a load that died.parquet"))
        land(landing, first, DAYS)
        with building("test"):
            pass
        assert tables(connection) == by_postgres
        now = files_of_days(tmp_path / "tables")
        assert min(written) in now
        assert written[min(written)] == now[min(written)]
        assert written[max(written)] != now[max(written)]

        monkeypatch.setenv("TIEOUT_LAKE_ENGINE", "duckdb")
        with building("test"):
            pass
        assert tables(connection) == by_postgres


def files_of_days(folder):
    """Names of the files of Spark's daily usage, by the name of the day's folder."""
    found = {}
    for path in folder.rglob("int_usage__daily/usage_on=*/*.parquet"):
        found.setdefault(path.parent.name, set()).add(path.name)
    return found


def test_postgres_builds_in_the_lake_lane_what_it_does_not_take_over(by_postgres, lake_lane):
    planned = current_plan()
    assert "int_usage__daily" in planned.names_of_tables
    assert set(planned.names_of_tables) < set(planned.models)
    arguments = build_arguments()
    excluded = arguments[arguments.index("--exclude") + 1 : arguments.index("--indirect-selection")]
    assert set(excluded) == set(planned.names_of_tables)

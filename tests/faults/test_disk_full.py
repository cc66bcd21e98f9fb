"""F6: a disk that is full fails the load by name; nothing of the file is there, and its space can be used again."""

import os
import subprocess

import psycopg
import pytest

from ingestion.landing import LoadFailed, load_landing
from tests.conftest import scratch_place
from tests.warehouse.landed import METERS, event, put, query
from warehouse.unprivileged import server_account

MEGABYTES = 40


@pytest.fixture
def small_disk(cluster):
    """A database on a file system of 40 MB; its URL."""
    with scratch_place() as place:
        disk = place / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", disk], check=False, capture_output=True
        )
        if mounted.returncode != 0:
            pytest.skip("only root may mount the small disk this needs")
        try:
            account = server_account()
            (disk / "pg").mkdir()
            os.chown(disk / "pg", account.uid, account.gid)
            with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
                connection.execute(f"create tablespace small_disk location '{disk / 'pg'}'")
                connection.execute("create database on_small_disk template tieout_template tablespace small_disk")
                try:
                    yield cluster.url("on_small_disk")
                finally:
                    connection.execute("drop database on_small_disk with (force)")
                    connection.execute("drop tablespace small_disk")
        finally:
            subprocess.run(["umount", disk], check=True)


def events(count, day):
    return "".join(event(number, id=f"{day}-{number:0>60}", time=f"{day}T10:00:00Z") for number in range(count))


def test_a_full_disk_fails_the_load_by_name_and_what_it_took_can_be_used_again(small_disk, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    path = put(tmp_path, "usage/events/2026-10-28/u.jsonl", events(200_000, "2026-10-27"))
    with pytest.raises(LoadFailed, match="disk is full") as failure:
        load_landing(tmp_path, conn_url=small_disk)
    assert [one.status for one in failure.value.results] == ["loaded", "failed"]
    assert query(small_disk, "select count(*) from raw.usage__events") == [(0,)]
    assert query(small_disk, "select count(*) from ops.loads where object = 'events'") == [(0,)]
    path.write_text(events(20_000, "2026-10-27"))
    assert {one.file: one.accepted for one in load_landing(tmp_path, conn_url=small_disk)}["u.jsonl"] == 20_000

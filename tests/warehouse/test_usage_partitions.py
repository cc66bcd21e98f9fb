"""A usage partition is filled first and indexed then, by the load that made it."""

from tests.warehouse.landed import METERS, event, load_all, put, query

INDEXES = """
    select tablename, indexname from pg_indexes
    where schemaname = 'raw' and starts_with(tablename, 'usage__events_') order by 1
"""


def test_every_partition_that_a_load_made_has_its_index_by_load(warehouse, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    put(tmp_path, "usage/events/a.jsonl", event(1) + event(2, time="2026-10-26T10:00:00Z"))
    put(tmp_path, "usage/events/b.jsonl", event(3))
    assert load_all(tmp_path)["b.jsonl"][0] == "loaded"
    assert query(warehouse, INDEXES) == [
        (f"usage__events_2026102{day}", f"usage__events_2026102{day}_load_seq_idx") for day in (6, 7)
    ]

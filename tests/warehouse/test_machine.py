"""Memory settings for machines of any size."""

from __future__ import annotations

import pytest

from warehouse.machine import cpu_count, memory_bytes, memory_settings, shared_memory_is_small

pytestmark = pytest.mark.unit
GIB = 1024**3


@pytest.mark.parametrize(
    ("memory", "shared", "work"),
    [(1 * GIB, "204MB", "10MB"), (8 * GIB, "1638MB", "85MB"), (512 * GIB, "8192MB", "256MB"), (0, "128MB", "8MB")],
)
def test_buffers_are_a_fifth_of_the_memory_within_bounds(memory, shared, work):
    settings = memory_settings(memory, 4)
    assert (settings["shared_buffers"], settings["work_mem"]) == (shared, work)


def test_one_processor_gets_no_parallel_plan_of_many():
    assert memory_settings(GIB, 1)["max_parallel_workers_per_gather"] == "1"


def test_this_machine_has_memory_and_processors():
    assert memory_bytes() > 0
    assert cpu_count() > 0


def test_a_machine_without_shared_memory_folder_is_not_small(tmp_path):
    assert not shared_memory_is_small(tmp_path / "nothing")

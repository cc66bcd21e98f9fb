"""How much memory and processor this process may use, and the Postgres settings that follow from it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psutil

MIB = 1024 * 1024
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 only looked at, never written
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_bytes() -> int:
    """Memory of the machine, or of the container when that is less."""
    limits = [int(psutil.virtual_memory().total)]
    for path in CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such controller here, or the word "max"
            continue
    return min(limits)


def cpu_count() -> int:
    """Processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared_memory_is_small(shm: Path = SHARED_MEMORY) -> bool:
    """True where parallel queries would run out of /dev/shm (a container gets 64 MB unless told otherwise)."""
    return shm.is_dir() and shutil.disk_usage(shm).total < 512 * MIB


def _clamp(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def memory_settings(memory: int, cpus: int) -> dict[str, str]:
    """Postgres settings for a warehouse that shares a machine of ``memory`` bytes with dbt and Dagster."""
    mib = memory // MIB
    return {
        "shared_buffers": f"{_clamp(128, mib // 5, 8192)}MB",
        "effective_cache_size": f"{_clamp(256, mib // 2, 65536)}MB",
        "work_mem": f"{_clamp(8, mib // 96, 256)}MB",
        "maintenance_work_mem": f"{_clamp(64, mib // 16, 1024)}MB",
        "max_parallel_workers_per_gather": str(_clamp(1, cpus // 2, 4)),
        "max_parallel_workers": str(_clamp(2, cpus, 16)),
        "max_worker_processes": str(_clamp(4, cpus + 2, 20)),
    }

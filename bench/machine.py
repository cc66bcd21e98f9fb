"""What the numbers were measured on."""

import os
import platform
from pathlib import Path

import psycopg


def describe(url: str) -> str:
    """Processor, cores, memory, system, Python and Postgres, in one line."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select current_setting('server_version'), current_setting('shared_buffers'), current_setting('work_mem')"
        ).fetchone()
    postgres, buffers, work = found or ("?", "?", "?")
    return (
        f"{_processor()}, {_cores()} cores, {_memory_gb()} GB memory, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, "
        f"Postgres {postgres} (shared_buffers {buffers}, work_mem {work})"
    )


def load() -> str:
    """The load average of the last minute, as a hint of what else the machine was doing."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor() or "unknown processor"


def _cores() -> int:
    # Not every system can say which cores this process may use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)

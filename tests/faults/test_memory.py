"""F14 and I17: memory stays flat, whatever the size of a file, and a bomb is refused before it fills it."""

import gzip
import subprocess
import sys

from tests.warehouse.landed import METERS, event, load_all, put

# Reads a file of events as a load does, under a limit of address space, and prints the peak in MB.
READ = """
import resource, sys
from datetime import date
from pathlib import Path
from ingestion import usage
from ingestion.formats.streams import Source
from ingestion.meters import Meter
book = {"call": Meter("call", "calls", ("region",))}
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
limit = int(sys.argv[2]) << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
path = Path(sys.argv[1])
count = 0
for part in usage.read(Source(path, path.name), book, date(2026, 10, 28), 400):
    count += part.accepted.num_rows + part.duplicate + len(part.rejects) + len(part.late)
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) >> 10)
"""
SMALL, LARGE = 20_000, 1_200_000
LINE_BYTES = 160


def peak(path, limit_mb):
    said = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(limit_mb)], check=True, capture_output=True, text=True
    ).stdout.split()
    return int(said[0]), int(said[1])


def large_file(path, count):
    block = [event(number) for number in range(10_000)]
    with gzip.open(path, "wt", compresslevel=1) as file:
        for start in range(0, count, len(block)):
            file.write("".join(line.replace('"id": "e', f'"id": "{start}-') for line in block))


def test_a_file_sixty_times_as_large_takes_no_more_memory_than_the_hashes_of_its_ids(tmp_path):
    small, large = tmp_path / "small.jsonl.gz", tmp_path / "large.jsonl.gz"
    large_file(small, SMALL)
    large_file(large, LARGE)
    few, least = peak(small, 4096)
    many, most = peak(large, 4096)
    assert (few, many) == (SMALL, LARGE)
    # 16 bytes an event to tell repeats, doubled while two runs are merged
    hashes = 4 * 16 * LARGE >> 20
    assert most < least + hashes + 60, f"{most} MB for {LARGE * LINE_BYTES >> 20} MB of lines, {least} MB for few"


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_fills_the_memory(warehouse, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    zeros = gzip.compress(b"\n" * (1 << 20), 9) * 700
    put(tmp_path, "usage/events/bomb.jsonl.gz", zeros)
    assert load_all(tmp_path)["bomb.jsonl.gz"][-1] == "unpacks_too_large"

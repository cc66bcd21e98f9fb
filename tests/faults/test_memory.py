"""F14 and I17: memory stays flat, whatever the size of a file, and a bomb is refused before it fills it."""

import gzip
import subprocess
import sys
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.warehouse.landed import METERS, event, load_all, put

# Reads a file of events as a load does, under a limit of address space, and prints the peak in MB.
READ = """
import resource, sys
from datetime import date
from pathlib import Path
from bench.loading import peak_megabytes
from ingestion import usage
from ingestion.formats.streams import Source
from ingestion.meters import Meter
book = {"call": Meter("call", "calls", ("region",))}
base = peak_megabytes()
limit = int(sys.argv[2]) << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
path = Path(sys.argv[1])
count = 0
for part in usage.read(Source(path, path.name), book, date(2026, 10, 28), 400):
    count += part.accepted.num_rows + part.duplicate + len(part.rejects) + len(part.late)
print(count, round(peak_megabytes() - base))
"""
READ_DOCUMENTS = """
import sys
from pathlib import Path
from bench.loading import peak_megabytes
from ingestion import documents
from ingestion.formats.streams import Source
from ingestion.registry import OBJECTS
base = peak_megabytes()
path = Path(sys.argv[1])
count = sum(1 for _ in documents.read(Source(path, path.name), OBJECTS["erp", "customer"]))
print(count, round(peak_megabytes() - base))
"""
CONSTANT = {
    "specversion": "1.0",
    "source": "//api",
    "type": "call",
    "subject": "acc_1",
    "time": "2026-10-27T10:00:00Z",
}
SMALL, LARGE = 20_000, 1_200_000
LINE_BYTES = 160


def peak(path, limit_mb, program=READ):
    said = subprocess.run(
        [sys.executable, "-c", program, str(path), str(limit_mb)],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
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
    # 10 bytes an event to tell repeats, and what their merging takes
    hashes = 4 * 10 * LARGE >> 20
    assert most < least + hashes + 60, f"{most} MB for {LARGE * LINE_BYTES >> 20} MB of lines, {least} MB for few"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_extract_thirty_times_as_large_takes_no_more_memory_than_the_hashes_of_its_records(tmp_path, form):
    peaks = {}
    for count in (2_000, 60_000):
        path = tmp_path / f"{count}.{form}"
        with path.open("w") as file:
            file.write("id,memo,companyname\n" if form == "csv" else "")
            for number in range(count):
                if form == "csv":
                    file.write(f"{number},{'m' * 300},Company {number}\n")
                else:
                    file.write(f'{{"id":"{number}","memo":"{"m" * 300}","companyname":"Company {number}"}}\n')
        found, peaks[count] = peak(path, 0, READ_DOCUMENTS)
        assert found == count
    # of 60,000 hashes: 49 bytes each, and their set while it doubles; the lines alone are 20 MB
    assert peaks[60_000] < peaks[2_000] + 14, peaks


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_fills_the_memory(warehouse, tmp_path):
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    zeros = gzip.compress(b"\n" * (1 << 20), 9) * 700
    put(tmp_path, "usage/events/bomb.jsonl.gz", zeros)
    assert load_all(tmp_path)["bomb.jsonl.gz"][-1] == "unpacks_too_large"


@pytest.mark.parametrize("rows_a_group", [20_000, 600_000])
def test_a_larger_parquet_file_takes_no_more_memory_however_its_rows_are_grouped(tmp_path, rows_a_group):
    peaks = []
    for count in (70_000, 600_000):
        path = tmp_path / f"{count}.parquet"
        # ids that do not pack, so that the bytes of the file would show
        ids = [sha256(str(number).encode()).hexdigest() for number in range(count)]
        columns = {name: pa.repeat(value, count) for name, value in CONSTANT.items()}
        data = pa.StructArray.from_arrays([pa.repeat(pa.scalar(Decimal(3)), count)], names=["calls"])
        pq.write_table(pa.table({**columns, "id": ids, "data": data}), path, row_group_size=rows_a_group)
        found, most = peak(path, 8192)
        assert found == count
        peaks.append(most)
    # hashes of ids take 10 bytes an event, and what their merging takes; the file has 38 MB
    assert peaks[1] < peaks[0] + 36, peaks

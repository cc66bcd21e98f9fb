"""I5, I17: packed files that were cut, lie about their size, or lead out of the landing folder."""

import gzip

import pytest
import zstandard

from ingestion.formats import jsonl, streams
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import records, source

LINES = "".join(f'{{"id":"{number}"}}\n' for number in range(2000))


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)),
        ("a.jsonl.gz", gzip.compress(LINES[:13].encode(), mtime=0) + gzip.compress(LINES[13:].encode(), mtime=0)),
        ("a.jsonl.zst", zstandard.compress(LINES.encode())),
        ("a.jsonl.zst", zstandard.compress(LINES[:13].encode()) + zstandard.compress(LINES[13:].encode())),
    ],
)
def test_packed_files_read_as_their_content_several_members_included(tmp_path, name, packed):
    assert len(records(jsonl.read_lines(source(tmp_path, name, packed)))) == 2000


@pytest.mark.parametrize("packing", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("missing", [1, 6, 200])
def test_a_packed_file_that_was_cut_is_incomplete(tmp_path, packing, missing):
    name = "a.jsonl.gz" if packing is gzip.compress else "a.jsonl.zst"
    with pytest.raises(FileRefused) as refused:
        list(jsonl.read_lines(source(tmp_path, name, packing(LINES.encode())[:-missing])))
    assert refused.value.reason == "incomplete"


def test_a_damaged_gzip_is_noticed_by_its_checksum(tmp_path):
    packed = bytearray(gzip.compress(LINES.encode()))
    packed[-6] ^= 0xFF
    with pytest.raises(FileRefused) as refused:
        list(jsonl.read_lines(source(tmp_path, "a.jsonl.gz", bytes(packed))))
    assert refused.value.reason == "incomplete"


@pytest.mark.parametrize("name", ["bomb.jsonl.gz", "bomb.jsonl.zst"])
def test_a_bomb_is_given_up_long_before_it_is_unpacked(tmp_path, monkeypatch, name):
    monkeypatch.setattr(streams, "RATIO_FREE_BYTES", 1 << 20)
    blank = b"\n" * (32 << 20)
    place = source(tmp_path, name, gzip.compress(blank) if name.endswith("gz") else zstandard.compress(blank))
    read = 0

    def read_all():
        nonlocal read
        with place.open() as stream:
            while block := stream.read(1 << 16):
                read += len(block)

    with pytest.raises(FileRefused) as refused:
        read_all()
    assert refused.value.reason == "unpacks_too_large"
    assert read < 16 << 20


def test_the_extension_is_that_of_what_is_packed(tmp_path):
    assert source(tmp_path, "a.CSV.gz", b"").extension == ".csv"
    assert source(tmp_path, "a.csv", b"").packing is None


def test_a_document_larger_than_its_cap_is_refused(tmp_path):
    with pytest.raises(FileRefused) as refused:
        source(tmp_path, "a.xml", b"x" * 100).whole(99)
    assert refused.value.reason == "too_large"
    assert source(tmp_path, "a.xml", b"x" * 100).whole(100) == b"x" * 100

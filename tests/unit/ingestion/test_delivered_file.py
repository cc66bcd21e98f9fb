"""Files that our own sources deliver: whole with their manifest, or not there; where a source goes on."""

import hashlib
import json
from datetime import date

import pytest

from ingestion.delivery import discover
from ingestion.sources import cursors, delivered_file
from ingestion.sources.delivered_file import DeliveryExists, Description, Target, WorkBusy

TARGET = Target("crm", "Account", date(2026, 10, 29), "pull-1.jsonl")


@pytest.fixture
def landing(tmp_path):
    return tmp_path / "landing"


def test_a_delivered_file_has_its_lines_and_its_manifest(landing):
    description = Description(api_version="v62.0", cursor={"through": "2026-10-29T00:00:00Z"})
    found = delivered_file.write(landing, TARGET, iter(['{"Id": "1"}', '{"Id": "ü"}']), description)
    assert list(delivered_file.lines_of(landing, TARGET)) == ['{"Id": "1"}', '{"Id": "ü"}']
    ((target, manifest),) = delivered_file.delivered(landing, "crm", "Account")
    assert target == TARGET == found.target
    assert manifest == {
        "rows": 2,
        "sha256": hashlib.sha256('{"Id": "1"}\n{"Id": "ü"}\n'.encode()).hexdigest(),
        "control_totals": {},
        "api_version": "v62.0",
        "cursor": {"through": "2026-10-29T00:00:00Z"},
    }
    assert found.path.endswith(TARGET.label)


def test_what_is_described_at_the_end_knows_what_was_written(landing):
    seen = []

    def lines():
        for n in range(3):
            seen.append(n)
            yield str(n)

    found = delivered_file.write(landing, TARGET, lines(), lambda: Description(cursor={"through": f"{len(seen)}"}))
    assert found.manifest["cursor"] == {"through": "3"}


def test_a_source_that_fails_delivers_nothing_and_leaves_nothing_behind(landing, tmp_path):
    def lines():
        yield "{}"
        raise RuntimeError("the source is gone")

    with pytest.raises(RuntimeError, match="the source is gone"):
        delivered_file.write(landing, TARGET, lines())
    assert list(delivered_file.delivered(landing, "crm", "Account")) == []
    assert not [path for path in landing.rglob("*") if path.is_file()]


def test_a_delivered_file_is_never_overwritten(landing):
    delivered_file.write(landing, TARGET, ["{}"])
    assert delivered_file.write(landing, TARGET, ["{}"]).rows == 1
    with pytest.raises(DeliveryExists, match=r"pull-1\.jsonl has been delivered with other content"):
        delivered_file.write(landing, TARGET, ["[]"])
    assert list(delivered_file.lines_of(landing, TARGET)) == ["{}"]


def test_the_landing_door_sees_the_file_alone_and_takes_it_as_complete(tmp_path):
    delivered_file.write(tmp_path, TARGET, ["{}"], Description(cursor={"through": "2026-10-29T00:00:00Z"}))
    (delivered_file.work_folder(tmp_path, "half") / "written.jsonl").write_text("{")
    (found,) = discover(tmp_path)
    assert (found.system, found.object, found.file_name, found.problem) == ("crm", "Account", "pull-1.jsonl", None)


def test_a_file_without_its_manifest_is_not_delivered_yet(tmp_path):
    delivered_file.write(tmp_path, TARGET, ["{}"])
    (tmp_path / (TARGET.label + delivered_file.MANIFEST)).unlink()
    assert list(delivered_file.delivered(tmp_path, "crm", "Account")) == []


def test_two_do_not_work_in_one_folder(tmp_path):
    folder = delivered_file.work_folder(tmp_path, "stripe")
    with (
        delivered_file.sole_worker(folder),
        pytest.raises(WorkBusy, match="is at work"),
        delivered_file.sole_worker(folder),
    ):
        pass
    with delivered_file.sole_worker(folder):
        pass


def test_the_cursor_that_reaches_furthest_counts_whatever_the_file_is_called(landing):
    for name, through in (("z.jsonl", "2026-10-28T23:00:00Z"), ("a.jsonl", "2026-10-29T00:30:00+02:00")):
        target = Target("crm", "Account", TARGET.delivered_on, name)
        delivered_file.write(landing, target, [json.dumps(name)], Description(cursor={"through": through, "of": name}))
    delivered_file.write(landing, TARGET, ["{}"])
    assert cursors.latest(landing, "crm", "Account") == {"through": "2026-10-28T23:00:00Z", "of": "z.jsonl"}
    assert [cursor["of"] for cursor in cursors.known(landing, "crm", "Account")] == ["z.jsonl", "a.jsonl"]
    assert cursors.latest(landing, "crm", "Contract") is None

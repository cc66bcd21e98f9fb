"""The landing folder's sensor asks once for each delivery day that has changed."""

import dagster as dg
import pytest

from orchestration.resources import LandingFolder
from orchestration.sensors import landing_folder_sensor


@pytest.fixture
def landing(tmp_path):
    def deliver(day: str, text: str = "Date,USD\n2026-10-27,1.0850\n", *, complete: bool = True) -> None:
        folder = tmp_path / "fx" / "rates" / day
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rates.csv").write_text(text)
        if complete:
            (folder / "_SUCCESS").touch()

    deliver.folder = tmp_path
    return deliver


def look(landing, cursor: str | None = None):
    context = dg.build_sensor_context(
        cursor=cursor, resources={"landing_folder": LandingFolder(path=str(landing.folder))}
    )
    result = landing_folder_sensor(context)
    return [request.partition_key for request in result.run_requests or []], result.cursor


def test_a_complete_delivery_asks_for_its_day_once(landing):
    landing("2026-10-28")
    landing("2026-10-30")
    days, cursor = look(landing)
    assert days == ["2026-10-28", "2026-10-30"]
    assert look(landing, cursor)[0] == []


def test_an_incomplete_delivery_waits_until_it_is_complete(landing):
    landing("2026-10-28", complete=False)
    days, cursor = look(landing)
    assert days == []
    landing("2026-10-28")
    assert look(landing, cursor)[0] == ["2026-10-28"]


def test_a_day_that_gets_another_file_is_asked_for_again(landing):
    landing("2026-10-28")
    _, cursor = look(landing)
    (landing.folder / "fx" / "rates" / "2026-10-28" / "more.csv").write_text("Date,USD\n2026-10-28,1.0850\n")
    assert look(landing, cursor)[0] == ["2026-10-28"]


def test_an_empty_landing_folder_is_no_reason_to_run(landing):
    assert look(landing)[0] == []

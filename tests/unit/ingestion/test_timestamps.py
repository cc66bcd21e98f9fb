"""M3: times that a lenient reader rolls over, and digits that only look like digits."""

from datetime import UTC, date, datetime

import pytest

from ingestion.records import BadRecord
from ingestion.timestamps import day, epoch, instant, rfc3339

NINE = datetime(2026, 10, 28, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-10-28T09:30:00Z", "2026-10-28t09:30:00z", "2026-10-28 09:30:00+00:00", "2026-10-28T15:00:00+05:30"]
)
def test_rfc3339_names_an_instant_whatever_its_offset(text):
    assert rfc3339(text) == NINE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-28T24:00:00Z", datetime(2026, 10, 29, tzinfo=UTC)),
        ("2026-12-31T24:00:00.000+01:00", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T15:59:60.25-08:00", datetime(2017, 1, 1, microsecond=250000, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_day_and_a_leap_second_are_the_instant_after_them(text, expected):
    assert rfc3339(text) == expected
    assert instant(text) == expected


def test_fractions_beyond_microseconds_are_cut():
    assert rfc3339("2026-10-28T09:30:00.123456789Z") == NINE.replace(microsecond=123456)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-28T24:00:01Z",
        "2026-10-28T24:30:00Z",
        "2026-10-28T25:00:00Z",
        "2026-10-28T09:30:60Z",
        "2026-10-28T23:59:61Z",
        "2026-10-28T23:60:00Z",
        "2026-02-30T00:00:00Z",
        "2026-10-28T09:30:00",
        "2026-10-28",
        "infinity",
        "٢٠٢٦-10-28T09:30:00Z",
        "2026-10-28T09:30:00+25:00",
        "2026-10-28T09:30Z",
        " 2026-10-28T09:30:00Z",
        "2026-10-28T09:30:00Z\n",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "",
        None,
        1,
    ],
)
def test_anything_else_is_no_rfc3339_time(text):
    with pytest.raises(BadRecord) as refused:
        rfc3339(text)
    assert refused.value.reason == "bad_time"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-28T09:30:00.000+0000", NINE),
        ("2026-10-28 9:30:00", NINE),
        ("2026-10-28 9:30", NINE),
        ("2026-10-28", datetime(2026, 10, 28, tzinfo=UTC)),
    ],
)
def test_the_forms_of_salesforce_and_netsuite_are_read(text, expected):
    assert instant(text) == expected


@pytest.mark.parametrize("text", ["10/28/2026", "28.10.2026", "10/28/2026 3:04 pm", "20261028"])
def test_a_date_whose_day_and_month_could_be_swapped_is_refused(text):
    with pytest.raises(BadRecord):
        instant(text)


def test_seconds_since_1970_are_whole_and_no_milliseconds():
    assert epoch(1793179800) == datetime(2026, 10, 28, 9, 30, tzinfo=UTC)
    for wrong in (1793179800000, -1, True, "1793179800", 1.5, None):
        with pytest.raises(BadRecord):
            epoch(wrong)


def test_a_day_is_an_iso_date():
    assert day("2026-02-28") == date(2026, 2, 28)
    for wrong in ("2026-02-29", "2026-2-28", "28.02.2026", "", None, "٢٠٢٦-02-28"):
        with pytest.raises(BadRecord):
            day(wrong)

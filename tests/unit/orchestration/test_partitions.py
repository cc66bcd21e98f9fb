"""Which delivery days a run is about."""

from datetime import date

import pytest

from orchestration.partitions import Window, daily, monthly, range_tags, window_of_run


def test_a_run_of_one_partition_is_about_one_day():
    assert window_of_run({"dagster/partition": "2026-10-28"}) == Window(date(2026, 10, 28), date(2026, 10, 29))


def test_a_run_of_a_range_is_about_every_day_of_it_and_its_tags_say_so():
    window = Window.of_days(date(2026, 10, 28), date(2026, 11, 9))
    assert window_of_run(range_tags(window)) == window
    assert len(window.days) == 13
    assert str(window) == "2026-10-28 to 2026-11-09"


def test_a_run_without_days_says_what_to_do():
    with pytest.raises(ValueError, match="choose a partition"):
        window_of_run({})


def test_days_and_months_begin_together_and_today_is_a_partition():
    assert daily.get_first_partition_key() == "2026-01-01"
    assert monthly.get_first_partition_key() == "2026-01-01"

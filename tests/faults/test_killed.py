"""F1: killed at any moment of a load or a retry, the run that ends leaves what an undisturbed one leaves."""

from random import Random

import pytest

from tests.faults.children import Parent, load_then_retry
from tests.warehouse.landed import METERS, digests, event, put, query

OLD = "2024-01-01T00:00:00Z"


def day_of(number):
    return f"2026-{1 + number // 28 % 12:02d}-{1 + number % 28:02d}"


def deliver(landing, number):
    """A day's files: good, repeated, bad and too old records of two systems."""
    day = day_of(number)
    lines = [event(1000 * number + at, time=f"{day}T10:00:00Z") for at in range(60)]
    old = event(1000 * number + 999, time=OLD)
    put(landing, f"usage/events/{day}/u{number}.jsonl", "".join([*lines, lines[7], old, "nonsense\n"]))
    put(landing, f"stripe/customers/{day}/c{number}.jsonl", f'{{"id":"cus_{number}"}}\n{{"id":\n')


def kills(cluster, landing, count, seed):
    """Kill ``count`` children, a new day's files before each; the digests after an ordinary run, and undisturbed."""
    random = Random(seed)  # noqa: S311  moments, not secrets
    put(landing, "catalog/meters/meters.yaml", METERS)
    with cluster.database("tieout_template") as url, Parent() as parent:
        deliver(landing, 0)
        parent.duration(landing, url)  # the first one finds every cache cold
        longest = parent.duration(landing, url)
        at_work = 0
        for number in range(1, count + 1):
            deliver(landing, number)
            killed = parent.killed_after(random.random() * longest, landing, url)
            at_work += killed
            # however busy the machine is, about half of them are killed at work
            longest *= 1.15 if killed else 0.85
        load_then_retry(str(landing), url)
        load_then_retry(str(landing), url)
        disturbed = digests(url)
        assert query(url, "select count(*), count(distinct event_id) from raw.usage__events") == [
            (61 * (count + 1), 61 * (count + 1))
        ]
    with cluster.database("tieout_template") as url:
        load_then_retry(str(landing), url)
        return disturbed, digests(url), at_work


def test_killed_at_random_moments_of_a_load_or_a_retry_nothing_is_lost_or_doubled(cluster, tmp_path):
    disturbed, undisturbed, at_work = kills(cluster, tmp_path, 12, 20261028)
    assert disturbed == undisturbed
    assert at_work > 3


@pytest.mark.long
@pytest.mark.xdist_group("two hundred kills")
@pytest.mark.timeout(1200)
def test_two_hundred_kills_at_random_moments_lose_and_double_nothing(cluster, tmp_path):
    disturbed, undisturbed, at_work = kills(cluster, tmp_path, 200, 20261101)
    assert disturbed == undisturbed
    assert at_work > 60

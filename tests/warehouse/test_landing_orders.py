"""Any order of the same files gives the same tables, and any line of a usage file lands in exactly one place."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.landing import discover, load, load_landing
from tests.warehouse.landed import digests, event, put, query, small_landing

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def several_days(landing):
    """Deliveries that repeat and contradict one another, over three days, one of them without sign of completeness."""
    small_landing(landing)
    put(landing, "usage/events/2026-10-29/u.jsonl", event(5) + event(6, data={"calls": 99}) + event(200))
    put(landing, "usage/events/2026-10-30/u.jsonl", event(5) + event(201, time="2026-10-29T23:00:00Z"))
    put(landing, "stripe/customers/2026-10-29/a.jsonl", '{"id":"cus_1","balance":2}\n')
    put(landing, "stripe/customers/2026-10-29/b.jsonl", '{"id":"cus_1","balance":3}\n')
    put(landing, "crm/Contact/2026-10-30/a.csv", "Id\n1\n")
    put(landing, "crm/Order/2026-10-30/a.csv", "Id\n001A0000006Vm9r\n", complete=False)
    return discover(landing)


def test_any_order_of_deliveries_gives_the_same_tables(cluster, tmp_path):
    deliveries = several_days(tmp_path)
    with cluster.database("tieout_template") as url:
        load_landing(tmp_path, conn_url=url)
        expected = digests(url)
    assert len(deliveries) == 11

    @settings(max_examples=8, deadline=None, suppress_health_check=SLOW)
    @given(st.permutations(deliveries))
    def check(order):
        with cluster.database("tieout_template") as url:
            for delivery in order:
                load(delivery, url)
            assert digests(url) == expected

    check()


LINES = st.lists(
    st.one_of(
        st.integers(0, 5).map(event),
        st.builds(lambda year: event(1, time=f"{year}-01-01T00:00:00Z"), st.sampled_from([1999, 2024, 2027])),
        st.sampled_from(
            [event(1, type="unheard"), event(1, data={}), event(1, id=""), "nonsense\n", "{}\n", '"\\u0000"\n']
        ),
    ),
    max_size=90,
)


def test_any_line_of_a_usage_file_lands_in_exactly_one_place(cluster, tmp_path):
    @settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
    @given(LINES)
    def check(lines):
        landing = tmp_path / str(abs(hash(tuple(lines))))
        put(landing, "catalog/meters/meters.yaml", METERS_OF_CALLS)
        put(landing, "usage/events/u.jsonl", "".join([*lines, event(77)]))
        with cluster.database("tieout_template") as url:
            result = next(one for one in load_landing(landing, conn_url=url) if one.object == "events")
            assert result.status == "loaded"
            assert result.rows_in == len(lines) + 1
            places = query(
                url, "select line_no from raw.usage__events union all select line_no from quarantine.records"
            )
            assert len(places) == len({place for (place,) in places}) == result.rows_in - result.duplicate
            assert {place for (place,) in places} <= set(range(1, len(lines) + 2))

    check()


METERS_OF_CALLS = "meters:\n  - {meter_code: c, event_type: call, aggregation: sum, quantity_field: calls}\n"

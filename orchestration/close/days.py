"""Delivery days of closed months: they are not built again because somebody asks, only because something arrived."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from warehouse.errors import WarehouseError

# Closed months with days in [start, end) for which nothing was delivered that is not built yet.
SETTLED = """
    select periods.period, greatest(periods.period, %(start)s::date), least(ends.period_end, %(end)s::date) - 1
    from (select distinct period from ledger.periods where status = 'closed') as periods
    cross join lateral (select (periods.period + interval '1 month')::date as period_end) as ends
    where periods.period < %(end)s and ends.period_end > %(start)s
        and not exists (
            select from ops.loads
            where delivered_on >= greatest(periods.period, %(start)s::date)
                and delivered_on < least(ends.period_end, %(end)s::date)
                and load_seq > (select coalesce(max(to_load_seq), 0) from ops.builds where status = 'succeeded')
        )
    order by periods.period
    limit 1
"""


class DaysOfClosedMonth(WarehouseError):
    """Days of a closed month were asked for again; the message says what to do instead."""


def refuse_settled_days(connection: psycopg.Connection[Any], start: date, end: date) -> None:
    """Raise DaysOfClosedMonth when [start, end) has days of a closed month for which nothing new was delivered.

    A file that arrives late for such a day is built like any other; what it changes is posted to the open month.
    """
    found = connection.execute(SETTLED, {"start": start, "end": end}).fetchone()
    if found is None:
        return
    period, first, last = found
    days = f"{first}" if first == last else f"{first} to {last}"
    raise DaysOfClosedMonth(
        f"{period:%Y-%m} is closed and nothing new was delivered for {days}: building these days again is refused. "
        "What arrives late needs no days: tieout load, then tieout build; it is posted to the open month. "
        f"To change the month itself: tieout close reopen --period {period:%Y-%m} --preparer .. --approver .. "
        "--reason .."
    )

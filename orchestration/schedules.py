"""When things run by themselves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg

from orchestration.jobs import close_summary_job, daily_tie_out
from orchestration.partitions import FIRST_DAY

LAST_DAY_OF_CLOSING = 12


@dg.schedule(
    job=daily_tie_out,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    description="Every morning: the delivery day that has begun, with what was recorded the day before.",
)
def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for the partition of the day on which the schedule ticks."""
    day = _day_of(context)
    if day < FIRST_DAY:
        return dg.SkipReason(f"Delivery days begin at {FIRST_DAY}.")
    return dg.RunRequest(partition_key=day.isoformat(), run_key=day.isoformat())


@dg.schedule(
    job=close_summary_job,
    cron_schedule="0 7 * * *",
    execution_timezone="UTC",
    description="Every morning of the first twelve days of a month: the summary of the month that is being closed.",
)
def while_closing(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for the partition of the month before."""
    day = _day_of(context)
    period = date(day.year - (day.month == 1), 12 if day.month == 1 else day.month - 1, 1)
    if day.day > LAST_DAY_OF_CLOSING or period < FIRST_DAY.replace(day=1):
        yield dg.SkipReason("No month is being closed on this day.")
    else:
        yield dg.RunRequest(partition_key=period.isoformat(), run_key=f"{period:%Y-%m} on {day}")


def _day_of(context: dg.ScheduleEvaluationContext) -> date:
    scheduled = context.scheduled_execution_time or datetime.now(UTC)
    return scheduled.astimezone(UTC).date()


SCHEDULES = [every_morning, while_closing]

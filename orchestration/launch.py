"""Start what Dagster knows from Python, without its daemon: the same jobs, the same records of what ran."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from orchestration.partitions import PARTITION_TAG, Window, range_tags
from orchestration.paths import dagster_environment, dagster_state

if TYPE_CHECKING:
    import dagster as dg


class RunFailed(RuntimeError):
    """A run did not succeed; the message names the steps and their reasons."""


def tie_out(window: Window, landing: str | None = None) -> str:
    """Load, check and build every delivery day of ``window`` in one run; the run's id. Raises RunFailed."""
    resources = {"landing_folder": {"config": {"path": landing}}} if landing else {}
    return _execute("backfill", range_tags(window), resources)


def close_summary(period: date) -> str:
    """Materialise the close summary of one month; the run's id. Raises RunFailed."""
    return _execute("close_summary", {PARTITION_TAG: period.isoformat()}, {})


@contextmanager
def dagster_instance() -> Iterator[dg.DagsterInstance]:
    """The instance that ``dagster.yaml`` describes, the one that the UI shows."""
    dagster_state().mkdir(parents=True, exist_ok=True)
    os.environ.update(dagster_environment())
    import dagster as dg

    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    logging.getLogger("dagster").setLevel(logging.WARNING)
    with dg.DagsterInstance.get() as instance:
        yield instance


def _execute(job_name: str, tags: dict[str, str], resources: Mapping[str, object]) -> str:
    with dagster_instance() as instance:
        from orchestration.definitions import defs

        job = defs.resolve_job_def(job_name)
        result = job.execute_in_process(
            instance=instance,
            tags=tags,
            run_config={"resources": resources, "loggers": {"console": {"config": {"log_level": "ERROR"}}}},
            raise_on_error=False,
        )
    if not result.success:
        reasons = [
            f"{event.step_key}: {event.event_specific_data.error_display_string}"  # type: ignore[union-attr]
            for event in result.all_events
            if event.is_step_failure
        ]
        raise RunFailed("\n".join(reasons) or f"run {result.run_id} failed")
    return str(result.run_id)

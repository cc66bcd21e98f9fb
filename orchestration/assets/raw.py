"""What the raw assets of all systems share: load some days through the one door, and say what came."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import dagster as dg
import psycopg

from ingestion import landing
from ingestion.identity import identities, new_fields
from ingestion.sources.failures import PullFailed
from orchestration.partitions import daily
from orchestration.progress import report
from orchestration.pulls import pull_today
from orchestration.resources import LandingFolder
from warehouse.connection import connect, ensure_started
from warehouse.errors import WriterBusy
from warehouse.lock import writer_lock

POOL = "warehouse_writer"
WAIT_FOR_WRITER_SECONDS = 120
ACCEPTED = "every_delivery_accepted"
ACCOUNTED = "every_row_accounted_for"
FAMILIAR = "no_field_is_new"
SHOWN = 5
COUNTS = ("rows_in", "accepted", "duplicate", "quarantined", "late_excluded")


def raw_asset(system: str, description: str, *, kinds: Iterable[str] = ()) -> dg.AssetsDefinition:
    """The asset ``raw/<system>``: every object of one system, one partition a delivery day.

    A refused file (incomplete, changed after it was loaded) fails the check ``every_delivery_accepted`` and hides
    nothing: all other files of the window are loaded. A system that can be asked (`orchestration.pulls`) is asked
    first, for the partition of today; when it does not answer to the end, the deliveries are loaded and the run fails.
    """
    key = dg.AssetKey(["raw", system])

    @dg.asset(
        key=key,
        description=description,
        group_name="raw",
        kinds={"python", "postgres", *kinds},
        owners=["team:data-engineering"],
        partitions_def=daily,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL),
        check_specs=[
            dg.AssetCheckSpec(
                ACCEPTED,
                asset=key,
                description="No file of these delivery days was refused: each was complete and unchanged.",
            ),
            dg.AssetCheckSpec(
                ACCOUNTED,
                asset=key,
                description="Of every load, rows in = accepted + duplicate + quarantined + late, and so they lie.",
            ),
            dg.AssetCheckSpec(
                FAMILIAR,
                asset=key,
                description="No file has a field that none of its object had before. It is kept; no model reads it.",
            ),
        ],
    )
    def load(context: dg.AssetExecutionContext, landing_folder: LandingFolder) -> dg.MaterializeResult:  # type: ignore[type-arg]
        start, end = days_of(context)
        pulled, pull_failure = _pulled(system, landing_folder, start, end)
        report("loading deliveries", 0, 1)
        results = load_days(landing_folder, system, start, end)
        for day, of_day in _by_day(results).items():
            rows = counts(of_day)
            context.add_asset_metadata(
                {**rows, "dagster/partition_row_count": rows["accepted"]}, partition_key=day.isoformat()
            )
        if pull_failure is not None:
            # What stands in the landing has been loaded; what the API did not give is missing, and that is no success.
            raise dg.Failure(str(pull_failure)) from pull_failure
        refused = [result for result in results if result.status == "refused"]
        return dg.MaterializeResult(
            metadata={"files": len(results), "already_loaded": _of_status(results, "already_loaded"), **pulled},
            check_results=[
                dg.AssetCheckResult(
                    check_name=ACCEPTED,
                    passed=not refused,
                    severity=dg.AssetCheckSeverity.ERROR,
                    metadata={"refused": len(refused), "files": _table(refused)},
                ),
                accounted(system, start, end),
                familiar(system, start, end),
            ],
        )

    return load


def accounted(system: str, start: date, end: date) -> dg.AssetCheckResult:
    """The identity of every load of these delivery days, retries included, against the rows that are stored."""
    with connect("auditor", autocommit=True) as connection:
        loads = identities(connection, [system], start, end)
    broken = [load for load in loads if not load.holds]
    rows = {name: sum(int(getattr(load, name)) for load in loads) for name in (*COUNTS, "still_open", "withheld")}
    return dg.AssetCheckResult(
        check_name=ACCOUNTED,
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(load.sentence for load in broken[:SHOWN]) or None,
        metadata={"loads": len(loads), "broken": len(broken), **rows},
    )


def familiar(system: str, start: date, end: date) -> dg.AssetCheckResult:
    """Fields that files of these delivery days were the first of their object to have; a warning, for they are kept."""
    with connect("auditor", autocommit=True) as connection:
        new = new_fields(connection, [system], start, end)
    records = [
        dg.TableRecord(
            {
                "object": one.object,
                "delivered_on": str(one.delivered_on),
                "file": one.file_name,
                "fields": ", ".join(one.fields),
            }
        )
        for one in new
    ]
    columns = [dg.TableColumn(name) for name in ("object", "delivered_on", "file", "fields")]
    return dg.AssetCheckResult(
        check_name=FAMILIAR,
        passed=not new,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{one.object}: {', '.join(one.fields)}" for one in new[:SHOWN]) or None,
        metadata={
            "files_with_new_fields": len(new),
            "files": dg.MetadataValue.table(records, schema=dg.TableSchema(columns)),
        },
    )


def days_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """Delivery days [start, end) of one partition or a range of them."""
    window = context.partition_time_window
    return window.start.date(), window.end.date()


def _pulled(
    system: str, folder: LandingFolder, start: date, end: date
) -> tuple[Mapping[str, int | str], PullFailed | None]:
    report("asking the source", 0, 1)
    try:
        return pull_today(system, folder.place(), start, end) or {}, None
    except PullFailed as failure:
        return {}, failure
    except psycopg.OperationalError as error:
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=2) from error


def load_days(folder: LandingFolder, system: str, start: date, end: date) -> list[landing.LoadResult]:
    """Load every delivery of ``system`` for [start, end), as the one writer.

    A lost connection is worth another try; what has been loaded by then counts as already loaded.
    """
    try:
        ensure_started()
        with writer_lock(holder=f"Dagster, raw/{system}", wait_seconds=WAIT_FOR_WRITER_SECONDS):
            return landing.load_landing(folder.place(), systems=[system], start=start, end=end)
    except psycopg.OperationalError as error:
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=2) from error
    except WriterBusy as busy:
        raise dg.RetryRequested(max_retries=5, seconds_to_wait=60) from busy


def counts(results: Sequence[landing.LoadResult]) -> dict[str, int]:
    """Rows in, accepted, duplicate, quarantined and late, and files refused."""
    rows = {name: sum(int(getattr(result, name) or 0) for result in results) for name in COUNTS}
    return {**rows, "refused_files": _of_status(results, "refused")}


def _of_status(results: Sequence[landing.LoadResult], status: str) -> int:
    return sum(1 for result in results if result.status == status)


def _by_day(results: Sequence[landing.LoadResult]) -> dict[date, list[landing.LoadResult]]:
    days: dict[date, list[landing.LoadResult]] = defaultdict(list)
    for result in results:
        if result.delivered_on is not None:
            days[result.delivered_on].append(result)
    return days


def _table(refused: Sequence[landing.LoadResult]) -> dg.MetadataValue:
    records = [
        dg.TableRecord(
            {
                "object": result.object,
                "delivered_on": str(result.delivered_on),
                "file": result.file,
                "reason": result.reason or "",
            }
        )
        for result in refused
    ]
    columns = [dg.TableColumn(name) for name in ("object", "delivered_on", "file", "reason")]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))

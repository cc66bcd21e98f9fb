"""The suites as asset checks: those on raw before dbt, where a blocking one stops it, those on marts after it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import dagster as dg

from expectations.marts_suites import MARTS_SUITES
from expectations.raw_suites import RAW_SUITES
from expectations.rules import Severity, Suite
from expectations.runner import Verdict
from orchestration.assets.models import CONTROLS, KEYS
from orchestration.assets.raw import POOL
from orchestration.breaks.controls import ControlStanding, control_numbers, over_materiality
from orchestration.partitions import window_of_run
from orchestration.progress import report

NAME_OF_SEVERITY: dict[Severity, str] = {"block": "structure", "warn": "plausibility"}


def check_name(suite: str, severity: Severity) -> str:
    """Name of the asset check on one suite's rules of one severity."""
    return f"{suite}_{NAME_OF_SEVERITY[severity]}"


def specs_of(suites: Sequence[Suite]) -> list[dg.AssetCheckSpec]:
    """Two checks a suite: what blocks the assets below, and what warns."""
    return [
        dg.AssetCheckSpec(
            check_name(suite.name, severity),
            asset=dg.AssetKey(suite.asset),
            blocking=severity == "block",
            description=f"Great Expectations on {suite.dataset}: "
            + " ".join(rule.says for rule in suite.rules if rule.severity == severity),
        )
        for suite in suites
        for severity in suite.severities()
    ]


def results_of(verdicts: Sequence[Verdict], suites: Sequence[Suite]) -> Iterator[dg.AssetCheckResult]:
    """One result for each suite and severity; what was wrong, and the SQL that retrieves the rows."""
    asset_of = {suite.name: dg.AssetKey(suite.asset) for suite in suites}
    by_check = attrgetter("suite", "severity")
    for (suite, severity), rules in groupby(sorted(verdicts, key=by_check), key=by_check):
        found = list(rules)
        wrong = [verdict for verdict in found if verdict.status != "passed"]
        yield dg.AssetCheckResult(
            asset_key=asset_of[suite],
            check_name=check_name(suite, severity),
            passed=not wrong,
            severity=dg.AssetCheckSeverity.ERROR if severity == "block" else dg.AssetCheckSeverity.WARN,
            description="; ".join(verdict.message for verdict in wrong) or None,
            metadata=_metadata(found, wrong),
        )


def _metadata(found: Sequence[Verdict], wrong: Sequence[Verdict]) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "rules": len(found),
        "failed": sum(1 for verdict in wrong if verdict.status == "failed"),
        "crashed": sum(1 for verdict in wrong if verdict.status == "crashed"),
        "failing_rows": sum(verdict.rows_failed or 0 for verdict in wrong),
    }
    for verdict in wrong:
        metadata[f"rows of {verdict.expectation}"] = dg.MetadataValue.md(f"```sql\n{verdict.failing_rows_sql}\n```")
    return metadata


def _look(context: dg.AssetCheckExecutionContext, suites: Sequence[Suite], stage: str) -> Iterator[dg.AssetCheckResult]:
    """Run every suite of which a check is selected. Crashed rules end the step, after all results are told."""
    from orchestration.suites import run_suites

    window = window_of_run(context.run.tags)
    selected = context.selected_asset_check_keys
    keys = {spec.key: suite for suite in suites for spec in specs_of([suite])}
    chosen = [suite for suite in suites if any(keys.get(key) is suite for key in selected)]
    report(stage, 0, len(chosen))
    verdicts = run_suites(chosen, window.start, window.end)
    report(stage, len(chosen), len(chosen))
    for result in results_of(verdicts, chosen):
        if result.asset_key is not None and dg.AssetCheckKey(result.asset_key, result.check_name or "") in selected:
            yield result
    crashed = [verdict for verdict in verdicts if verdict.status == "crashed"]
    if crashed:
        lines = [f"{verdict.suite}: {verdict.expectation}: {verdict.message}" for verdict in crashed]
        raise dg.Failure("Some rules could not be looked at:\n" + "\n".join(lines), allow_retries=False)


@dg.multi_asset_check(specs=specs_of(RAW_SUITES), name="raw_suites", can_subset=True, pool=POOL)
def raw_suites(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Look at what was delivered before any model reads it."""
    yield from _look(context, RAW_SUITES, "checks on what was delivered")


BUILT_SUITES = tuple(suite for suite in MARTS_SUITES if dg.AssetKey(suite.asset) in set(KEYS.values()))


@dg.multi_asset_check(specs=specs_of(BUILT_SUITES), name="marts_suites", can_subset=True, pool=POOL)
def marts_suites(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Look at what finance reads, after it was built."""
    yield from _look(context, BUILT_SUITES, "checks on what was built")


CONTROL_SPECS = [
    dg.AssetCheckSpec(
        "within_materiality",
        asset=key,
        description="What is open and neither explained nor resolved is within the control's materiality, every month.",
    )
    for key in CONTROLS.values()
]


@dg.multi_asset_check(specs=CONTROL_SPECS, name="controls", can_subset=True, pool=POOL)
def controls(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Say of every control whether its breaks are within its materiality, with its numbers."""
    selected = context.selected_asset_check_keys
    numbers, over = control_numbers(), over_materiality()
    for model, key in CONTROLS.items():
        if dg.AssetCheckKey(key, "within_materiality") in selected:
            standing = over.get(model.removeprefix("recon_").split("__")[0].upper(), ControlStanding())
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name="within_materiality",
                passed=not standing.lines,
                severity=dg.AssetCheckSeverity.WARN,
                description="; ".join(standing.lines) or None,
                metadata={"breaks_over_materiality": standing.breaks, **numbers.get(model, {})},
            )


CHECKS = [raw_suites, marts_suites, controls]

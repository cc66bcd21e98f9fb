"""Run suites with Great Expectations, and keep one row a rule and delivery window in ``checks.results``.

A rule can pass, fail (rows are wrong) or crash (the rule itself could not be looked at): a crash says nothing about the
data, and is never told as a failure of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Literal

from psycopg.rows import dict_row

from expectations.rules import Rule, Severity, Suite
from warehouse import connection

Status = Literal["passed", "failed", "crashed"]

STORE = """
    insert into checks.results (
        layer, suite, expectation, dataset, severity, holds_close, status, rows_checked, rows_failed,
        window_start, window_end, message, failing_rows_sql, code_version, started_at, finished_at
    ) values (
        %(layer)s, %(suite)s, %(expectation)s, %(dataset)s, %(severity)s, %(holds_close)s, %(status)s,
        %(rows_checked)s, %(rows_failed)s, %(window_start)s, %(window_end)s, %(message)s,
        %(failing_rows_sql)s, %(code_version)s, %(started_at)s, %(finished_at)s
    )
    on conflict (suite, expectation, window_start, window_end) do update set
        layer = excluded.layer, dataset = excluded.dataset, severity = excluded.severity,
        holds_close = excluded.holds_close, status = excluded.status,
        rows_checked = excluded.rows_checked, rows_failed = excluded.rows_failed, message = excluded.message,
        failing_rows_sql = excluded.failing_rows_sql, code_version = excluded.code_version,
        started_at = excluded.started_at, finished_at = excluded.finished_at
"""


# A rule that the code no longer has must not speak any more.
FORGET = "delete from checks.results where suite = %s and not expectation = any(%s)"


@dataclass(frozen=True)
class Verdict:
    """What one rule said of one delivery window [window_start, window_end).

    ``failing_rows_sql`` retrieves the failing rows; the values themselves are never stored, for they may be personal.
    """

    layer: str
    suite: str
    expectation: str
    dataset: str
    severity: Severity
    holds_close: bool
    status: Status
    rows_checked: int | None
    rows_failed: int | None
    window_start: date
    window_end: date
    message: str
    failing_rows_sql: str
    code_version: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Finding:
    """What a rule found: rows looked at, where they were counted, and rows that fail; None when it crashed."""

    rule: Rule
    status: Status
    message: str
    rows_checked: int | None
    rows_failed: int | None


# How a suite is looked at whose rows do not stand in Postgres: its findings of the delivery days [start, end).
Look = Callable[[Suite, date, date], Iterable[Finding]]


def finding(rule: Rule, rows_failed: int) -> Finding:
    """Of a rule whose failing rows were counted."""
    status: Status = "failed" if rows_failed else "passed"
    return Finding(rule, status, _told(rule, status), None, rows_failed)


def crash(rule: Rule, reason: str) -> Finding:
    """Of a rule that could not be looked at."""
    return Finding(rule, "crashed", f"Could not be looked at: {reason}", None, None)


def run_suites(
    suites: Sequence[Suite],
    start: date,
    end: date,
    code_version: str = "",
    elsewhere: Mapping[str, Look] | None = None,
) -> list[Verdict]:
    """Look at the delivery days [start, end) with every rule of ``suites``, store the verdicts and give them back.

    A suite whose tables do not exist is left out; one that ``elsewhere`` names is looked at by its function there.
    Raises psycopg.Error when the warehouse cannot be read or written.
    """
    existing = [suite for suite in suites if _tables_exist(suite)]
    looks = elsewhere or {}
    verdicts: list[Verdict] = []
    with _context() as (context, source):
        for suite in existing:
            look = looks.get(suite.name) or partial(_look, context, source)
            verdicts.extend(_verdicts(look, suite, (start, end), code_version))
    store(verdicts)
    _forget(existing)
    return verdicts


def store(verdicts: Iterable[Verdict]) -> None:
    """Keep the verdicts, each in the place of the last one on the same rule and window."""
    rows = [dict(vars(verdict)) for verdict in verdicts]
    with connection.connect("transformer") as warehouse, warehouse.cursor() as cursor:
        cursor.executemany(STORE, rows)


def _forget(suites: Sequence[Suite]) -> None:
    with connection.connect("transformer") as warehouse, warehouse.cursor() as cursor:
        cursor.executemany(FORGET, [(suite.name, [rule.name for rule in suite.rules]) for suite in suites])


def batch_query(suite: Suite, start: date, end: date) -> str:
    """The relation that a suite looks at, as SQL."""
    return suite.query.replace("%(start)s", f"'{start}'").replace("%(end)s", f"'{end}'").strip()


def failing_rows_query(rule: Rule, query: str) -> str:
    """The rows of a relation that fail a rule, as SQL; ``query`` is the relation."""
    return rule.failing.replace("{batch}", f"({query}) as batch")


@contextmanager
def _context() -> Iterator[tuple[Any, Any]]:
    """An ephemeral Great Expectations context on the warehouse, read as the auditor; importing it costs seconds."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}  # type: ignore[assignment]
    source = context.data_sources.add_postgres(
        "warehouse", connection_string=connection.url("auditor", "postgresql+psycopg2")
    )
    try:
        yield gx, source
    finally:
        source.get_execution_engine().close()


def _verdicts(look: Look, suite: Suite, window: tuple[date, date], code_version: str) -> list[Verdict]:
    started = datetime.now(UTC)
    found = sorted(look(suite, *window), key=lambda each: suite.rules.index(each.rule))
    finished = datetime.now(UTC)
    query = batch_query(suite, *window)
    return [
        Verdict(
            layer=suite.layer,
            suite=suite.name,
            expectation=each.rule.name,
            dataset=suite.dataset,
            severity=each.rule.severity,
            holds_close=each.rule.holds_close or each.rule.severity == "block",
            status=each.status,
            rows_checked=each.rows_checked,
            rows_failed=each.rows_failed,
            window_start=window[0],
            window_end=window[1],
            message=each.message,
            failing_rows_sql=failing_rows_query(each.rule, query),
            code_version=code_version,
            started_at=started,
            finished_at=finished,
        )
        for each in found
    ]


def _look(gx: Any, source: Any, suite: Suite, start: date, end: date) -> Iterator[Finding]:
    asset = source.add_query_asset(f"{suite.layer} {suite.name}", query=batch_query(suite, start, end))
    batch = asset.add_batch_definition_whole_table("window").get_batch()
    rules = {rule.name: rule for rule in suite.rules}
    expectations = [
        getattr(gx.expectations, rule.expectation)(**rule.arguments, meta={"rule": rule.name}) for rule in suite.rules
    ]
    outcome = batch.validate(
        gx.ExpectationSuite(name=suite.name, expectations=expectations),
        # counts alone: values of failing rows stay where they are
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
    )
    for result in outcome.results:
        rule = rules[result.expectation_config.meta["rule"]]
        reason = _reason_of_crash(result.exception_info)
        if reason is not None:
            yield crash(rule, reason)
            continue
        facts: Mapping[str, Any] = result.result or {}
        failed = int(facts.get("unexpected_count", facts.get("observed_value")) or 0)
        status: Status = "passed" if result.success else "failed"
        yield Finding(rule, status, _told(rule, status), facts.get("element_count"), failed)


def _told(rule: Rule, status: Status) -> str:
    return rule.says if status == "passed" else f"Not so: {rule.says}"


def _reason_of_crash(info: Mapping[str, Any] | None) -> str | None:
    """The reason when a rule crashed. Great Expectations tells it flat, or keyed by the metric that crashed."""
    if not info:
        return None
    found = [info] if "raised_exception" in info else [each for each in info.values() if isinstance(each, Mapping)]
    for each in found:
        if each.get("raised_exception", True):
            return str(each.get("exception_message") or "no reason given").strip().splitlines()[0][:500]
    return None


def _tables_exist(suite: Suite) -> bool:
    if not suite.needs:
        return True
    with connection.connect("auditor", autocommit=True) as warehouse:
        found = warehouse.execute(
            "select count(to_regclass(name)) from unnest(%s::text[]) as name", (list(suite.needs),)
        ).fetchone()
    return found is not None and found[0] == len(suite.needs)


def failing_rows(verdict_sql: str, limit: int = 100) -> list[dict[str, Any]]:
    """The failing rows that a verdict's SQL retrieves, read as the auditor."""
    with (
        connection.connect("auditor", autocommit=True) as warehouse,
        warehouse.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(f"select * from ({verdict_sql}) as failing limit {int(limit)}").fetchall()

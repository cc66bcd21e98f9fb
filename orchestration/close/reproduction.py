"""A closed month, built again from what was known when it closed, and compared with what was posted.

The closing recorded the last load that it took into account. The models are built once more in schemas of their own
(``scratch.py``) which show nothing later; what the rules then put into the month must be its lines, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration import dbt_process
from orchestration.close.closing import CloseRefused
from orchestration.close.posting import LINE_TEXT, numbered
from orchestration.close.scratch import PREFIX, scratch, scratch_schemas
from orchestration.code_version import code_version
from orchestration.lake.days import is_lake_lane
from orchestration.paths import dbt_target
from warehouse.connection import connect
from warehouse.errors import WarehouseError

DUE_LINES = "reproduction__due_lines"
STATUS = "select status from ledger.periods where entity = %(entity)s and period = %(period)s"
LAST_CLOSED = """
    select max(period) from ledger.periods
    where entity = %(entity)s and period < %(period)s and status = 'closed'
"""
# A closing and the postings before it: the one that brought the month's lines, or null where there were several.
CLOSING = """
    with closing as (
        select * from ledger.period_events
        where entity = %(entity)s and period = %(period)s and event = 'closed'
        order by event_no desc
        limit 1
    )

    select
        closing.event_no, closing.preparer, closing.approver, closing.happened_at, closing.code_version,
        closing.as_of, closing.load_seq, closing.line_count,
        encode(closing.chain_head, 'hex') as chain_head,
        encode(closing.trial_balance_sha256, 'hex') as trial_balance_sha256,
        (
            select coalesce(max(postings.posting_no), 0) from ledger.postings as postings
            where postings.entity = closing.entity and postings.posted_at <= closing.happened_at
        ) as last_posting,
        (
            select case when count(distinct lines.posting_no) = 1 then min(lines.posting_no) end
            from ledger.journal_lines as lines
            where lines.entity = closing.entity and lines.posted_period = closing.period
        ) as posting
    from closing
"""
# Line by line: the canonical text that the chain hashes, and the hash.
LINES: LiteralString = """
    with {numbered},

    built as (
        select
            sequence,
            hash,
            {line_text} as content
        from chained
    ),

    posted as (
        select
            sequence,
            hash,
            {line_text} as content
        from ledger.journal_lines
        where entity = %(entity)s and posted_period = %(through)s
    )

    select
        (
            select encode(hash, 'hex') from built
            order by sequence desc
            limit 1
        ) as head,
        first_difference.*
    from (select) as one_row
    left join lateral (
        select
            sequence,
            posted.content as posted,
            built.content as built,
            posted.content is not distinct from built.content as says_the_same
        from posted
        full join built using (sequence)
        where posted.content is distinct from built.content or posted.hash is distinct from built.hash
        order by sequence
        limit 1
    ) as first_difference on true
"""
# The same without number, revision and day, summed by entry, line and account: holds for any number of postings.
SUMS: LiteralString = """
    with both_sides as (
        select
            original_period, entry_key, line_ref, source_system, source_id, rule, rule_version, customer_id, invoice_id,
            invoice_line_id, account, currency, functional_currency,
            amount_minor as posted_minor, functional_minor as posted_functional_minor,
            0 as built_minor, 0 as built_functional_minor
        from ledger.journal_lines
        where entity = %(entity)s and posted_period = %(through)s
        union all
        select
            original_period, entry_key, line_ref, source_system, source_id, rule, rule_version, customer_id, invoice_id,
            invoice_line_id, account, currency, functional_currency,
            0, 0, amount_minor, functional_minor
        from {due}
        where entity = %(entity)s and original_period <= %(through)s
    )

    select
        entry_key, line_ref, account, currency, functional_currency,
        sum(posted_minor)::bigint as posted_minor, sum(posted_functional_minor)::bigint as posted_functional_minor,
        sum(built_minor)::bigint as built_minor, sum(built_functional_minor)::bigint as built_functional_minor,
        count(*) over () as difference_count
    from both_sides
    group by
        original_period, entry_key, line_ref, source_system, source_id, rule, rule_version, customer_id, invoice_id,
        invoice_line_id, account, currency, functional_currency
    having sum(posted_minor) <> sum(built_minor) or sum(posted_functional_minor) <> sum(built_functional_minor)
    order by original_period, entry_key collate "C", line_ref collate "C", account collate "C", currency collate "C"
    limit 1
"""
# Balances at the month's end: the months before as they were posted, this one as it was built.
BALANCES: LiteralString = """
    with movements as (
        select account, currency, functional_currency, amount_minor, functional_minor
        from {lines}
        where posted_period < %(through)s
        union all
        select account, currency, functional_currency, amount_minor, functional_minor
        from {due}
        where entity = %(entity)s and original_period <= %(through)s
        union all
        -- what was posted and taken back within the month has a balance of 0
        select account, currency, functional_currency, 0, 0
        from ledger.journal_lines
        where entity = %(entity)s and posted_period = %(through)s
    ),

    balances as (
        select
            account, currency, functional_currency,
            sum(amount_minor)::bigint as balance_minor, sum(functional_minor)::bigint as functional_balance_minor
        from movements
        group by account, currency, functional_currency
    )

    select encode(sha256(convert_to(coalesce(string_agg(
        ledger.balance_text(account, currency, functional_currency, balance_minor, functional_balance_minor),
        chr(10) order by account collate "C", currency collate "C", functional_currency collate "C"
    ), ''), 'UTF8')), 'hex')
    from balances
"""
KEPT = """
    insert into ledger.reproductions (
        entity, period, event_no, is_identical, line_count, difference_count, first_difference, code_version
    )
    values (
        %(entity)s, %(period)s, %(event_no)s, %(is_identical)s, %(line_count)s, %(difference_count)s,
        %(first_difference)s, %(code_version)s
    )
"""


class ReproductionFailed(WarehouseError):
    """The month could not be built again; the message holds dbt's own."""


@dataclass(frozen=True)
class Difference:
    """The first thing that is not the same: where, what was posted and what was built; None is nothing."""

    where: str
    posted: str | None
    built: str | None

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.where}: posted {self.posted or 'nothing'}, built again {self.built or 'nothing'}"


@dataclass(frozen=True)
class Reproduction:
    """How a closed month came out when it was built again.

    ``by_line`` says that the canonical text of each line was compared; a month whose lines came in several postings
    is compared by entry, line and account. ``load_seq`` and ``as_of`` are what the closing knew.
    """

    entity: str
    period: date
    closed_at: datetime
    closed_with: str
    built_with: str
    load_seq: int
    as_of: datetime | None
    line_count: int
    by_line: bool
    difference_count: int
    first_difference: Difference | None
    seconds: float = field(compare=False)

    @property
    def is_identical(self) -> bool:
        """True when nothing differs."""
        return self.first_difference is None

    @property
    def same_version(self) -> bool:
        """True when the code that built it is the code that closed it."""
        return self.closed_with == self.built_with


def reproduce(entity: str, period: date, on_event: Callable[[dbt_process.Event], None] | None = None) -> Reproduction:
    """Build a closed month again as of its closing and compare; the result is kept in ``ledger.reproductions``.

    Nothing else of the warehouse changes. Raises CloseRefused for a month that is not closed, and where usage lies in
    the lake, ScratchBusy while another month is built again, and ReproductionFailed with dbt's messages.
    """
    if is_lake_lane():
        raise CloseRefused(
            "A month cannot be built again in the lake lane (TIEOUT_USAGE_LANE): Postgres has none of its usage events."
        )
    started = monotonic()
    closing = _closing(entity, period)
    cut = {
        "entity": entity,
        "period": period,
        "load_seq": closing["load_seq"],
        "last_posting": closing["last_posting"],
        "posting": closing["posting"],
    }
    with scratch_schemas(cut):
        _build(on_event)
        count, first = _compared(entity, period, closing)
    found = Reproduction(
        entity=entity,
        period=period,
        closed_at=closing["happened_at"],
        closed_with=closing["code_version"],
        built_with=code_version(),
        load_seq=closing["load_seq"],
        as_of=closing["as_of"],
        line_count=closing["line_count"],
        by_line=closing["posting"] is not None,
        difference_count=count,
        first_difference=first,
        seconds=round(monotonic() - started, 1),
    )
    _keep(found, closing["event_no"])
    return found


def last_closed(entity: str, before: date) -> date | None:
    """The last closed month before a month; None where there is none."""
    with connect("auditor") as connection:
        found = connection.execute(LAST_CLOSED, {"entity": entity, "period": before}).fetchone()
    return found[0] if found else None


def _closing(entity: str, period: date) -> dict[str, Any]:
    asked = {"entity": entity, "period": period}
    with connect("auditor") as connection, connection.cursor(row_factory=dict_row) as cursor:
        status = cursor.execute(STATUS, asked).fetchone()
        closing = cursor.execute(CLOSING, asked).fetchone()
    if status is None or status["status"] != "closed" or closing is None:
        state = "was never opened" if status is None else f"is {status['status']}"
        raise CloseRefused(
            f"{period:%Y-%m} of {entity} {state}: only a closed month has a snapshot to build again. "
            f"See what closing it would post: tieout close plan --period {period:%Y-%m}"
        )
    if closing["load_seq"] is None:
        raise CloseRefused(
            f"The closing of {period:%Y-%m} of {entity} does not say which loads it took into account, so there is no "
            "snapshot to build again."
        )
    return closing


def _build(on_event: Callable[[dbt_process.Event], None] | None) -> None:
    target = dbt_target().with_name(f"{dbt_target().name}-reproduction")
    built = dbt_process.run(
        dbt_process.arguments("build", select=[f"+{DUE_LINES}"], tests=False),
        on_event,
        {"TIEOUT_SCRATCH": PREFIX, "DBT_TARGET_PATH": str(target)},
    )
    if not built.succeeded:
        raise ReproductionFailed("The month could not be built again.\n" + "\n".join(built.failures))


def _compared(entity: str, period: date, closing: dict[str, Any]) -> tuple[int, Difference | None]:
    """How many lines differ, and the first thing that does: a line, else the chain's head, else the balances."""
    due = scratch("ledger", DUE_LINES)
    asked = {"entity": entity, "through": period, "open": period}
    with connect("transformer") as connection, connection.cursor(row_factory=dict_row) as cursor:
        sums = cursor.execute(sql.SQL(SUMS).format(due=due), asked).fetchone()
        if closing["posting"] is not None:
            first = _first_line(cursor, due, asked, closing)
        else:
            first = _first_sum(sums) if sums else None
        count = sums["difference_count"] if sums else 0
        return count, first or _balances(cursor, due, asked, closing)


def _first_line(
    cursor: psycopg.Cursor[dict[str, Any]], due: sql.Composable, asked: dict[str, Any], closing: dict[str, Any]
) -> Difference | None:
    lines = numbered(due, scratch("ledger", "earlier_lines"))
    found = cursor.execute(sql.SQL(LINES).format(numbered=lines, line_text=sql.SQL(LINE_TEXT)), asked).fetchone()
    if found is None:
        raise RuntimeError("the comparison gave no row")
    if found["sequence"] is not None and not found["says_the_same"]:
        return Difference(f"line {found['sequence']:,}", found["posted"], found["built"])
    if found["sequence"] is not None or found["head"] != closing["chain_head"]:
        where = f"hash of line {found['sequence']:,}" if found["sequence"] is not None else "the chain's head"
        return Difference(where, f"one that ends in {closing['chain_head']}", f"one that ends in {found['head']}")
    return None


def _first_sum(sums: dict[str, Any]) -> Difference:
    line = f", line {sums['line_ref']}" if sums["line_ref"] else ""
    return Difference(
        f"entry {sums['entry_key']}{line}, {sums['account']}", _amounts(sums, "posted"), _amounts(sums, "built")
    )


def _balances(
    cursor: psycopg.Cursor[dict[str, Any]], due: sql.Composable, asked: dict[str, Any], closing: dict[str, Any]
) -> Difference | None:
    query = sql.SQL(BALANCES).format(due=due, lines=scratch("ledger", "journal_lines"))
    found = cursor.execute(query, asked).fetchone()
    digest = str(next(iter(found.values()))) if found else ""
    if digest == closing["trial_balance_sha256"]:
        return None
    return Difference("hash of the balances at the month's end", closing["trial_balance_sha256"], digest)


def _amounts(sums: dict[str, Any], side: str) -> str | None:
    amount, functional = sums[f"{side}_minor"], sums[f"{side}_functional_minor"]
    if amount == 0 and functional == 0:
        return None
    return f"{amount} {sums['currency']} ({functional} {sums['functional_currency']}) minor units"


def _keep(found: Reproduction, event_no: int) -> None:
    kept = {
        "entity": found.entity,
        "period": found.period,
        "event_no": event_no,
        "is_identical": found.is_identical,
        "line_count": found.line_count,
        "difference_count": found.difference_count,
        "first_difference": None if found.first_difference is None else str(found.first_difference),
        "code_version": found.built_with,
    }
    with connect("closer") as connection:
        connection.execute(KEPT, kept)

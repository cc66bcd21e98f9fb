"""The books of a month: what was posted, and the month closed. A closed month refuses to be made again."""

from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.assets.raw import POOL
from orchestration.build import build
from orchestration.close import closing
from orchestration.close.posting import PostedMonth
from orchestration.close.reproduction import reproduce
from orchestration.partitions import monthly
from warehouse.errors import WarehouseError

OWNERS = ["team:revenue-accounting"]


class PostingConfig(dg.Config):
    """Whose books, and who posts."""

    entity: str = "main"
    who: str = "dagster"


class CloseConfig(dg.Config):
    """Whose month, the two people who close it, and gates that may stay open with the reason."""

    preparer: str
    approver: str
    entity: str = "main"
    waivers: dict[str, str] = Field(default_factory=dict)


@dg.asset(
    key=dg.AssetKey(["close", "journal"]),
    deps=[dg.AssetKey(["intermediate", "int_ledger__differences"])],
    partitions_def=monthly,
    group_name="close",
    kinds={"postgres"},
    owners=OWNERS,
    pool=POOL,
)
def journal(context: dg.AssetExecutionContext, config: PostingConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Post what is due through the month. A closed month is refused; its late facts post with the open one."""
    period = date.fromisoformat(context.partition_key)
    try:
        posted = closing.post_month(config.entity, period, config.who)
    except WarehouseError as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused
    return dg.MaterializeResult(metadata=_metadata(posted))


@dg.asset(
    key=dg.AssetKey(["close", "closed_month"]),
    deps=[
        dg.AssetKey(["intermediate", "int_ledger__differences"]),
        dg.AssetKey(["reconciliation", "recon_close_gate"]),
        dg.AssetKey(["reconciliation", "recon_ledger_gate"]),
    ],
    partitions_def=monthly,
    group_name="close",
    kinds={"postgres"},
    owners=OWNERS,
    pool=POOL,
)
def closed_month(context: dg.AssetExecutionContext, config: CloseConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Post, ask the gates and lock the month, all or nothing; then build the tables that show the books."""
    period = date.fromisoformat(context.partition_key)
    try:
        closed = closing.close_month(config.entity, period, config.preparer, config.approver, config.waivers)
    except WarehouseError as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused
    build(
        select=[closing.BOOKS_AND_BELOW],
        exclude=closing.COMPARED_BY_BUILDS,
        holder=f"Dagster run {context.run.run_id[:8]}",
    )
    return dg.MaterializeResult(
        metadata={
            **_metadata(closed.posted),
            "preparer": closed.preparer,
            "approver": closed.approver,
            "lines_of_the_month": closed.line_count,
            "chain_head": closed.chain_head,
            "trial_balance_sha256": closed.trial_balance_sha256,
            "code_version": closed.code_version,
            "not_passed": "\n".join(
                f"{gate.name}: {gate.status}, {gate.because}" for gate in closed.gates if gate.status != "passed"
            ),
        }
    )


class ReproductionConfig(dg.Config):
    """Whose month is built again."""

    entity: str = "main"


@dg.asset(
    key=dg.AssetKey(["close", "reproduced_month"]),
    deps=[dg.AssetKey(["close", "closed_month"])],
    partitions_def=monthly,
    group_name="close",
    kinds={"postgres"},
    owners=OWNERS,
    pool=POOL,
)
def reproduced_month(context: dg.AssetExecutionContext, config: ReproductionConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Build a closed month again from what was known when it closed; fails when it comes out differently."""
    period = date.fromisoformat(context.partition_key)
    try:
        found = reproduce(config.entity, period)
    except WarehouseError as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused
    metadata = {
        "lines_of_the_month": found.line_count,
        "compared": "line by line" if found.by_line else "by entry, line and account",
        "closed_with": found.closed_with,
        "built_with": found.built_with,
    }
    if found.first_difference is not None:
        raise dg.Failure(f"{period:%Y-%m} comes out differently: {found.first_difference}", metadata=metadata)
    return dg.MaterializeResult(metadata=metadata)


def _metadata(posted: list[PostedMonth]) -> dict[str, Any]:
    return {f"lines_into_{month.period:%Y-%m}".replace("-", "_"): month.lines for month in posted} or {"lines": 0}

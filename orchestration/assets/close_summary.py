"""The close summary of a month: what is billed, what of it ties out, what breaks, and whether the month may close."""

from datetime import date
from typing import Any

import dagster as dg

from orchestration.close.page import write_page
from orchestration.close.summary import CloseSummary, close_summary_of
from orchestration.close.text import as_text
from orchestration.partitions import monthly
from orchestration.words import money, share

READS = [
    dg.AssetKey(["reconciliation", name])
    for name in ("recon_tie_out", "recon_breaks", "recon_close_gate", "recon_controls")
]


@dg.asset(
    key=dg.AssetKey(["close", "close_summary"]),
    deps=READS,
    partitions_def=monthly,
    group_name="close",
    kinds={"python"},
    owners=["team:finance-data"],
    check_specs=[
        dg.AssetCheckSpec(
            "ready_to_close",
            asset=dg.AssetKey(["close", "close_summary"]),
            description="Nothing that blocks the close of this month is open.",
        )
    ],
)
def close_summary(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Read the tie-out, the breaks and the gate of one month, and print them on one screen."""
    period = date.fromisoformat(context.partition_key)
    summary = close_summary_of(period)
    context.log.info(as_text(summary))
    return dg.MaterializeResult(
        metadata=_metadata(summary),
        check_results=[
            dg.AssetCheckResult(
                check_name="ready_to_close",
                passed=summary.is_ready,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"reasons": dg.MetadataValue.md("\n".join(f"* {reason.text}" for reason in summary.gate))},
            )
        ],
    )


def _metadata(summary: CloseSummary) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "ready": summary.is_ready,
        "open_breaks": sum(line.count for line in summary.breaks),
        "summary": dg.MetadataValue.md(f"```\n{as_text(summary)}\n```"),
        "page": dg.MetadataValue.path(str(write_page(summary))),
    }
    for line in summary.tie_out:
        metadata[f"billed_{line.currency}"] = money(line.billed_minor, line.currency, line.exponent)
        metadata[f"tied_out_{line.currency}"] = money(line.tied_minor, line.currency, line.exponent)
        metadata[f"tied_out_share_{line.currency}"] = share(line.tied_share)
    return metadata

"""What can be run as one: a delivery day (or a range of them) from the files to the breaks, and the close summary."""

from __future__ import annotations

import dagster as dg

CLOSE = dg.AssetSelection.groups("close")
EVERYTHING_DAILY = dg.AssetSelection.all() - CLOSE

daily_tie_out = dg.define_asset_job(
    "daily_tie_out",
    selection=EVERYTHING_DAILY,
    description="Load one delivery day of every system, check it, build what it touches, check the result.",
    tags={"tieout/kind": "daily"},
)
backfill = dg.define_asset_job(
    "backfill",
    selection=EVERYTHING_DAILY,
    description="The same for a range of delivery days in one run: one dbt process, whatever the number of days.",
    tags={"tieout/kind": "backfill", "dagster/max_runtime": "14400"},
)
close_summary_job = dg.define_asset_job(
    "close_summary",
    selection=CLOSE,
    description="Say of one month what is billed, what ties out, what breaks, and whether it may close.",
    tags={"tieout/kind": "close"},
)
JOBS = [daily_tie_out, backfill, close_summary_job]

"""What can be run as one: a delivery day (or a range of them) from the files to the breaks; the close of a month."""

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
    selection=dg.AssetSelection.assets(dg.AssetKey(["close", "close_summary"])),
    description="Say of one month what is billed, what ties out, what breaks, and whether it may close.",
    tags={"tieout/kind": "close"},
)
post_journal = dg.define_asset_job(
    "post_journal",
    selection=dg.AssetSelection.assets(dg.AssetKey(["close", "journal"])),
    description="Post what is due through a month that is not closed. What is posted already is not posted again.",
    tags={"tieout/kind": "close"},
)
close_month = dg.define_asset_job(
    "close_month",
    selection=dg.AssetSelection.assets(dg.AssetKey(["close", "closed_month"])),
    description="Close a month: post, ask the gates, lock it. Asks for preparer and approver, two people.",
    tags={"tieout/kind": "close"},
)
reproduce_month = dg.define_asset_job(
    "reproduce_month",
    selection=dg.AssetSelection.assets(dg.AssetKey(["close", "reproduced_month"])),
    description="Build a closed month again from what was known when it closed, and compare it with what was posted.",
    tags={"tieout/kind": "close"},
)
package_month = dg.define_asset_job(
    "package_month",
    selection=dg.AssetSelection.assets(dg.AssetKey(["close", "close_package"])),
    description="Write the close package of a closed month: the same close, the same bytes.",
    tags={"tieout/kind": "close"},
)
JOBS = [daily_tie_out, backfill, close_summary_job, post_journal, close_month, reproduce_month, package_month]

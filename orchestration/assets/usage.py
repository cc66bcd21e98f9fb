"""Usage events and what their producers say they sent."""

from orchestration.assets.raw import raw_asset

usage = raw_asset(
    "usage",
    "Usage events (CloudEvents) and the control totals of their producers.",
    kinds={"json"},
)

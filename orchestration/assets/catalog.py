"""The published price list."""

from orchestration.assets.raw import raw_asset

catalog = raw_asset(
    "catalog",
    "Plans, prices, meters, conventions and policies, reviewed and effective-dated.",
    kinds={"yaml"},
)

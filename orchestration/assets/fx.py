"""Exchange rates."""

from orchestration.assets.raw import raw_asset

fx = raw_asset(
    "fx",
    "Exchange rates as the central bank publishes them.",
    kinds={"csv"},
)

"""Bank statements."""

from orchestration.assets.raw import raw_asset

bank = raw_asset(
    "bank",
    "Bank statements (camt.053, MT940, BAI2, CSV), each proven to add up.",
    kinds={"xml"},
)

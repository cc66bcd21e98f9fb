"""Tax rates and exemptions."""

from orchestration.assets.raw import raw_asset

tax = raw_asset(
    "tax",
    "Tax rates by jurisdiction and product tax code, and exemptions by customer.",
    kinds={"csv"},
)

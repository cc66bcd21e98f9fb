"""Stripe: self-service billing and cash."""

from orchestration.assets.raw import raw_asset

stripe = raw_asset(
    "stripe",
    "Every Stripe object: billing, charges, balance transactions and payouts, as its API words them.",
    kinds={"stripe", "json"},
)

"""The assets: one a system in raw, every dbt model, and the close summary below them."""

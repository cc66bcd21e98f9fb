"""The lake lane of a build: DuckDB computes days of usage from Parquet, Postgres takes over what changed."""

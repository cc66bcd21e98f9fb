"""What dbt's connection to DuckDB needs to read a lake in an object store; dbt-duckdb loads it by name."""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from ingestion.lake import lake
from ingestion.stores import ObjectStore
from orchestration.lake.objects import register


class Plugin(BasePlugin):
    """Makes the lake readable."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Once for every database that dbt opens."""
        store = lake()
        if isinstance(store, ObjectStore):
            register(conn, store)

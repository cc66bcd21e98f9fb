"""Statements that run on Spark outside dbt, in a process of their own: a catalogue admits one application at a time.

python -m orchestration.engines.spark_session < statements as a JSON list
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from pyspark.sql import SparkSession

from orchestration.engines.spark import session_settings


def opened(more: Mapping[str, str] | None = None) -> SparkSession:
    """A session as dbt has it, with more settings."""
    builder = SparkSession.builder.enableHiveSupport()
    for name, value in {**session_settings({}), **(more or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main() -> None:
    """Run the statements of standard input in a session as dbt has it."""
    statements: list[str] = json.load(sys.stdin)
    session = opened()
    for statement in statements:
        session.sql(statement)


if __name__ == "__main__":
    main()

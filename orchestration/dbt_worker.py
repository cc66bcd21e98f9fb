"""The process in which dbt runs for orchestration.dbt_process: one command after another, so that dbt is loaded once.

Every line of standard input is a command: an object with ``arguments`` and ``environment``. Standard output has dbt's
log, one JSON object a line, and after every command an object with the key ``ended``: how it went.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

# What is loaded and parsed stays to the end; looking through it for rubbish over and over is a tenth of a command.
OBJECTS_BETWEEN_COLLECTIONS = 50_000
SPARK_TARGETS = ("spark", "spark_thrift")
ANSI_MODE = "spark.sql.ansi.enabled"


def run(arguments: Sequence[str]) -> dict[str, Any]:
    """Run one command of dbt: whether it succeeded, what it said of each node, and the error that no node has."""
    from dbt.cli.main import dbtRunner

    if any(argument in SPARK_TARGETS for argument in arguments):
        keep_ansi_mode_of_spark()
    outcome = dbtRunner().invoke(list(arguments))
    let_go_of_duckdb()
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    return {
        "succeeded": outcome.success,
        "error": None if outcome.exception is None else str(outcome.exception),
        "results": [
            {
                "unique_id": result.node.unique_id,
                "status": str(result.status),
                "message": str(result.message or ""),
                "failures": result.failures,
                "seconds": float(result.execution_time or 0),
            }
            for result in getattr(outcome.result, "results", None) or ()
            if hasattr(result, "execution_time")
        ],
    }


def keep_ansi_mode_of_spark() -> None:
    """Let Spark run as the profile says: dbt's adapter turns ANSI mode off, and an overflow is then null in silence."""
    if importlib.util.find_spec("dbt.adapters.spark") is None:
        return
    from dbt.adapters.spark.connections import SparkCredentials

    turned_off = SparkCredentials.__post_init__
    if turned_off.__module__ == __name__:
        return

    def as_the_profile_says(credentials: SparkCredentials) -> None:
        asked = credentials.server_side_parameters.get(ANSI_MODE)
        turned_off(credentials)
        if asked is not None:
            credentials.server_side_parameters[ANSI_MODE] = asked

    setattr(SparkCredentials, "__post_init__", as_the_profile_says)  # noqa: B010  not every installation has its type


def let_go_of_duckdb() -> None:
    """Close the database file that dbt's adapter keeps open until its process ends."""
    adapter = sys.modules.get("dbt.adapters.duckdb.connections")
    if adapter is not None and adapter.DuckDBConnectionManager._ENV is not None:  # noqa: SLF001  env() raises then
        adapter.DuckDBConnectionManager.env().close()
        adapter.DuckDBConnectionManager.close_all_connections()


def main() -> int:
    """Run the commands of standard input until it ends, or is interrupted."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    try:
        for line in sys.stdin:
            command = json.loads(line)
            os.environ.clear()
            os.environ.update(command["environment"])
            ended = run(command["arguments"])
            sys.stdout.write(json.dumps({"ended": ended}) + "\n")
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    # what is held has not to be taken apart, object by object, before the process ends
    gc.freeze()
    return 0


if __name__ == "__main__":
    sys.exit(main())

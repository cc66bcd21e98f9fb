"""What is asked of Spark outside dbt, each in a process of its own: its catalogue admits one application at a time.

python -m orchestration.engines.spark_session register|fetch < relations and files as JSON
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment
from pyarrow import parquet
from pyspark.sql import SparkSession

from orchestration.paths import DBT_PROJECT

Job = list[tuple[str, str, str]]


def settings() -> dict[str, str]:
    """The session's settings, from dbt's own profile."""
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    parameters = profile["tieout"]["outputs"]["spark"]["server_side_parameters"]
    # SQL settings, not HTML: escaping would change them
    environment = Environment(autoescape=False)  # noqa: S701
    environment.globals["env_var"] = os.environ.get
    return {name: environment.from_string(str(value)).render() for name, value in parameters.items()}


def session() -> Any:
    """A session as dbt has it."""
    builder = SparkSession.builder.enableHiveSupport()
    for name, value in settings().items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def register(job: Job) -> None:
    """Make Parquet files, and folders divided by columns, readable as tables: (schema, name, file or folder)."""
    spark = session()
    for schema, name, place in job:
        path = Path(place)
        folder = path if path.is_dir() else path.parent
        spark.sql(f"create schema if not exists `{schema}`")
        spark.sql(f"drop table if exists `{schema}`.`{name}`")
        spark.sql(f"create table `{schema}`.`{name}` using parquet location '{folder.as_uri()}'")
        if path.is_dir():
            spark.sql(f"msck repair table `{schema}`.`{name}`")


def fetch(job: Job) -> None:
    """Write relations into Parquet files: (schema, name, file)."""
    spark = session()
    for schema, name, file in job:
        parquet.write_table(spark.table(f"`{schema}`.`{name}`").toArrow(), file)


def main() -> None:
    """Do the job that stands in standard input."""
    job: Job = json.load(sys.stdin)
    {"register": register, "fetch": fetch}[sys.argv[1]](job)


if __name__ == "__main__":
    main()

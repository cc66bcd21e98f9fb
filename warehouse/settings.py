"""What a user can set, read from the environment (prefix ``TIEOUT_``). Nothing here is cached."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from platformdirs import user_state_dir
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process.

    ``first_partition`` is the first delivery date (UTC day, inclusive) of the daily partitions.
    ``quiet_seconds`` is how long a file without manifest must have been left alone to count as complete;
    None means that only a manifest or a ``_SUCCESS`` file makes a delivery complete.
    ``landing`` is a folder, or a URL that begins with ``s3://`` or ``gs://``; an object larger than ``spool_bytes`` is
    refused, because it is spooled to the temporary folder while it is read.
    ``usage_lane`` says where accepted usage events go: into Postgres, or as Parquet into ``lake``, a folder or a URL of
    these kinds. ``lake_engine`` computes the days of a lake; Spark on ``spark_master``, with its tables in
    ``spark_folder``, which the driver and all workers see (by default it is in the state folder).
    ``alert_urls`` are addresses of Apprise, with white space between, that are told of new grave breaks.
    ``embedded_major`` and ``postgres_user`` matter to the embedded Postgres alone.
    """

    model_config = SettingsConfigDict(env_prefix="TIEOUT_", env_ignore_empty=True, extra="ignore")

    warehouse_url: SecretStr | None = None
    state_dir: Path = Field(default_factory=lambda: Path(user_state_dir("tieout")))
    landing: str = "landing"
    first_partition: date = date(2026, 1, 1)
    quiet_seconds: int | None = Field(default=None, ge=0)
    spool_bytes: int = Field(default=50 << 30, ge=1)
    usage_lane: Literal["postgres", "lake"] = "postgres"
    lake: str | None = None
    lake_engine: Literal["duckdb", "spark"] = "duckdb"
    spark_master: str = "local[2]"
    spark_folder: Path | None = None
    max_age_days: int = Field(default=400, ge=1)
    alert_urls: SecretStr | None = None
    embedded_major: Literal["16", "18"] = "18"
    postgres_user: str | None = None


def get_settings() -> Settings:
    """Read the settings anew, so that a changed environment counts at once."""
    return Settings()

"""dbt inside the test process: the project is parsed once, a run of a few models then costs less than a second.

A parsed project names its database, so the databases of these tests all have one name, one after the other.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import TEMPLATE, ScratchCluster
from warehouse.connection import dbt_environment

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
DATABASE = "dbt_scratch"


class DbtFailed(AssertionError):
    """A node did not end well; the message holds dbt's own."""


def invoke(arguments: Sequence[str], manifest: Any = None) -> Any:
    """Result of one dbt command on the warehouse of TIEOUT_WAREHOUSE_URL. Raises DbtFailed."""
    from dbt.cli.main import dbtRunner

    place = Path(tempfile.gettempdir()) / "tieout-test-dbt"
    with pytest.MonkeyPatch.context() as environment:
        for name, value in dbt_environment().items():
            environment.setenv(name, value)
        outcome = dbtRunner(manifest=manifest).invoke(
            [
                "--quiet",
                *arguments,
                f"--project-dir={PROJECT}",
                f"--profiles-dir={PROJECT}",
                f"--target-path={place / str(os.getpid())}",
                f"--log-path={place}",
            ]
        )
    if outcome.exception is not None:
        raise DbtFailed(str(outcome.exception)) from outcome.exception
    if not outcome.success:
        failed = [f"{node.node.name}: {node.message}" for node in outcome.result if node.status in ("error", "fail")]
        raise DbtFailed("\n".join(failed))
    return outcome.result


@contextlib.contextmanager
def warehouse(cluster: ScratchCluster) -> Iterator[psycopg.Connection[Any]]:
    """A fresh migrated warehouse that the process's dbt builds; gives the superuser's connection, autocommit, UTC."""
    name = sql.Identifier(DATABASE)
    cluster.administer(sql.SQL("drop database if exists {} with (force)").format(name))
    cluster.administer(
        sql.SQL("create database {} template {} strategy file_copy").format(name, sql.Identifier(TEMPLATE))
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIEOUT_WAREHOUSE_URL", cluster.url(DATABASE))
        with psycopg.connect(cluster.url(DATABASE), autocommit=True) as connection:
            connection.execute("set timezone to 'UTC'")
            yield connection


@functools.cache
def parsed() -> Any:
    """The manifest of the project."""
    return invoke(["parse", "--no-partial-parse"])


def build(command: str, *select: str, full_refresh: bool = False, variables: dict[str, str] | None = None) -> list[Any]:
    """`dbt <command> --select ...` (run, seed, test or build); the results, one a node."""
    options = ["--full-refresh"] if full_refresh else []
    if variables:
        options += ["--vars", json.dumps(variables)]
    return list(invoke([command, *options, "--select", *select], parsed()))

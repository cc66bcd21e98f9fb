"""What is there, what is wrong, and what to do about it. Looks only: starts nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from warehouse import database_checks, embedded, machine_checks
from warehouse.connection import checked_url
from warehouse.errors import WarehouseError
from warehouse.findings import Finding
from warehouse.settings import Settings, get_settings

__all__ = ["Finding", "run"]

Database = psycopg.Connection[Any]


def run(settings: Settings | None = None) -> list[Finding]:
    """Look at this machine and at the warehouse; never raises for what it finds."""
    settings = settings or get_settings()
    findings = [
        machine_checks.python(),
        machine_checks.telemetry(Path.cwd()),
        machine_checks.disk_space(settings.state_dir),
    ]
    if settings.warehouse_url is None:
        findings.extend(machine_checks.embedded_postgres(settings))
    url, problem = _reachable_url(settings)
    if problem:
        findings.append(problem)
    if url is None:
        return findings
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="tieout doctor") as connection:
            connection.execute("set statement_timeout to '30s'")
            findings.append(Finding("connection", "ok", _where(connection)))
            for check in database_checks.CHECKS:
                findings.extend(_looked(check, connection))
    except psycopg.OperationalError as error:
        findings.append(
            Finding("connection", "fail", str(error).strip(), "See that the server runs and that the URL is right.")
        )
    return findings


def _looked(check: Callable[[Database], Iterator[Finding]], connection: Database) -> list[Finding]:
    try:
        return list(check(connection))
    except psycopg.Error as error:
        return [Finding(check.__name__.replace("_", " "), "warn", f"could not be looked at: {str(error).strip()}")]


def _reachable_url(settings: Settings) -> tuple[str | None, Finding | None]:
    """URL of a warehouse that should answer now, without starting one."""
    if settings.warehouse_url is not None:
        try:
            return checked_url(settings.warehouse_url.get_secret_value()), None
        except WarehouseError as error:
            return None, Finding("connection", "fail", str(error))
    try:
        return (embedded.start(settings).url if embedded.status(settings).running else None), None
    except WarehouseError as error:
        return None, Finding("connection", "fail", str(error))


def _where(connection: Database) -> str:
    info = connection.info
    return f"{info.user} at {info.host}:{info.port}/{info.dbname}"

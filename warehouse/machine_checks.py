"""The doctor's looks at this machine: interpreter, telemetry, disk, the embedded server. They change nothing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from warehouse import embedded
from warehouse.errors import WarehouseError
from warehouse.findings import Finding
from warehouse.settings import Settings

GIB = 1024**3
PYTHONS = ((3, 11), (3, 13))
YES = ("1", "true", "yes")
NO = ("0", "false", "no")


def python() -> Finding:
    """The interpreter's version."""
    version = sys.version_info[:2]
    said = f"Python {sys.version.split()[0]}"
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Finding("python", "ok", said)
    return Finding("python", "fail", said, "Make the environment anew with Python 3.11, 3.12 or 3.13.")


def telemetry(project: Path) -> Finding:
    """Whether dbt, Dagster and Great Expectations are told not to report to anybody."""
    off = {
        "dbt": _is_off("DBT_SEND_ANONYMOUS_USAGE_STATS")
        or os.environ.get("DO_NOT_TRACK", "").lower() in YES
        or _yaml_says_off(project / "dbt_project" / "dbt_project.yml", "flags", "send_anonymous_usage_stats"),
        "Dagster": os.environ.get("DAGSTER_DISABLE_TELEMETRY", "").lower() in YES
        or _yaml_says_off(_dagster_home(project) / "dagster.yaml", "telemetry", "enabled"),
        # the release that is pinned reports nothing; the variable is for what somebody else may install
        "Great Expectations": os.environ.get("GX_ANALYTICS_ENABLED", "").lower() not in YES,
    }
    talking = [name for name, is_off in off.items() if not is_off]
    if not talking:
        return Finding("telemetry", "ok", "off for dbt, Dagster and Great Expectations")
    return Finding(
        "telemetry",
        "warn",
        f"not turned off for {', '.join(talking)}",
        "Work in the repository's folder, or set DO_NOT_TRACK=1, DAGSTER_DISABLE_TELEMETRY=1, "
        "GX_ANALYTICS_ENABLED=false.",
    )


def disk_space(place: Path) -> Finding:
    """Free space where the state is, or will be."""
    existing = next(folder for folder in [place.absolute(), *place.absolute().parents] if folder.exists())
    free = shutil.disk_usage(existing).free
    said = f"{free / GIB:.1f} GiB free at {existing}"
    remedy = "Free some space, or move TIEOUT_STATE_DIR to a larger disk."
    if free < GIB:
        return Finding("disk space", "fail", said, remedy)
    return Finding("disk space", "warn" if free < 5 * GIB else "ok", said, remedy if free < 5 * GIB else "")


def embedded_postgres(settings: Settings) -> Iterator[Finding]:
    """The embedded server, its folder and its secrets."""
    try:
        status = embedded.status(settings)
    except WarehouseError as error:
        yield Finding("embedded postgres", "fail", str(error))
        return
    if not status.created:
        yield Finding(
            "embedded postgres", "warn", "not made yet", "The first command that needs it makes it: make demo."
        )
        return
    if status.running:
        yield Finding(
            "embedded postgres",
            "ok",
            f"Postgres {status.major}, process {status.pid}, port {status.port}, {status.data}",
        )
    else:
        yield Finding(
            "embedded postgres",
            "warn",
            f"stopped; data in {status.data}",
            "The next command that needs it starts it. If it does not start, read " + str(status.log) + ".",
        )
    for secret in ("password", "reader-password"):
        path = settings.state_dir / "embedded" / secret
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("secrets", "fail", f"{path} can be read by others", f"chmod 600 {path}")
    if status.data.exists() and stat.S_IMODE(status.data.stat().st_mode) & 0o027:
        yield Finding("secrets", "fail", f"{status.data} is open to others", f"chmod 700 {status.data}")


def _is_off(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in NO


def _dagster_home(project: Path) -> Path:
    return Path(os.environ["DAGSTER_HOME"]) if os.environ.get("DAGSTER_HOME") else project


def _yaml_says_off(path: Path, section: str, key: str) -> bool:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return False
    part = content.get(section) if isinstance(content, dict) else None
    return isinstance(part, dict) and part.get(key) is False

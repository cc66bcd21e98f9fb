"""Where things stand: the project's own files, and the state folders of this installation."""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.settings import get_settings

ROOT = Path(__file__).resolve().parents[1]
DBT_PROJECT = ROOT / "dbt_project"


def dbt_target() -> Path:
    """Folder of dbt's manifest, logs and parse cache (``DBT_TARGET_PATH``, else below the state folder)."""
    chosen = os.environ.get("DBT_TARGET_PATH")
    return Path(chosen).resolve() if chosen else get_settings().state_dir.resolve() / "dbt"


def dagster_state() -> Path:
    """Folder of Dagster's runs, events, schedules and logs."""
    return get_settings().state_dir.resolve() / "dagster"


def sample_landing() -> Path:
    """Landing folder of the sample company that the demo writes."""
    return get_settings().state_dir.resolve() / "sample-landing"


def landing_place() -> str:
    """The landing folder or URL: the one that is set, else ``./landing``, else the sample company's if only that is."""
    landing = get_settings().landing
    if "://" in landing:
        return landing
    unset = "TIEOUT_LANDING" not in os.environ
    folder = Path(landing)
    return str(sample_landing() if unset and not folder.is_dir() and sample_landing().is_dir() else folder.resolve())


def dagster_environment() -> dict[str, str]:
    """What every Dagster process needs to find ``dagster.yaml`` and the state, and to phone nobody."""
    return {
        "DAGSTER_HOME": str(ROOT),
        "TIEOUT_DAGSTER_STATE": str(dagster_state()),
        "TIEOUT_STATE_DIR": str(get_settings().state_dir.resolve()),
        "TIEOUT_LANDING": landing_place(),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_DG_UPDATE_CHECK_ENABLED": "0",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }

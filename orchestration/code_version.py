"""Which code made something: the release, and the commit where the project stands in a git checkout."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from orchestration.paths import ROOT


@cache
def code_version() -> str:
    """For example ``0.1.0+1d1f630``."""
    try:
        release = version("tieout")
    except PackageNotFoundError:
        release = "unreleased"
    try:
        commit = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return release
    return f"{release}+{commit}"

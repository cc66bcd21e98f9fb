"""Settings of the sessions in which dbt works, so that a session of ours reads the same SQL in the same way."""

from __future__ import annotations

import os
from collections.abc import Mapping

import yaml
from jinja2 import Environment

from orchestration.paths import DBT_PROJECT


def settings(target: str, key: str, variables: Mapping[str, str]) -> dict[str, str]:
    """What stands under ``key`` of a target of dbt's profile, with the environment and these variables in it."""
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    # SQL settings, not HTML: escaping would change them
    environment = Environment(autoescape=False)  # noqa: S701
    environment.globals["env_var"] = {**os.environ, **variables}.get
    found = profile["tieout"]["outputs"][target][key]
    return {name: environment.from_string(str(value)).render() for name, value in found.items()}

"""Every control is an asset with a check that says whether it is within its materiality."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.models import CONTROLS
from orchestration.definitions import defs


def test_every_control_has_a_check_by_materiality():
    checks = defs.get_repository_def().asset_graph.asset_check_keys
    assert {dg.AssetCheckKey(key, "within_materiality") for key in CONTROLS.values()} <= set(checks)
    assert len(CONTROLS) > 30
    assert all(model.startswith("recon_") for model in CONTROLS)

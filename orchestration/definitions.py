"""The single entry of Dagster: everything it knows of this project."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.bank import bank
from orchestration.assets.books import closed_month, journal, reproduced_month
from orchestration.assets.catalog import catalog
from orchestration.assets.close_package import close_package
from orchestration.assets.close_summary import close_summary
from orchestration.assets.control_plane import control_plane
from orchestration.assets.crm import crm
from orchestration.assets.erp import erp
from orchestration.assets.fx import fx
from orchestration.assets.models import dbt_models
from orchestration.assets.stripe import stripe
from orchestration.assets.tax import tax
from orchestration.assets.usage import usage
from orchestration.checks import CHECKS
from orchestration.jobs import JOBS
from orchestration.resources import LandingFolder
from orchestration.schedules import SCHEDULES
from orchestration.sensors import SENSORS

RAW = [usage, control_plane, catalog, stripe, crm, erp, bank, tax, fx]

defs = dg.Definitions(
    assets=[*RAW, dbt_models, close_summary, journal, closed_month, reproduced_month, close_package],
    asset_checks=CHECKS,
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=SENSORS,
    resources={"landing_folder": LandingFolder()},
    # one process a run: a step of its own costs seconds of start each, and the pools hold all the same
    executor=dg.in_process_executor,
)

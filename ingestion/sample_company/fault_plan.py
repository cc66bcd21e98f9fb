"""Placeholder until the plan is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ingestion.sample_company.cash import Cash
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.usage import UsageFaults, UsageOutcome
from ingestion.sample_company.write_bank import Statement
from ingestion.sample_company.write_control_totals import ManifestFaults


class FaultPlan:
    """Nothing wrong anywhere."""

    def __init__(self, seed: int, facts: Facts, *, enabled: bool) -> None:
        self.usage = UsageFaults()
        self.manifests = ManifestFaults()
        self.seats: dict[str, list[tuple[datetime, int]]] = {}

    def before_usage(self) -> None: ...

    def after_usage(self, usage: UsageOutcome) -> None: ...

    def after_billing(self, subscriptions: list[Invoice], contracts: list[Invoice]) -> None: ...

    def after_paying(self, subscriptions: list[Invoice], contracts: list[Invoice], cash: Cash) -> None: ...

    def before_payouts(self, cash: Cash) -> frozenset[str]:
        return frozenset()

    def after_payouts(self, cash: Cash) -> None: ...

    def after_banking(self, cash: Cash) -> None: ...

    def control_plane(self) -> None: ...

    def truth(self, contracts: list[Invoice], statements: list[Statement]) -> list[dict[str, Any]]:
        return []

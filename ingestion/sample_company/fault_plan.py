"""The fault plan: which mistakes the world contains, planted stage by stage, and the truth about them.

One root cause is one break: a wrong line is paid as billed, a short payment is paid out as received, a payout's wrong
amount is what the bank books. Decoys are unusual and right; a control that raises one is wrong.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from ingestion.sample_company.cash import Cash
from ingestion.sample_company.decoys_billing import billing_decoys
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.faults_access import AccessFaults
from ingestion.sample_company.faults_cash import PayoutFaults, choose_payments, payment_labels
from ingestion.sample_company.faults_erp_lines import ErpLineFaults
from ingestion.sample_company.faults_stripe_lines import StripeLineFaults
from ingestion.sample_company.faults_usage import manifest_faults, usage_faults, usage_labels
from ingestion.sample_company.labels import Label
from ingestion.sample_company.usage import Book, UsageFaults, UsageOutcome
from ingestion.sample_company.write_bank import Statement
from ingestion.sample_company.write_control_totals import ManifestFaults


class FaultPlan:
    """Called by the world between its stages. Disabled, it changes nothing and knows no truth."""

    def __init__(self, seed: int, facts: Facts, *, enabled: bool) -> None:
        self.usage = usage_faults() if enabled else UsageFaults()
        self.manifests = manifest_faults() if enabled else ManifestFaults()
        self._enabled = enabled
        self._seed = seed
        self._facts = facts
        self._labels: list[Label] = []
        self._access = AccessFaults(seed, facts)
        self._payouts: PayoutFaults | None = None

    def before_usage(self) -> None:
        """Customers that exist only because of a fault."""
        if self._enabled:
            self._access.add_strangers()

    def after_usage(self, usage: UsageOutcome) -> None:
        """Label what producers did."""
        if self._enabled:
            self._labels += usage_labels(usage)

    def after_billing(self, subscriptions: list[Invoice], contracts: list[Invoice]) -> None:
        """Change lines, and decide how some invoices will be paid."""
        if self._enabled:
            stripe = StripeLineFaults(self._seed, self._facts, subscriptions)
            stripe.plant()
            erp = ErpLineFaults(contracts)
            erp.plant()
            self._labels += stripe.labels + erp.labels
            choose_payments(subscriptions, contracts)

    def after_paying(self, subscriptions: list[Invoice], contracts: list[Invoice], book: Book) -> None:
        """Label how invoices were paid."""
        if self._enabled:
            self._labels += chain(payment_labels(subscriptions + contracts), billing_decoys(subscriptions, book))

    def before_payouts(self, cash: Cash) -> frozenset[str]:
        """Bookings that will be left out of every payout."""
        if not self._enabled:
            return frozenset()
        self._payouts = PayoutFaults(self._seed, cash)
        return self._payouts.hold_back()

    def after_payouts(self) -> None:
        """Change payouts before they reach the bank."""
        if self._payouts is not None:
            self._payouts.plant()

    def after_banking(self) -> None:
        """Change what the bank booked."""
        if self._payouts is not None:
            self._payouts.bank()

    def control_plane(self) -> None:
        """Change what the control plane says of accounts."""
        if self._enabled:
            self._access.change_control_plane()

    def truth(self, statements: list[Statement]) -> list[dict[str, Any]]:
        """Every label with its id, in order of control, class and key."""
        labels = self._labels + self._access.labels
        if self._payouts is not None:
            labels += chain(self._payouts.labels, self._payouts.stray_labels(statements), self._payouts.decoys())
        rows = [label.row("") for label in labels]
        rows.sort(key=lambda row: (row["kind"] == "decoy", row["control_expected"], row["class"], row["key"]))
        counters: dict[str, int] = {}
        for row in rows:
            stem = f"{row['kind']}-{row['control_expected']}-{row['class']}".lower()
            counters[stem] = counters.get(stem, 0) + 1
            row["fault_id"] = f"{stem}-{counters[stem]}"
        return rows

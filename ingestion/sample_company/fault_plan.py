"""The fault plan: which mistakes the world contains, planted stage by stage, and the truth about them.

One root cause is one break: a wrong line is paid as billed, a short payment is paid out as received, a payout's wrong
amount is what the bank books. Decoys are unusual and right; a control that raises one is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

from ingestion.sample_company.cash import Cash
from ingestion.sample_company.decoys_billing import billing_decoys
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.faults_access import AccessFaults
from ingestion.sample_company.faults_cash import PayoutFaults, choose_few_payments, choose_payments, payment_labels
from ingestion.sample_company.faults_erp_lines import ErpLineFaults
from ingestion.sample_company.faults_stripe_lines import StripeLineFaults
from ingestion.sample_company.faults_tax import TaxFaults
from ingestion.sample_company.faults_usage import manifest_faults, usage_faults, usage_labels
from ingestion.sample_company.labels import Faults, Label
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.usage import Book, UsageOutcome
from ingestion.sample_company.write_bank import Statement


class FaultPlan:
    """Called by the world between its stages. With faults "none" it changes nothing and knows no truth."""

    def __init__(self, seed: int, facts: Facts, faults: Faults) -> None:
        self.usage = usage_faults(faults)
        self.manifests = manifest_faults(faults)
        self._faults = faults
        self._seed = seed
        self._facts = facts
        self._labels: list[Label] = []
        self._access = AccessFaults(seed, facts)
        self._payouts: PayoutFaults | None = None
        self._subscriptions: list[Invoice] = []

    def before_usage(self) -> None:
        """Customers that exist only because of a fault."""
        if self._faults == "all":
            self._access.add_strangers()

    def _consequences(self, label: Label) -> Label:
        """A customer whom the control plane does not know is linked to nothing, and its tax to no country."""
        if label.break_class != "SUB_NO_ACCOUNT":
            return label
        lines = [
            ("T1", identifier(self._seed, "il_1Q", 20, invoice.invoice_id, number))
            for invoice in self._subscriptions
            if invoice.subscription is not None and invoice.subscription.subscription_id == label.key
            for number in range(len(invoice.lines))
        ]
        customer = next(
            s.account.stripe_customer_id for s in self._facts.subscriptions if s.subscription_id == label.key
        )
        return replace(label, also=(("M1", f"stripe|{customer}"), ("M1", f"erp|{customer}"), *lines))

    def after_usage(self, usage: UsageOutcome) -> None:
        """Label what producers did."""
        if self._faults != "none":
            self._labels += usage_labels(usage, self.usage, self.manifests)

    def after_billing(self, subscriptions: list[Invoice], contracts: list[Invoice]) -> None:
        """Change lines, and decide how some invoices will be paid."""
        self._subscriptions = subscriptions
        stripe = StripeLineFaults(self._seed, self._facts, subscriptions)
        erp = ErpLineFaults(contracts)
        tax = TaxFaults(self._seed, subscriptions)
        if self._faults == "all":
            stripe.plant()
            tax.plant()
            choose_payments(subscriptions, contracts)
            erp.plant()
        elif self._faults == "few":
            stripe.plant_few()
            erp.plant_few()
            choose_few_payments(subscriptions)
        self._labels += stripe.labels + erp.labels + tax.labels

    def after_paying(self, subscriptions: list[Invoice], contracts: list[Invoice], book: Book) -> None:
        """Label how invoices were paid."""
        if self._faults != "none":
            self._labels += chain(payment_labels(subscriptions + contracts), billing_decoys(subscriptions, book))

    def before_payouts(self, cash: Cash) -> frozenset[str]:
        """Bookings that will be left out of every payout."""
        if self._faults != "none":
            self._payouts = PayoutFaults(self._seed, cash)
        if self._payouts is None or self._faults == "few":
            return frozenset()
        return self._payouts.hold_back()

    def after_payouts(self) -> None:
        """Change payouts before they reach the bank."""
        if self._payouts is not None and self._faults == "all":
            self._payouts.plant()
        elif self._payouts is not None:
            self._payouts.plant_few()

    def after_banking(self) -> None:
        """Change what the bank booked."""
        if self._payouts is not None:
            self._payouts.bank()

    def control_plane(self) -> None:
        """Change what the control plane says of accounts."""
        if self._faults == "all":
            self._access.change_control_plane()
        elif self._faults == "few":
            self._access.plant_few()

    def truth(self, statements: list[Statement]) -> list[dict[str, Any]]:
        """Every label with its id, in order of control, class and key."""
        labels = self._labels + [self._consequences(label) for label in self._access.labels]
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

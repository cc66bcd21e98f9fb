"""The fault plan of the raw files: faults that the generator of the sample company does not know of.

Records are changed, dropped and added in the files as the systems delivered them, three of each class in several sizes
and currencies. One root cause is one fault; where other controls see it too, its label says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.recon.extracts import Extracts
from bench.recon.faults_bank import plant_bank_faults
from bench.recon.faults_books import (
    plant_booked_order_faults,
    plant_clearing_faults,
    plant_document_rate_faults,
    plant_receivable_faults,
    plant_record_faults,
    plant_tax_posting_faults,
)
from bench.recon.faults_compound import plant_hidden_price, plant_offsetting_charges, plant_short_refund_faults
from bench.recon.faults_coverage import (
    plant_late_reading_faults,
    plant_replay_faults,
    plant_resent_faults,
    plant_uncovered_faults,
)
from bench.recon.faults_documents import (
    plant_invoice_faults,
    plant_mirror_faults,
    plant_number_faults,
    plant_purchase_order_faults,
)
from bench.recon.faults_lines import (
    plant_currency_faults,
    plant_erp_line_faults,
    plant_invoice_document_faults,
    plant_jurisdiction_faults,
    plant_stripe_line_faults,
    plant_wrong_customer_faults,
)
from bench.recon.faults_master import (
    plant_customer_faults,
    plant_price_record_faults,
    plant_quote_difference_faults,
    plant_unrated_faults,
)
from bench.recon.faults_money import plant_charge_faults, plant_return_faults
from bench.recon.faults_orders import plant_order_faults, plant_order_term_faults, plant_quote_faults
from bench.recon.faults_payments import (
    plant_application_faults,
    plant_balance_faults,
    plant_conversion_faults,
    plant_dispute_faults,
    plant_member_faults,
    plant_nameless_faults,
    plant_note_faults,
    plant_unapplied_faults,
)
from bench.recon.faults_reference import plant_catalogue_faults, plant_item_faults, plant_rate_faults
from bench.recon.faults_usage import plant_meter_faults
from bench.recon.planter import Planter
from ingestion.sample_company.labels import Faults

Plant = Callable[[Planter], None]
# Into a world that has the sample company's own faults already. The rarest victims first.
BESIDE_THE_SAMPLES: tuple[Plant, ...] = (
    plant_purchase_order_faults,
    plant_hidden_price,
    plant_return_faults,
    plant_charge_faults,
    plant_offsetting_charges,
    plant_mirror_faults,
    plant_invoice_faults,
    plant_number_faults,
    plant_order_faults,
    plant_order_term_faults,
    plant_quote_faults,
    plant_catalogue_faults,
    plant_item_faults,
    plant_rate_faults,
    plant_meter_faults,
)
# Into a clean world, which has more records that nothing was done to.
ALONE: tuple[Plant, ...] = (
    plant_wrong_customer_faults,
    plant_note_faults,
    plant_dispute_faults,
    plant_member_faults,
    plant_nameless_faults,
    plant_conversion_faults,
    plant_short_refund_faults,
    plant_application_faults,
    plant_unapplied_faults,
    plant_currency_faults,
    plant_stripe_line_faults,
    plant_jurisdiction_faults,
    plant_invoice_document_faults,
    plant_erp_line_faults,
    plant_receivable_faults,
    plant_clearing_faults,
    plant_tax_posting_faults,
    plant_document_rate_faults,
    plant_record_faults,
    plant_booked_order_faults,
    plant_quote_difference_faults,
    plant_customer_faults,
    plant_price_record_faults,
    plant_unrated_faults,
    plant_balance_faults,
    plant_bank_faults,
    plant_late_reading_faults,
    plant_resent_faults,
    plant_uncovered_faults,
    plant_replay_faults,
)


@dataclass(frozen=True)
class Plan:
    """One faulty world a seed: the faults of the sample company that it has, and what is planted into its files."""

    name: str
    faults: Faults
    plants: tuple[Plant, ...]


PLANS = (Plan("faults of the sample company and others", "all", BESIDE_THE_SAMPLES), Plan("others", "none", ALONE))


def plant(landing: Path, seed: int, plants: tuple[Plant, ...]) -> None:
    """Plant these faults into the landed files of a world, beside those that its truth has already."""
    planter = Planter(Extracts(landing), seed)
    for one in plants:
        one(planter)
    planter.save()

"""The fault plan of the raw files: faults that the generator of the sample company does not know of.

Records are changed, dropped and added in the files as the systems delivered them, three of each class in several sizes
and currencies. One root cause is one fault; where other controls see it too, its label says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.recon.extracts import Extracts
from bench.recon.faults_compound import plant_hidden_price, plant_offsetting_charges
from bench.recon.faults_documents import (
    plant_invoice_faults,
    plant_mirror_faults,
    plant_number_faults,
    plant_purchase_order_faults,
)
from bench.recon.faults_money import plant_charge_faults, plant_return_faults
from bench.recon.faults_orders import plant_order_faults, plant_order_term_faults, plant_quote_faults
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
ALONE: tuple[Plant, ...] = ()


@dataclass(frozen=True)
class Plan:
    """One faulty world a seed: the faults of the sample company that it has, and what is planted into its files."""

    name: str
    faults: Faults
    plants: tuple[Plant, ...]


PLANS = (Plan("faults of the sample company and others", "all", BESIDE_THE_SAMPLES), Plan("others", "none", ALONE))


def plant(landing: Path, seed: int, plants: tuple[Plant, ...] = BESIDE_THE_SAMPLES) -> None:
    """Plant every fault into the landed files of a world, beside those that its truth has already."""
    planter = Planter(Extracts(landing), seed)
    for one in plants:
        one(planter)
    planter.save()

"""The fault plan of the raw files: faults that the generator of the sample company does not know of.

Records are changed, dropped and added in the files as the systems delivered them, three of each class in several sizes
and currencies. One root cause is one fault; where other controls see it too, its label says so.
"""

from __future__ import annotations

from collections.abc import Callable
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

# The rarest victims first.
PLANTS: tuple[Callable[[Planter], None], ...] = (
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


def plant(landing: Path, seed: int) -> None:
    """Plant every fault into the landed files of a world, beside those that its truth has already."""
    planter = Planter(Extracts(landing), seed)
    for one in PLANTS:
        one(planter)
    planter.save()

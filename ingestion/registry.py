"""Every object that may land, by system and folder name. The rules of each stand with its system, in ``sources``."""

from __future__ import annotations

from ingestion.objects import ObjectSpec
from ingestion.sources import bank, catalog, control_plane, crm, erp, fx, stripe, tax, usage

OBJECTS: dict[tuple[str, str], ObjectSpec] = {
    (spec.system, spec.name): spec
    for system in (usage, control_plane, catalog, stripe, crm, erp, bank, tax, fx)
    for spec in system.OBJECTS
}
SYSTEMS = tuple(dict.fromkeys(system for system, _ in OBJECTS))

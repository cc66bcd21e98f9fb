"""The published price list: reviewed YAML files, which `ingestion.formats.catalogue` validates entry by entry."""

from __future__ import annotations

from ingestion.objects import ObjectSpec

IDENTITIES = {
    "plans": ("plan_code", "valid_from"),
    "prices": ("price_code",),
    "meters": ("meter_code",),
    "conventions": ("billing_system", "valid_from"),
    "policies": ("policy", "valid_from"),
}
OBJECTS = tuple(
    ObjectSpec("catalog", name, f"catalog__{name}", ("yaml", "yml"), identity) for name, identity in IDENTITIES.items()
)

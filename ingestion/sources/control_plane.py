"""The control plane: who the customers are, what they may use, and what is switched on for them. Files alone."""

from __future__ import annotations

from typing import Any

from ingestion.objects import JSON_FORMATS, ObjectSpec, decimal_text, zone_text
from ingestion.timestamps import rfc3339


def _object(name: str, identity: tuple[str, ...], **rules: Any) -> ObjectSpec:
    return ObjectSpec("control_plane", name, f"control_plane__{name}", JSON_FORMATS, identity, **rules)


OBJECTS = (
    _object(
        "accounts",
        ("account_id",),
        required=("created_at", "status", "timezone", "updated_at"),
        casts=(("created_at", rfc3339), ("timezone", zone_text)),
        updated_at="updated_at",
        clock=rfc3339,
    ),
    _object("entitlements", ("account_id", "feature_code", "valid_from"), casts=(("quantity", decimal_text),)),
    _object("provisioning", ("account_id", "resource", "at"), required=("state",), casts=(("at", rfc3339),)),
)

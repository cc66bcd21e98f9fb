"""The currencies of ISO 4217 and their decimals, from the one table that the models use too."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds" / "currencies.csv"


@cache
def exponents() -> dict[str, int]:
    """Decimals of the minor unit, by lower-case code."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["currency"]: int(row["exponent"]) for row in csv.DictReader(file)}

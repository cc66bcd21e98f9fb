"""The rating macros of the dbt project as Python callables that return SQL: one statement runs over any case.

The files are the ones that the models use; only dbt's dispatch is replaced: Postgres' body, else the default one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.dbt.model_queries import compiled_macros

FOLDERS = ("engine", "rating")
PRICES_OF_CASES = "conformance_prices.sql"


@cache
def rating_macros() -> Any:
    """A namespace of all macros: ``rating_macros().round_as("2.5", "0", "mode")`` is a SQL expression."""
    _, macros = compiled_macros(FOLDERS, [PRICES_OF_CASES], {"source": "{}.{}".format})
    return macros

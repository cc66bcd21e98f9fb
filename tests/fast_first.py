"""Pytest plugin: marks tests by the folder they stand in and runs the fast ones first.

`tests/unit` is `unit`; `tests/e2e`, `tests/real_input` and `tests/faults` are `e2e`; everything else uses a scratch
Postgres and is `warehouse`. A marker set on the test itself wins.
"""

from pathlib import Path

import pytest

ORDER = ("unit", "warehouse", "e2e")
FOLDERS = {"unit": "unit", "e2e": "e2e", "real_input": "e2e", "faults": "e2e"}


def speed(item: pytest.Item) -> str:
    for name in ORDER:
        if item.get_closest_marker(name):
            return name
    parts = Path(item.path).relative_to(item.config.rootpath).parts
    return FOLDERS.get(parts[1] if len(parts) > 1 else "", "warehouse")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(speed(item))
    items.sort(key=lambda item: ORDER.index(speed(item)))

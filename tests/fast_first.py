"""Pytest plugin: marks tests by their folder, runs the fast ones first, and keeps together what shares state.

`tests/unit` is `unit`; `tests/e2e`, `real_input` and `conformance` are `e2e`; everything else uses a scratch
Postgres and is `warehouse`. A marker set on the test itself wins. A file's tests share a worker, as they share
its module-scoped warehouse; the tests that read the built sample share one, so that it is built once.
"""

from pathlib import Path

import pytest

ORDER = ("unit", "warehouse", "e2e")
FOLDERS = {"unit": "unit", "e2e": "e2e", "real_input": "e2e", "conformance": "e2e"}
BUILT_SAMPLE = "built_sample"


def speed(item: pytest.Item) -> str:
    """Which of the three kinds of test this is."""
    for name in ORDER:
        if item.get_closest_marker(name):
            return name
    if BUILT_SAMPLE in getattr(item, "fixturenames", ()):
        return "e2e"
    parts = Path(item.path).relative_to(item.config.rootpath).parts
    return FOLDERS.get(parts[1] if len(parts) > 1 else "", "warehouse")


def group(item: pytest.Item) -> str:
    """Which tests have to run on the same worker as this one."""
    if BUILT_SAMPLE in getattr(item, "fixturenames", ()):
        return BUILT_SAMPLE
    return item.path.relative_to(item.config.rootpath).as_posix()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark, group and sort what was collected."""
    for item in items:
        item.add_marker(speed(item))
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=lambda item: ORDER.index(speed(item)))

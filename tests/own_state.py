"""Pytest plugin: every test worker has a state folder of its own, so that no test touches the user's."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """TIEOUT_STATE_DIR for the whole run; dbt's parsed project is kept there, so it is parsed once a worker."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIEOUT_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield

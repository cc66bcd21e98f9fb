"""Pytest plugin: `built_sample`, a warehouse in which the sample company was landed and built once for the whole run.

Tests only read it; `copy_of_sample` is for those that write. tests/fast_first.py sends all of them to one worker, so
that it is built once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

SEED, SCALE, MONTHS = 7, 1, 3


@dataclass(frozen=True)
class BuiltSample:
    """Where the warehouse is (superuser's URL), the landing folder it was loaded from, and what is wrong in it."""

    url: str
    landing: Path
    truth: Path


@pytest.fixture(scope="session")
def built_sample(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltSample]:
    """The sample company, landed and built."""
    from ingestion import sample_company
    from ingestion.landing import load_landing
    from orchestration.build import build
    from tests.conftest import TEMPLATE

    landing = tmp_path_factory.mktemp("sample")
    sample_company.write(SEED, SCALE, MONTHS, landing)
    with cluster.database(TEMPLATE) as url:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("TIEOUT_WAREHOUSE_URL", url)
            load_landing(landing)
            build(holder="tests")
        yield BuiltSample(url, landing, landing / "truth.jsonl")


@pytest.fixture
def copy_of_sample(built_sample: BuiltSample, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A warehouse of its own that holds what the built sample holds; its URL, also set as TIEOUT_WAREHOUSE_URL."""
    with cluster.database(psycopg.conninfo.conninfo_to_dict(built_sample.url)["dbname"]) as url:
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", url)
        yield url

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion import sample_company
from ingestion.sample_company import Summary

SEED, SCALE, MONTHS = 7, 1, 3


@dataclass(frozen=True)
class Sample:
    """A written world and readers of its files."""

    folder: Path
    summary: Summary

    def files(self, system: str, name: str) -> list[Path]:
        return [
            path
            for path in sorted((self.folder / system / name).rglob("*"))
            if path.is_file() and not path.name.endswith(".manifest.json") and path.name != "_SUCCESS"
        ]

    def json_lines(self, system: str, name: str) -> Iterator[dict[str, Any]]:
        """Objects in the order of delivery."""
        for path in self.files(system, name):
            content = path.read_bytes()
            text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
            for line in text.splitlines():
                yield json.loads(line, parse_float=Decimal)

    def latest(self, system: str, name: str, key: str = "id") -> dict[str, dict[str, Any]]:
        """The last delivered state of every object."""
        return {row[key]: row for row in self.json_lines(system, name)}

    @property
    def truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "truth.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def clean(tmp_path_factory) -> Sample:
    folder = tmp_path_factory.mktemp("clean")
    return Sample(folder, sample_company.write(SEED, SCALE, MONTHS, folder, faults="none"))


@pytest.fixture(scope="session")
def faulty(tmp_path_factory) -> Sample:
    folder = tmp_path_factory.mktemp("faulty")
    return Sample(folder, sample_company.write(SEED, SCALE, MONTHS, folder))


@pytest.fixture(params=["clean", "faulty"])
def world(request) -> Sample:
    """Both worlds: a planted mistake is still arithmetic."""
    sample: Sample = request.getfixturevalue(request.param)
    return sample

"""How long `tieout conformance rating` takes, dbt's start and the reading of the project included."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import measure
from bench.scratch import Database
from orchestration import conformance

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "conformance"
SOME_CASES = 500
MOST_SECONDS = 120


@dataclass(frozen=True)
class Run:
    """Seconds of one run over so many cases, all of which must pass."""

    what: str
    cases: int
    seconds: float

    def missed(self) -> list[str]:
        """What is not reached, in sentences; every 500 cases may take two minutes."""
        most = MOST_SECONDS * max(self.cases / SOME_CASES, 1)
        return [] if self.seconds < most else [f"{self.cases} worked cases take {self.seconds:.0f} s"]

    def line(self) -> str:
        """A row of the page's table."""
        return f"| {self.what} | {self.cases:,} | {self.seconds:.1f} |"


def measured(database: Database) -> Iterator[Run]:
    """Five hundred cases of every operation in turn, with a project to be parsed, and then all there are."""
    lines = [
        line
        for file in [FOLDER / "rating" / "published_cases.jsonl", *sorted(FOLDER.glob("own_cases_*.jsonl"))]
        for line in file.read_text("utf-8").splitlines()
        if line.strip()
    ]
    with database("bench_cases"), tempfile.TemporaryDirectory(prefix="tieout-bench-cases-") as place:
        yield _run(Path(place), "the first run: dbt reads the project", _of_every_operation(lines))
        yield _run(Path(place), "every published case and every one of ours", lines)


def page(found: list[Run]) -> list[str]:
    """Lines of the page."""
    return [
        "| worked cases | cases | s |",
        "|---|---:|---:|",
        *(one.line() for one in found),
        "",
        f"Any {SOME_CASES} cases may take {MOST_SECONDS} s; all of these pass.",
    ]


def _of_every_operation(lines: list[str]) -> list[str]:
    """So many cases that every operation is among them, as many of each as there are until the number is full."""
    by_operation: dict[str, list[str]] = {}
    for line in lines:
        by_operation.setdefault(json.loads(line)["op"], []).append(line)
    ranked = sorted((rank, line) for some in by_operation.values() for rank, line in enumerate(some))
    return [line for _, line in ranked[:SOME_CASES]]


def _run(place: Path, what: str, lines: list[str]) -> Run:
    file = place / "cases.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    results: list[conformance.CaseResult] = []
    taken = measure.seconds(lambda: results.extend(conformance.run(file)))
    failed = [result.id for result in results if result.status != "passed"]
    if failed or len(results) != len(lines):
        raise RuntimeError(f"{len(failed)} of {len(results)} worked cases did not pass: {', '.join(failed[:5])}")
    return Run(what, len(results), taken)

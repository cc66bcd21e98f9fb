"""``python -m orchestration.engines``: the gate, see orchestration/engines/gate.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from orchestration.engines import duckdb, spark
from orchestration.engines.chain import ChainError
from orchestration.engines.digests import FloatFound
from orchestration.engines.gate import Engine, gate
from orchestration.engines.inputs import InputRefused
from orchestration.engines.postgres import RelationMissing

ENGINES: dict[str, Callable[[Path], AbstractContextManager[Engine]]] = {
    "duckdb": duckdb.opened,
    "spark": spark.opened,
    "spark_thrift": spark.opened_behind_thrift,
}
# The Thrift server is another way to the same engine.
USUAL = ("duckdb", "spark")


def main() -> int:
    """Run the gate and print what it found.

    An engine that this machine cannot run is left out, and said to be, unless it was asked for by its name.
    """
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.engines", description="The same cents on every engine."
    )
    parser.add_argument(
        "--engine", action="append", choices=sorted(ENGINES), help="an engine; by default duckdb and spark"
    )
    parser.add_argument("--folder", type=Path, default=Path("build/engines"), help="where engines keep their data")
    parser.add_argument("--sample", action="store_true", help="build the sample company on Postgres first")
    chosen = parser.parse_args()
    folder: Path = chosen.folder.resolve()
    if chosen.sample:
        build_sample()
    is_equal = True
    for name in dict.fromkeys(chosen.engine or USUAL):
        try:
            [outcome] = gate([ENGINES[name](folder / name)], folder)
        except spark.SparkMissing as missing:
            told(f"{name} was left out. {missing}")
            is_equal = is_equal and not chosen.engine
        except (ChainError, FloatFound, InputRefused, RelationMissing, spark.SparkFailed) as error:
            told(str(error))
            is_equal = False
        else:
            told(*outcome.lines())
            is_equal = is_equal and outcome.equal
    return 0 if is_equal else 1


def told(*lines: str) -> None:
    """Say lines at once, whatever stands between this process and its reader."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def build_sample() -> None:
    """The sample company on Postgres, as `tieout demo` has it: what is loaded and built already stays."""
    from ingestion import sample_company
    from ingestion.landing import load_landing
    from orchestration.build import build
    from orchestration.commands.demo import MONTHS, SCALE, SEED
    from orchestration.paths import sample_landing
    from warehouse.connection import ensure_started
    from warehouse.migrate import migrate

    told("Building the sample company on Postgres (a few minutes)")
    ensure_started()
    migrate()
    sample_company.write(SEED, SCALE, MONTHS, sample_landing())
    load_landing(sample_landing())
    build(holder="engines", tests=False)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m orchestration.engines``: the gate, see orchestration/engines/gate.py."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestration.engines import duckdb
from orchestration.engines.chain import ChainError
from orchestration.engines.digests import FloatFound
from orchestration.engines.gate import gate
from orchestration.engines.inputs import InputRefused
from orchestration.engines.postgres import RelationMissing

ENGINES = {"duckdb": duckdb.opened}


def main() -> int:
    """Run the gate and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.engines", description="The same cents on every engine.")
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES), help="an engine; all by default")
    parser.add_argument("--folder", type=Path, default=Path("build/engines"), help="where engines keep their data")
    chosen = parser.parse_args()
    folder: Path = chosen.folder.resolve()
    names = list(dict.fromkeys(chosen.engine or sorted(ENGINES)))
    try:
        outcomes = gate([ENGINES[name](folder / name) for name in names], folder)
    except (ChainError, FloatFound, InputRefused, RelationMissing) as error:
        print(error, file=sys.stderr)
        return 1
    for outcome in outcomes:
        print("\n".join(outcome.lines()))
    return 0 if all(outcome.equal for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

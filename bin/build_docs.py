"""Writes the models' documentation as one page that needs no server: docs/site/index.html.

dbt describes every model, column, test and source as they stand in the warehouse, so it has to be built before. The
page holds its own data; it is opened straight from the disk.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from orchestration import dbt_process

SITE = Path(__file__).resolve().parent.parent / "docs" / "site"


def main() -> int:
    # A target folder of its own: generating the docs would overwrite the results of the last build.
    with tempfile.TemporaryDirectory(prefix="tieout-docs-") as target:
        outcome = dbt_process.run(["docs", "generate", "--static", "--target-path", target])
        if not outcome.succeeded:
            print("\n".join(outcome.failures), file=sys.stderr)
            print("The models could not be described. Are they built?  tieout build", file=sys.stderr)
            return 1
        SITE.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(target) / "static_index.html", SITE / "index.html")
    print(f"Written: {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

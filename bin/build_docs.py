"""Writes the models' documentation as one page that needs no server: docs/site/index.html.

dbt describes every model, column, test and exposure in the warehouse that the environment names. The page holds its own
data; it is opened straight from the disk.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "docs" / "site"


def main() -> int:
    from dbt.cli.main import dbtRunner

    from warehouse.connection import dbt_environment, ensure_started

    ensure_started()
    os.environ |= dbt_environment()
    project = str(ROOT / "dbt_project")
    with tempfile.TemporaryDirectory(prefix="tieout-docs-") as target:
        # A target folder of its own: generating the docs would overwrite the results of the last build.
        options = ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--quiet"]
        result = dbtRunner().invoke(["docs", "generate", "--static", *options])
        if not result.success:
            print(f"dbt could not describe the models: {result.exception}", file=sys.stderr)
            return 1
        SITE.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(target) / "static_index.html", SITE / "index.html")
    print(f"Written: {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

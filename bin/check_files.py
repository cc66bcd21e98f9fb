"""Looks through every tracked file for what no file of this repository may say.

* an index host or an index option: packages come from whatever mirror the reader's pip is set to;
* a path of one machine: a home folder, a work tree;
* a secret: live keys, private keys, access tokens.

Prints `file:line: what` for each and exits 1. A line that has to say such a thing ends in `allowed: <reason>`.
"""

import re
import subprocess
import sys
from pathlib import Path

RULES = {
    "an index host": re.compile(r"(?i)--(extra-)?index-url|--find-links|https?://[^\s/]*pypi|pythonhosted\.org"),
    "a machine's path": re.compile(r"(?<![\w.}])/(home|Users|root|work|opt)/[\w.-]+"),
    "a secret": re.compile(
        r"(?i)\b[rs]k_live_[0-9a-z]{10,}|\bwhsec_[0-9a-z]{16,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY"
        r"|\bgh[pousr]_[0-9A-Za-z]{30,}|\bxox[abp]-[0-9A-Za-z-]{10,}"
    ),
}
ALLOWED = re.compile(r"allowed: \S+")


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := Path(name)).is_file()]


def findings(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    return [
        f"{path}:{number}: {what}"
        for number, line in enumerate(lines, start=1)
        for what, pattern in RULES.items()
        if pattern.search(line) and not ALLOWED.search(line)
    ]


def main() -> int:
    # This file has to spell the patterns out.
    found = [line for path in tracked() if path != Path("bin/check_files.py") for line in findings(path)]
    print("\n".join(found) if found else "No file names an index host, a machine's path or a secret.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

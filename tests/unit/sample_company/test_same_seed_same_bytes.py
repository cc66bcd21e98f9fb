from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from ingestion import sample_company

PRINT_DIGEST = """
import sys
from pathlib import Path
from ingestion import sample_company
sample_company.write(int(sys.argv[2]), 1, 2, Path(sys.argv[1]))
"""


def digest(folder: Path) -> str:
    """One hash of every file's name and bytes."""
    whole = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return whole.hexdigest()


def test_a_seed_gives_the_same_bytes_in_another_process_zone_and_hash_order(tmp_path):
    sample_company.write(3, 1, 2, tmp_path / "here")
    environment = os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Pacific/Apia"}
    subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST, str(tmp_path / "there"), "3"],
        env=environment, cwd=Path(__file__).parents[3], check=True,
    )  # fmt: skip
    assert digest(tmp_path / "here") == digest(tmp_path / "there")


def test_another_seed_is_another_company(tmp_path):
    sample_company.write(3, 1, 2, tmp_path / "three")
    sample_company.write(4, 1, 2, tmp_path / "four")
    assert digest(tmp_path / "three") != digest(tmp_path / "four")


def test_scale_changes_usage_and_leaves_customers_alone(tmp_path):
    small = sample_company.write(3, 1, 2, tmp_path / "small", faults="none")
    large = sample_company.write(3, 3, 2, tmp_path / "large", faults="none")
    assert large.accounts == small.accounts
    assert large.invoices == small.invoices
    assert large.events > 2 * small.events

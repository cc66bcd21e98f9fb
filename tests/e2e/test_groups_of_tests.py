"""Tests of one file share a worker, so that what they share is made once, and the fast ones run first."""

import subprocess
import sys

import pytest

FILE = """
import os
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_names_its_worker(number):
    with open(os.environ["SEEN"], "a", encoding="utf-8") as seen:
        seen.write(f"{{__file__}} {{os.environ['PYTEST_XDIST_WORKER']}}\\n")
"""


@pytest.fixture
def seen(request, tmp_path, monkeypatch):
    """File and worker of every test of a small suite, run as ours is, by two workers."""
    root = request.config.rootpath
    # more tests in the slow files, because xdist would send the larger groups first
    for kind, tests in (("unit", 4), ("e2e", 8)):
        (tmp_path / "tests" / kind).mkdir(parents=True)
        for name in ("test_one.py", "test_two.py"):
            (tmp_path / "tests" / kind / name).write_text(FILE.format(tests=tests), "utf-8")
    (tmp_path / "pyproject.toml").write_text((root / "pyproject.toml").read_text("utf-8"), "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = [line.split() for line in (tmp_path / "seen").read_text("utf-8").splitlines()]
    assert len(lines) == 24
    return lines


def test_the_tests_of_a_file_run_on_one_worker_and_the_fast_files_first(seen):
    assert len({tuple(one) for one in seen}) == 4, "a file and its worker, for each of four files"
    for worker in {worker for _, worker in seen}:
        fast = ["/unit/" in file for file, its in seen if its == worker]
        assert fast == sorted(fast, reverse=True), worker

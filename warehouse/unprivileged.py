"""Who runs Postgres. Postgres refuses to run as root, so root hands it to an existing user without rights.

No directory of anybody is opened for that user: where it cannot go, the files are put somewhere else.
"""

from __future__ import annotations

import os
import pwd
import stat
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

    def popen_arguments(self) -> dict[str, object]:
        """Arguments of subprocess that make the child this user, with no group besides its own."""
        if self.is_self:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(wanted: str | None = None) -> Account:
    """The current user; for root, ``wanted``, else ``postgres``, else ``nobody``.

    Raises EmbeddedError when root has no such user to hand the server to.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), pwd.getpwuid(os.geteuid()).pw_name)
    for name in [wanted] if wanted else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise EmbeddedError(
        f"Postgres does not run as root, and there is no user {wanted or ' or '.join(CANDIDATES)} to run it. "
        "Name an existing unprivileged user in TIEOUT_POSTGRES_USER, or run tieout as a normal user."
    )


def can_reach(account: Account, path: Path) -> bool:
    """True when ``account`` may pass through every existing directory on the way to ``path``, itself included."""
    if account.is_self:
        return True
    resolved = path.resolve()
    return all(_may_search(account, part) for part in [*resolved.parents, resolved] if part.is_dir())


def _may_search(account: Account, directory: Path) -> bool:
    info = directory.stat()
    if info.st_uid == account.uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == account.gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)

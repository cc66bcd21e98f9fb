"""Root hands the server to a user without rights, and opens no folder for it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.conftest import scratch_place
from warehouse import embedded
from warehouse.binaries import Binaries, reachable, shipped
from warehouse.errors import EmbeddedError
from warehouse.settings import Settings
from warehouse.unprivileged import Account, can_reach, make_folder, owner_account, server_account

pytestmark = pytest.mark.warehouse
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to somebody else")
SOMEBODY = Account(uid=54321, gid=54321, name="somebody")


def test_a_normal_user_runs_the_server_itself():
    if os.geteuid() == 0:
        pytest.skip("this is root")
    assert server_account().is_self


@as_root
def test_root_hands_the_server_to_an_existing_user():
    assert server_account().uid not in (0, os.geteuid())
    assert server_account("nobody").name == "nobody"


@as_root
def test_root_without_such_a_user_is_told_what_to_set():
    with pytest.raises(EmbeddedError, match="TIEOUT_POSTGRES_USER"):
        server_account("no-such-user")


def test_a_closed_folder_on_the_way_cannot_be_passed(tmp_path):
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0o700)
    assert not can_reach(SOMEBODY, closed / "inner")


def test_new_folders_of_root_can_be_passed_and_not_listed_whatever_the_umask_and_old_ones_stay(tmp_path):
    tmp_path.chmod(0o750)
    before = os.umask(0o077)
    try:
        make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    made = 0o711 if os.geteuid() == 0 else 0o700
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")]
    assert modes == [0o750, made, made]


@as_root
def test_a_cluster_of_another_user_stays_with_that_user(tmp_path):
    home = tmp_path / "pg18"
    home.mkdir()
    os.chown(home, server_account("nobody").uid, -1)
    assert owner_account(home).name == "nobody"


@as_root
def test_a_cluster_of_root_is_refused(tmp_path):
    with pytest.raises(EmbeddedError, match="belongs to root"):
        owner_account(tmp_path)


@as_root
def test_below_a_closed_home_the_cluster_goes_elsewhere_and_the_home_stays_closed(monkeypatch):
    with scratch_place() as place:
        monkeypatch.setattr(embedded, "ROOT_PLACE", place / "var")
        home = place / "root"
        home.mkdir(mode=0o700)
        settings = Settings(state_dir=home / ".local" / "state" / "tieout", warehouse_url=None)
        connection = embedded.start(settings)
        try:
            assert (place / "var") in embedded.status(settings).data.parents
            assert stat.S_IMODE(home.stat().st_mode) == 0o700
            with psycopg.connect(connection.url) as session:
                assert session.execute("select 1").fetchone() == (1,)
            embedded.stop(settings)
            assert embedded.start(settings).port == connection.port
        finally:
            embedded.stop(settings)


@as_root
def test_programs_in_a_closed_folder_are_copied_once_and_run_from_there():
    with scratch_place() as place:
        package = shipped().bin.parent.parent
        closed = place / "closed"
        closed.mkdir(mode=0o700)
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, closed / folder.name, copy_function=os.link)
        hidden = Binaries(closed / shipped().bin.relative_to(package.parent), 18)
        account = server_account()
        copied = reachable(hidden, account, place / "programs")
        assert can_reach(account, copied.bin)
        made = copied.bin.stat().st_mtime_ns
        for program in ("postgres", "psql", "initdb", "pg_ctl"):
            subprocess.run(
                [copied.program(program), "--version"], user=account.uid, group=account.gid, extra_groups=[],
                cwd="/", check=True, capture_output=True,
            )  # fmt: skip
        assert reachable(hidden, account, place / "programs") == copied
        assert copied.bin.stat().st_mtime_ns == made
        assert [path.name for path in (place / "programs").iterdir()] == [copied.bin.parents[2].name]


def test_programs_that_can_be_reached_are_used_where_they_are(tmp_path):
    me = Account(os.geteuid(), os.getegid(), "me")
    assert reachable(shipped(), me, Path(tmp_path)) == shipped()

"""The locks install the same thing everywhere: every package pinned, hashed, and from whatever index pip is set to."""

import re
import tomllib

import pytest

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock")


def text(request, name):
    return (request.config.rootpath / name).read_text("utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_hashes(request, name):
    blocks = re.split(r"\n(?=[a-z0-9])", text(request, name).strip())
    assert len(blocks) > 100
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_index_and_no_address_is_named(request, name):
    assert not re.search(r"(?m)^\s*-|://| @ ", text(request, name).replace("    --hash", "")), name


def test_what_runs_is_tested_at_the_same_versions(request):
    runtime, dev = ({*PIN.findall(text(request, name))} for name in LOCKS)
    assert runtime - dev == set()


def test_every_declared_dependency_is_locked(request):
    project = tomllib.loads(text(request, "pyproject.toml"))["project"]
    locked = {name for name, _ in PIN.findall(text(request, "requirements-dev.lock"))}
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in declared}
    assert names - locked == set()

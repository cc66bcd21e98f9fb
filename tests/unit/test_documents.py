"""What the documents tell a reader to type, open or look up is there."""

import re
import subprocess

import pytest

DOCUMENTS = ["README.md", "GUARANTEES.md", "docs/**/*.md"]
ROOMS = "warehouse|ingestion|dbt_project|expectations|orchestration|notebooks|bench|tests|bin|docs"
PATH = re.compile(rf"`((?:{ROOMS})/[^`*<>]*)`")
PATTERN = "NNNN"
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def documents(request):
    root = request.config.rootpath
    paths = [path for pattern in DOCUMENTS for path in sorted(root.glob(pattern)) if "site" not in path.parts]
    return {path: path.read_text("utf-8") for path in paths}


@pytest.fixture(scope="module")
def targets(request):
    makefile = (request.config.rootpath / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_every_make_target_that_is_named_exists(documents, targets):
    named = {word for text in documents.values() for word in re.findall(r"(?:`|^ *)make ([a-z-]+)", text, re.MULTILINE)}
    assert {"demo", "test"} <= named
    assert named - targets == set()


def test_bare_make_lists_every_target_with_one_line(request, targets):
    listed = subprocess.run(["make"], cwd=request.config.rootpath, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\S+) +\S", listed, re.MULTILINE)) == targets


def test_every_link_leads_to_a_file(documents):
    missing = [
        f"{path.name}: {link}"
        for path, text in documents.items()
        for link in re.findall(r"\]\(([^)#:]+)\)", FENCE.sub("", text))
        if not (path.parent / link).exists()
    ]
    assert missing == []


def test_every_path_in_backticks_exists(request, documents):
    root = request.config.rootpath
    named = {word.rstrip("/") for text in documents.values() for word in PATH.findall(text) if PATTERN not in word}
    made = {"docs/site/index.html"}
    assert {word for word in named - made if not (root / word.split("::")[0]).exists()} == set()


def test_every_tieout_command_that_is_named_exists(documents):
    import typer.main

    from orchestration.cli import app

    known = typer.main.get_command(app)
    for text in documents.values():
        for words in re.findall(r"(?:`|^ +|bin/)tieout ([a-z][a-z-]*(?: [a-z]+)*)", text, re.MULTILINE):
            command = known
            for word in words.split():
                if not hasattr(command, "commands"):
                    break
                assert word in command.commands, f"tieout {words}"
                command = command.commands[word]


def test_every_page_is_in_the_index(request, documents):
    docs = request.config.rootpath / "docs"
    index = (docs / "index.md").read_text("utf-8")
    assert [path.name for path in docs.glob("*.md") if path.name != "index.md" and f"({path.name})" not in index] == []

"""A run of one part of the benchmarks replaces its own section of the page, and no other."""

from bench import page


def test_a_part_that_was_measured_replaces_its_section_and_leaves_the_others():
    before = page.rewritten("", {"usage": "## From events to daily usage\n\nold usage\n", "load": _loading("old")})
    after = page.rewritten(before, {"load": _loading("new")})
    assert after == before.replace("old load", "new load")
    assert after.index("new load") < after.index("old usage")


def test_the_page_in_the_docs_is_as_the_bench_writes_it():
    text = page.PAGE.read_text("utf-8")
    assert page.rewritten(text, {}) == text


def _loading(age: str) -> str:
    return f"## {page.TITLES['load']}\n\n{age} load\n"

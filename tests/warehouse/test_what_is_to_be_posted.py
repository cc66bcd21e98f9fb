"""What to post is found without reading the history, and is what reading all of it gives."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from typing import Any

import pytest

from orchestration.close.posting import open_months, post
from tests.warehouse.ledger_rows import Fact, compare, differences_of_everything, fact, month, prepare, rows, say
from warehouse.connection import connect

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05")
COLUMNS = (
    "entity, entry_key, line_ref, source_system, source_id, rule, rule_version, original_period, customer_id,"
    " invoice_id, invoice_line_id, account, currency, functional_currency, amount_minor, functional_minor"
)
FOUND = f"select {COLUMNS} from intermediate.int_ledger__differences"
ENTITIES = ("main", "other")


def due() -> Counter[tuple[object, ...]]:
    """What the model finds."""
    return Counter(rows(FOUND))


def due_of_everything() -> Counter[tuple[object, ...]]:
    """What a comparison of all facts with all lines finds."""
    return Counter(rows(f"select {COLUMNS} from ({differences_of_everything()}) as differences"))


def some_facts(chance: random.Random) -> list[list[Fact]]:
    """Facts that overlap with those of other calls, with other amounts, customers and currencies."""
    return [
        fact(
            f"in_{number}",
            chance.choice([100, 250, 999]),
            month=chance.choice(MONTHS),
            currency=chance.choice(["usd", "eur"]),
            customer=chance.choice(["acct_1", "acct_2", None]),
            entity=entity,
            functional=chance.choice([None, 90]),
        )
        for entity in ENTITIES
        for number in chance.sample(range(8), chance.randint(0, 6))
    ]


def post_through(entity: str, through: date) -> None:
    """Post, and leave it when the month is closed already."""
    with connect("closer") as closer:
        open_months(closer, entity, through, "anna", first=month(MONTHS[0]))
        open_month = closer.execute(
            "select min(period) from ledger.periods where entity = %s and status <> 'closed'", (entity,)
        ).fetchone()
        if open_month and open_month[0] and open_month[0] <= through:
            post(closer, entity, through, "anna", "v1")


def close_next(entity: str) -> None:
    """Close the first open month as it stands."""
    with connect("closer") as closer:
        found = closer.execute(
            "select min(period) from ledger.periods where entity = %s and status <> 'closed'", (entity,)
        ).fetchone()
        if found and found[0]:
            event = (
                "insert into ledger.period_events (entity, period, event, preparer, approver, code_version)"
                " values (%s, %s, %s, 'anna', %s, 'v1')"
            )
            closer.execute(event, (entity, found[0], "closing", None))
            closer.execute(event, (entity, found[0], "closed", "ben"))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_found_is_what_comparing_everything_finds(warehouse, seed):
    chance = random.Random(seed)  # noqa: S311 - the same histories in every run
    prepare(entity="main")
    with connect("closer") as closer:
        closer.execute(
            "insert into ledger.account_mappings (entity, account, valid_from, gl_account, gl_name, added_by)"
            " select 'other', account, valid_from, gl_account, gl_name, added_by from ledger.account_mappings"
        )
    for _ in range(14):
        step = chance.choice(["facts", "post", "post", "close", "compare"])
        entity = chance.choice(ENTITIES)
        if step == "facts":
            say(*some_facts(chance))
        elif step == "post":
            post_through(entity, month(chance.choice(MONTHS)))
        elif step == "close":
            close_next(entity)
        else:
            compare()
        assert due() == due_of_everything(), f"after {step}"
    for entity in ENTITIES:
        post_through(entity, month(MONTHS[-1]))
    assert due() == due_of_everything()


def test_what_another_posting_took_meanwhile_is_not_found_again(warehouse):
    prepare()
    say(fact("in_1", 500), fact("in_2", 700))
    with connect("closer") as before, connect("closer") as closer:
        before.execute("set transaction isolation level repeatable read")
        assert before.execute("select count(*) from intermediate.int_ledger__differences").fetchone() == (4,)
        open_months(closer, "main", month("2026-03"), "anna")
        post(closer, "main", month("2026-03"), "anna", "v1")
        closer.commit()
        assert closer.execute("select count(*) from intermediate.int_ledger__differences").fetchone() == (0,)


def test_a_posting_that_was_in_flight_while_facts_were_compared_is_seen(warehouse):
    prepare()
    say(fact("in_1", 500))
    with connect("closer") as closer:
        open_months(closer, "main", month("2026-03"), "anna")
        post(closer, "main", month("2026-03"), "anna", "v1")
        # the build does not see the posting yet, and says that the fact is gone
        say()
        closer.commit()
    assert [row[-2] for row in rows(f"{FOUND} order by account")] == [-500, 500]
    assert due() == due_of_everything()


def test_what_is_found_does_not_read_the_lines_that_were_compared(warehouse):
    prepare()
    say(fact("in_1", 500), fact("in_2", 700))
    post_through("main", month("2026-03"))
    say(fact("in_1", 500), fact("in_2", 800))
    assert lines_read() == 0
    post_through("main", month("2026-03"))
    assert lines_read() == len(fact("in_2", 100))


def lines_read() -> int:
    """How many lines of the journal the model reads."""
    with connect("auditor") as auditor:
        plan = auditor.execute("explain (analyze, format json) " + FOUND).fetchone()
    assert plan is not None
    return sum(
        node["Actual Rows"] * node["Actual Loops"]
        for node in nodes(plan[0][0]["Plan"])
        if node.get("Relation Name") == "journal_lines"
    )


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every node of a plan."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]

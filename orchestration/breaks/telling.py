"""What people say of a break: find it, and record an event about the version of it that they saw."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, LiteralString

import psycopg

from orchestration.queries import rows_of
from warehouse.errors import WarehouseError

BREAK: LiteralString = """
    select
        register.*, controls.name, controls.left_name, controls.right_name,
        built.explained_minor as likely_minor
    from reconciliation.recon_break_register as register
    inner join reconciliation.recon_controls as controls on register.control_id = controls.control_id
    left join reconciliation.recon_breaks as built
        on register.break_id = built.break_id and register.signature = built.signature
    where starts_with(register.break_id, %s)
    limit 2
"""
INSERT: LiteralString = """
    insert into recon.break_events (
        run_no, break_id, event, actor, signature, approver, reason, cause, amount_minor, evidence, expires_on, assignee
    )
    values (
        0, %(break_id)s, %(event)s, %(actor)s, %(signature)s, %(approver)s, %(reason)s, %(cause)s, %(amount_minor)s,
        %(evidence)s, %(expires_on)s, %(assignee)s
    )
    returning status
"""
# What the database says when a rule of its own is hurt, in words for the person who asked.
RULES = {
    "resolving_a_grave_break_takes_two_people": (
        "It is {severity}: resolving it takes a second person. Name who approves it, not yourself."
    ),
    "resolving_says_why": "Resolving it needs a reason that auditors will read.",
    "an_explanation_is_whole": "An explanation needs a reason, a cause, evidence and the day until which it holds.",
    "assigning_names_somebody": "Say to whom it is assigned.",
    "break_events_cause_check": "A cause is written GROUP.word, such as TIMING.settlement or PARTNER.bank_fee.",
}
AMOUNT = re.compile(r"^-?\d{1,15}(\.\d+)?$")


class BreakRefused(WarehouseError):
    """What was said of a break cannot be recorded; the message says why and what to do."""


@dataclass(frozen=True)
class Said:
    """One event of a person. ``amount_minor`` covers part of the break, None all that is left."""

    break_id: str
    event: str
    actor: str
    signature: str
    severity: str
    approver: str | None = None
    reason: str | None = None
    cause: str | None = None
    amount_minor: int | None = None
    evidence: str | None = None
    expires_on: date | None = None
    assignee: str | None = None


def find(break_id: str) -> dict[str, Any]:
    """The break whose id begins so. Raises BreakRefused when there is none, or more than one."""
    found = rows_of(BREAK, (break_id.strip().lower(),))
    if len(found) != 1:
        problem = "There is no break" if not found else "More than one break has an id"
        raise BreakRefused(f"{problem} that begins with {break_id}. See: tieout breaks list --status all")
    return found[0]


def tell(connection: psycopg.Connection[Any], said: Said) -> str:
    """Record it and give the break's status then. Acts as the closer; raises BreakRefused, and commits nothing."""
    with refusals(said.severity):
        row = connection.execute(INSERT, said.__dict__).fetchone()
    return str(row[0]) if row else ""


@contextmanager
def refusals(severity: str) -> Iterator[None]:
    """Turn what the database refuses into BreakRefused."""
    try:
        yield
    except psycopg.errors.CheckViolation as problem:
        rule = RULES.get(problem.diag.constraint_name or "")
        raise BreakRefused(rule.format(severity=severity) if rule else _words(problem)) from problem
    except (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.SerializationFailure) as problem:
        raise BreakRefused(_words(problem)) from problem


def covered_minor(amount: str, break_minor: int | None, exponent: int) -> int:
    """An amount as a person writes it (``12.34``), in minor units and with the sign of the break.

    Raises BreakRefused for what is no amount, has more decimals than the currency, or an opposite sign.
    """
    text = amount.replace(",", "").strip()
    try:
        minor = Decimal(text).scaleb(exponent) if AMOUNT.match(text) else None
    except InvalidOperation:
        minor = None
    if minor is None or minor != minor.to_integral_value():
        raise BreakRefused(f"{amount} is not an amount with at most {exponent} decimals, such as 12.34.")
    if break_minor is None:
        raise BreakRefused("The break has no amount, so an explanation covers all of it: leave the amount out.")
    return abs(int(minor)) * (-1 if break_minor < 0 else 1)


def _words(problem: psycopg.Error) -> str:
    hint = f" {problem.diag.message_hint}" if problem.diag.message_hint else ""
    return f"{problem.diag.message_primary}{hint}"

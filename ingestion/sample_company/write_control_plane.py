"""The company's own control plane: accounts, what they are entitled to, and what is switched on for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion.sample_company.days import END_OF_WORLD, rfc3339
from ingestion.sample_company.extract import Extract, Row
from ingestion.sample_company.facts import Facts, Provisioned

_STATES = {"active": "active", "suspended": "suspended", "closed": "deprovisioned"}


def control_plane(facts: Facts) -> Extract:
    """Every state of every account, entitlement and resource."""
    extract = Extract("control_plane")
    for entry in facts.provisioned.values():
        _account(extract, entry)
        for at, status in entry.statuses:
            row: Row = {
                "account_id": entry.account.account_id,
                "resource": "workspace",
                "state": _STATES[status],
                "at": rfc3339(at + timedelta(minutes=1)),
            }
            _add(extract, "provisioning", f"{entry.account.account_id}|workspace|{row['at']}", at, row)
        _entitlements(extract, entry, entry.seats)
    return extract


def _account(extract: Extract, entry: Provisioned) -> None:
    account = entry.account
    for at in sorted({at for at, _ in entry.statuses} | {at for at, _ in entry.plans}):
        row = {
            "account_id": account.account_id,
            "created_at": rfc3339(account.created_at),
            "name": account.name,
            "status": [status for since, status in entry.statuses if since <= at][-1],
            "plan_code": [plan for since, plan in entry.plans if since <= at][-1],
            "timezone": account.timezone,
            "country": account.country,
            "stripe_customer_id": account.stripe_customer_id,
            "crm_account_id": account.crm_account_id,
            "updated_at": rfc3339(at),
        }
        _add(extract, "accounts", account.account_id, at, row)


def _entitlements(extract: Extract, entry: Provisioned, seats: list[tuple[datetime, int]]) -> None:
    account_id = entry.account.account_id
    for number, (since, quantity) in enumerate(seats):
        until = seats[number + 1][0] if number + 1 < len(seats) else None
        for at in (since, until):
            if at is None:
                continue
            row = {
                "account_id": account_id,
                "feature_code": "seats",
                "quantity": quantity,
                "valid_from": rfc3339(since),
                "valid_to": rfc3339(until) if until is not None and at == until else None,
            }
            _add(extract, "entitlements", f"{account_id}|seats|{rfc3339(since)}", at, row)


def _add(extract: Extract, name: str, record_id: str, at: datetime, row: Row) -> None:
    if at < END_OF_WORLD:
        extract.add(name, record_id, at, row)

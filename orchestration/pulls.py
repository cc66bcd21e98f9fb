"""The systems that are asked for their extracts on the day itself, when their access is configured."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

Figures = dict[str, int | str]


def pull_today(system: str, place: str, start: date, end: date) -> Figures | None:
    """Pull ``system`` into the landing at ``place`` when today (UTC) is one of the delivery days [start, end).

    Gives figures for people; None when the days are others, or nothing of the system is to be pulled.
    Raises PullFailed, whose message holds no secret.
    """
    today = datetime.now(UTC).date()
    pull = PULLS.get(system)
    return pull(place, today) if pull is not None and start <= today < end else None


def _stripe(place: str, today: date) -> Figures | None:
    if not os.environ.get("TIEOUT_STRIPE_API_KEY"):
        return None
    from ingestion.sources import stripe_api

    found = stripe_api.pull(place, today)
    return {
        "pulled_rows": sum(one.rows for one in found.objects if one.status == "pulled"),
        "pull_requests": sum(one.pages for one in found.objects),
        "pulled_by_feed": sum(1 for one in found.objects if one.mode == "feed"),
        "pulled_by_list": sum(1 for one in found.objects if one.mode == "list"),
        "pull_notes": "\n".join(found.notes) or "none",
    }


def _salesforce(place: str, today: date) -> Figures | None:
    if not (os.environ.get("TIEOUT_SALESFORCE_CONSUMER_KEY") or os.environ.get("TIEOUT_SALESFORCE_PASSWORD")):
        return None
    from ingestion.sources import salesforce_api

    found = salesforce_api.pull(place, today)
    return {
        "pulled_rows": sum(one.rows for one in found),
        "pulled_gone": sum(one.gone for one in found),
        "pull_requests": sum(one.pages for one in found),
        "pull_notes": "\n".join(f"{one.object}: everything ({one.why})" for one in found if one.why) or "none",
    }


def _netsuite(place: str, today: date) -> Figures | None:
    if not os.environ.get("TIEOUT_NETSUITE_TOKEN_ID"):
        return None
    from ingestion.sources import netsuite_api

    found = netsuite_api.pull(place, today)
    return {
        "pulled_rows": sum(one.rows for one in found),
        "pulled_gone": sum(one.gone for one in found),
        "pull_requests": sum(one.pages for one in found),
    }


PULLS: Mapping[str, Callable[[str, date], Figures | None]] = {"stripe": _stripe, "crm": _salesforce, "erp": _netsuite}
"""The pull of each system, for a landing and a delivery day; it gives None when its access is not configured."""

"""Telling people of new grave breaks, through any service that Apprise knows. What cannot be sent waits.

The database writes an alert in the transaction that records the break, once a version; here it is only delivered.
Addresses hold secrets: they are never logged or stored, only a digest of them is.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

from orchestration.queries import rows_of
from orchestration.words import count, exponent_of, exponents, money
from warehouse.connection import connect
from warehouse.settings import get_settings

NAMED = 20
WAITING: LiteralString = """
    select
        alerts.alert_no, breaks.break_id, breaks.control_id, breaks.break_class, breaks.tracking_key, breaks.currency,
        breaks.amount_minor, breaks.severity, breaks.status,
        coalesce(attempts.attempt_no, 0) as attempts
    from recon.alerts as alerts
    inner join recon.breaks as breaks on alerts.break_id = breaks.break_id
    left join lateral (
        select max(deliveries.attempt_no) as attempt_no, bool_or(deliveries.outcome = 'sent') as is_sent
        from recon.alert_deliveries as deliveries
        where deliveries.alert_no = alerts.alert_no and deliveries.target = %(target)s
    ) as attempts on true
    where not coalesce(attempts.is_sent, false) and alerts.version = breaks.version and breaks.resolution is null
    order by breaks.severity, abs(breaks.amount_minor) desc nulls last, alerts.alert_no
"""
DELIVERED: LiteralString = """
    insert into recon.alert_deliveries (alert_no, target, attempt_no, outcome)
    values (%(alert_no)s, %(target)s, %(attempt_no)s, %(outcome)s)
"""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """What became of the alerts for one address, known by its digest."""

    target: str
    alerts: int
    sent: bool


def targets() -> list[str]:
    """The configured addresses."""
    configured = get_settings().alert_urls
    return configured.get_secret_value().split() if configured else []


def digest(address: str) -> str:
    """What stands for an address on record."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def send_waiting() -> list[Delivery]:
    """Send each address one message about the grave breaks that it was not told of yet."""
    return [delivery for address in targets() if (delivery := _send(address)) is not None]


def send_quietly() -> None:
    """Send what waits; whatever goes wrong is logged without the address, and the alerts wait for the next time."""
    try:
        for delivery in send_waiting():
            if not delivery.sent:
                log.warning("%s could not be sent to target %s", count(delivery.alerts, "alert"), delivery.target)
    except Exception as problem:  # noqa: BLE001 - a build does not fail because nobody could be told of it
        log.warning("Alerts could not be sent: %s", type(problem).__name__)


def message(waiting: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Title and text about breaks, the gravest first."""
    decimals = exponents()
    lines = [
        f"{row['severity']} {row['control_id']} {row['break_class']} {row['tracking_key']}"
        f" {money(row['amount_minor'], row['currency'], exponent_of(row['currency'], decimals))}"
        f" ({row['status']}, tieout breaks show {row['break_id'][:8]})"
        for row in waiting[:NAMED]
    ]
    if len(waiting) > NAMED:
        lines.append(f"and {len(waiting) - NAMED:,} more: tieout breaks list")
    return f"tieout: {count(len(waiting), 'grave break')}", "\n".join(lines)


def _send(address: str) -> Delivery | None:
    target = digest(address)
    waiting = rows_of(WAITING, {"target": target})
    if not waiting:
        return None
    sent = _notified(address, *message(waiting))
    with connect("transformer") as transformer, transformer.cursor() as cursor:
        cursor.executemany(
            DELIVERED,
            [
                {
                    "alert_no": row["alert_no"],
                    "target": target,
                    "attempt_no": row["attempts"] + 1,
                    "outcome": "sent" if sent else "failed",
                }
                for row in waiting
            ],
        )
    return Delivery(target, len(waiting), sent)


def _notified(address: str, title: str, body: str) -> bool:
    import apprise

    with _silent("apprise", "urllib3"):
        service = apprise.Apprise()
        return bool(service.add(address) and service.notify(title=title, body=body))


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Keep loggers quiet that write addresses, secrets included."""
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)

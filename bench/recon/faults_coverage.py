"""Usage that nothing covers (U5), files that came twice (U1), and what the meter made of events (U4)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from bench.recon.extracts import MANIFEST, File, Row
from bench.recon.planter import INSTANCES, Planter, by_id
from bench.recon.usage_files import UsageFiles, day_of
from ingestion.sample_company.bill_subscriptions import USAGE_GRACE
from ingestion.sample_company.catalogue import METERS
from ingestion.sample_company.days import boundary

# Delivered one day at a time from here on.
FIRST_DAILY = "2026-10-29"
SILENT_FROM = "2026-10-31"
HABIT = 25


def plant_uncovered_faults(planter: Planter) -> None:
    """U5: usage on a meter that nobody sold, by test accounts, and before the contract; meters that fall silent."""
    usage = UsageFiles(planter.extracts)
    accounts = planter.extracts.last("control_plane", "accounts", "account_id")
    users = {account for account, _ in usage.places}
    paying = [row for name, row in accounts.items() if name in users and row["status"] == "active" and row["plan_code"]]
    lacking = [
        (row, meter)
        for row in planter.shuffled(paying)
        for meter in METERS
        if (row["account_id"], meter.code) not in usage.places
    ]
    for name in ("UNBILLABLE_USAGE", "TEST_ACCT_USAGE"):
        planted = 0
        for row, meter in lacking:
            account = row["account_id"]
            if planted == INSTANCES or not planter.is_free(account):
                continue
            planter.take(account)
            count = (1, 4, 30)[planted]
            _use(usage, account, meter.code, count)
            also = []
            if name == "TEST_ACCT_USAGE":
                planter.extracts.change("control_plane", "accounts", by_id(account, "account_id"), {"status": "test"})
                also = [("O2", account), ("O2", f"{account}|seats")]
            planter.label("U5", name, f"{account}|{meter.code}|2026-10-01", quantity=str(count), also=also)
            planted += 1
    _use_too_early(planter, usage, accounts)
    _fall_silent(planter, usage, accounts)


def _use(usage: UsageFiles, account: str, meter_code: str, count: int, day: str = "2026-10-14") -> None:
    """As many events of the account, like one of another account."""
    file, like = next(
        (file, row) for (_, code), places in usage.places.items() if code == meter_code for file, row in places
        if day_of(row)[:7] == day[:7]
    )  # fmt: skip
    for number in range(count):
        at = f"{day}T12:{number:02d}:00Z"
        event = like | {"id": f"{account}-{day}-{number}", "subject": account, "time": at, "recordedtime": at}
        usage.add(file, event)


def _use_too_early(planter: Planter, usage: UsageFiles, accounts: dict[str, Row]) -> None:
    """Usage of a month before the contract began."""
    planted = 0
    for (account, code), places in sorted(usage.places.items()):
        row = accounts.get(account)
        is_late = row is not None and row["created_at"] > "2026-09-03" and row["plan_code"]
        if planted < INSTANCES and is_late and places and planter.is_free(account):
            planter.take(account)
            count = (1, 4, 30)[planted]
            _use(usage, account, code, count, "2026-08-20")
            planter.label("U5", "WRONG_PERIOD", f"{account}|{code}|2026-08-01", quantity=str(count))
            planted += 1


def _fall_silent(planter: Planter, usage: UsageFiles, accounts: dict[str, Row]) -> None:
    """A meter sends nothing any more, from a day on that no bill reaches."""
    billed: dict[str, int] = {}
    customers = {name: account for account, name in usage.customers.items()}
    invoices = planter.extracts.last("stripe", "invoices")
    for line in planter.extracts.rows("stripe", "invoice_line_items"):
        account = customers.get(invoices[line["invoice"]]["customer"], "")
        is_usage = line["period"]["end"] <= invoices[line["invoice"]]["created"] + 86_400
        if is_usage:
            billed[account] = max(billed.get(account, 0), line["period"]["end"])
    limit = datetime.fromisoformat(SILENT_FROM).replace(tzinfo=UTC) - timedelta(days=1)
    planted = 0
    for (account, code), places in planter.shuffled(sorted(usage.places.items())):
        row = accounts.get(account)
        days = {day_of(event) for _, event in places}
        fits = (
            row is not None
            and row["status"] == "active"
            and account in usage.customers
            and billed.get(account, 1 << 40) <= limit.timestamp()
            and len(days) >= HABIT
            and _longest_pause(days) < HABIT // 4
            and max(days) >= "2026-11-07"
        )
        if planted == INSTANCES or not fits or not planter.is_free(account):
            continue
        planter.take(account)
        by_file: dict[int, tuple[File, list[Row]]] = {}
        for file, event in places:
            if day_of(event) >= SILENT_FROM:
                by_file.setdefault(id(file), (file, []))[1].append(event)
        usage.take(list(by_file.values()))
        usage.drop_readings(account, code, SILENT_FROM)
        planter.label("U5", "ZERO_USAGE", f"{account}|{code}")
        planted += 1


def _longest_pause(days: set[str]) -> int:
    found = sorted(datetime.fromisoformat(day) for day in days)
    return max((later - day).days for day, later in pairwise(found))


def plant_replay_faults(planter: Planter) -> None:
    """U1: a file that is delivered again under another name, a day or more later."""
    planter.extracts.save()
    folder = planter.extracts.root / "usage" / "events"
    days = [path.name for path in sorted(folder.iterdir()) if path.name >= FIRST_DAILY]
    # Days that no other fault resends; the last one has a day after it.
    for later, day in zip((1, 1, 2), [*planter.shuffled(days[-4:-2]), days[-5]], strict=True):
        first = next(path for path in sorted((folder / day).iterdir()) if not path.name.endswith(MANIFEST))
        other = folder / days[days.index(day) + later] / f"resent-{first.name}"
        shutil.copy(first, other)
        shutil.copy(first.with_name(first.name + MANIFEST), other.with_name(other.name + MANIFEST))
        also = [("U2", f"usage|events|{other.parent.name}|{other.name}")]
        planter.label("U1", "FILE_REPLAY", f"usage|events|{day}|{first.name}", also=also)


def plant_resent_faults(planter: Planter) -> None:
    """U4: the meter counts a copy again, keeps only the last of two deliveries, or takes what came after the bill."""
    usage = UsageFiles(planter.extracts)
    files = planter.extracts.files("usage", "events")
    sums = {meter.code for meter in METERS if meter.aggregation == "sum"}
    by_day: dict[tuple[str, str, str], list[tuple[File, Row]]] = {}
    for (account, code), places in usage.places.items():
        for file, row in places:
            if account in usage.customers and code in sums:
                by_day.setdefault((account, code, day_of(row)), []).append((file, row))
    candidates = [
        (key, places)
        for key, places in planter.shuffled(sorted(by_day.items(), key=lambda one: one[0]))
        if FIRST_DAILY <= key[2] < "2026-11-02"
        and len(places) > 2  # noqa: PLR2004
        and len({id(file) for file, _ in places}) == 1
        and len({row["id"] for _, row in places}) == len(places)
        and usage.reading(*key) is not None
    ]
    planted = 0
    for key, places in candidates:
        if planted == 2 * INSTANCES:
            break
        if not planter.is_free(key[0]):
            continue
        planter.take(key[0])
        file, row = places[0]
        later = files[files.index(file) + 2]
        reading = usage.reading(*key)
        if reading is None:
            continue
        quantity = usage.quantity(row)
        counted = sum((usage.quantity(one) for _, one in places), Decimal(0))
        if planted % 2:
            later.rows.append(dict(row))
            reading["aggregated_value"] = counted + quantity
            planter.label("U4", "RESEND_DUP", "|".join(key), quantity=f"{-quantity:f}")
        else:
            file.rows.remove(row)
            later.rows.append(row)
            reading["aggregated_value"] = quantity
            planter.label("U4", "WINDOW_OVERWRITE", "|".join(key), quantity=f"{counted - quantity:f}")
        planted += 1


def plant_late_reading_faults(planter: Planter) -> None:
    """U4: an event comes after its bill was cut off, and the meter takes it all the same."""
    usage = UsageFiles(planter.extracts)
    file = next(file for file in planter.extracts.files("usage", "events") if file.delivered_on == "2026-11-06")
    sums = {meter.code for meter in METERS if meter.aggregation == "sum"}
    anchors = {
        row["customer"]: datetime.fromtimestamp(row["billing_cycle_anchor"], UTC)
        for row in planter.extracts.last("stripe", "subscriptions").values()
        if row["status"] == "active"
    }
    planted = 0
    for (account, code), places in planter.shuffled(sorted(usage.places.items(), key=lambda one: one[0])):
        anchor = anchors.get(usage.customers.get(account, ""))
        billed = [row for _, row in places if anchor is not None and _is_long_billed(row, anchor)]
        readings = [row for row in billed if usage.reading(account, code, day_of(row)) is not None]
        if code in sums and readings and planted < INSTANCES and planter.is_free(account):
            planter.take(account)
            like = readings[0]
            event = like | {"id": f"{like['id']}-late", "recordedtime": "2026-11-05T09:00:00Z"}
            usage.add(file, event)
            quantity = usage.quantity(event)
            planter.label("U4", "POST_FINAL", f"{account}|{code}|{day_of(event)}", quantity=f"{-quantity:f}")
            planted += 1


def _is_long_billed(row: Row, anchor: datetime) -> bool:
    """Whether the month of an event was cut off before November; near a boundary nobody says."""
    at = datetime.fromisoformat(row["time"])
    end = next((end for end in (boundary(anchor, months) for months in range(1, 24)) if end > at), None)
    limit = datetime(2026, 11, 1, tzinfo=UTC) - USAGE_GRACE
    return end is not None and at > anchor + timedelta(days=2) and at + timedelta(days=2) < end < limit

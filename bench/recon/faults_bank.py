"""Faults of the bank: statements that do not follow each other (C6), odd deposits (C4), money of nobody (C1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bench.recon.bank_files import BankFiles, Day
from bench.recon.planter import SIZES, Planter
from ingestion.sample_company.cash import BankEntry

LAST_SETTLED = date(2026, 10, 20)
# Minor units that a deposit is short of.
SHORTAGES = (1, 90, 700)
ELSEWHERE = "US44ACME0000000009"
INTERIM = ":20:INTERIM{n}\r\n:25:{account}\r\n:28C:{n}/1\r\n:34F:USD0,00\r\n:13D:2611{n:02d}1200+0000\r\n-\r\n"


def plant_bank_faults(planter: Planter) -> None:
    """C4, C6 and C1; statements are changed first, then entries, and keys are read when all is in its place."""
    bank = BankFiles(planter.extracts.root)
    taken: list[Day] = []
    wrong = _statements(planter, bank, taken)
    deposits = Deposits(planter, bank, taken)
    deposits.misdirect()
    deposits.merge()
    deposits.split()
    deposits.strangers()
    bank.save()
    deposits.label()
    for day in wrong:
        file = bank.place(day)
        also = [("C6", bank.after(day).key), ("U2", file.rpartition(":")[0])]
        planter.label("C6", "STMT_SUM", f"set aside|{file}", also=also)


def _statements(planter: Planter, bank: BankFiles, taken: list[Day]) -> list[Day]:
    """Change statements; those whose sum is wrong are given back, for they are known by their place in the file."""

    def quiet(count: int) -> list[Day]:
        """Statements without entries whose neighbours were left alone."""
        found: list[Day] = []
        for day in planter.shuffled(bank.days):
            near = [one for one in taken if one.account == day.account and abs(one.number - day.number) <= 2]  # noqa: PLR2004
            if len(found) < count and not day.entries and not near and day.number > 3 and day.day < LAST_SETTLED:  # noqa: PLR2004
                found.append(day)
                taken.append(day)
        return found

    for size, day in zip(SIZES, quiet(len(SIZES)), strict=False):
        day.jump = size
        planter.label("C6", "BALANCE_JUMP", day.key, money=(-size, day.currency))
    for day in quiet(len(SIZES)):
        bank.days.remove(day)
        planter.label("C6", "STMT_GAP", bank.after(day).key)
    for day in quiet(len(SIZES)):
        later = bank.after(day).key
        day.number -= 1
        planter.label("C6", "STMT_DUP", day.key, also=[("C6", later)])
    wrong = list(zip(SIZES, quiet(len(SIZES)), strict=False))
    for size, day in wrong:
        day.error = size
    for n, delivered in enumerate(("2026-11-03", "2026-11-04", "2026-11-05"), start=3):
        path = planter.extracts.root / "bank" / "statements" / delivered / f"interim-{n}.sta"
        path.write_bytes(INTERIM.format(n=n, account=bank.days[0].account).encode("ascii"))
        file = f"bank|statements|{delivered}|{path.name}"
        planter.label("C6", "INTRADAY_USED_AS_FINAL", f"set aside|{file}:1", also=[("U2", file)])
    return [day for _, day in wrong]


class Deposits:
    """Entries of payouts, each taken once, and the labels that wait for the places of all entries."""

    def __init__(self, planter: Planter, bank: BankFiles, taken: list[Day]) -> None:
        self._planter = planter
        self._bank = bank
        payouts = planter.extracts.last("stripe", "payouts").values()
        by_trace = {row["trace_id"]["value"]: row["id"] for row in payouts if row["trace_id"]}
        self._found = [
            (day, entry, by_trace[entry.reference])
            for day in bank.days
            for entry in day.entries
            if entry.reference in by_trace
            and entry.amount > 4 * SHORTAGES[-1]
            and day.day < LAST_SETTLED
            and not any(day is one for one in taken)
        ]
        self._waiting: list[tuple[str, str, str | tuple[Day, BankEntry], tuple[int, str] | None]] = []

    def _some(self, count: int, currencies: tuple[str, ...] = ("usd", "jpy")) -> list[tuple[Day, BankEntry, str]]:
        found: list[tuple[Day, BankEntry, str]] = []
        for one in self._planter.shuffled(self._found):
            if len(found) < count and one[0].currency in currencies and self._planter.is_free(one[2]):
                self._planter.take(one[2])
                found.append(one)
        return found

    def _near(self, day: Day) -> tuple[Day, BankEntry, str] | None:
        """Another payout of the account, received in the week after."""
        for other in self._found:
            later = (other[0].day - day.day).days
            if other[0].account == day.account and 0 < later < 8 and self._planter.is_free(other[2]):  # noqa: PLR2004
                self._planter.take(other[2])
                return other
        return None

    def merge(self) -> None:
        """The bank books two payouts as one entry that names both; three times with less, once with all of it."""
        for short, (day, entry, payout) in zip((*SHORTAGES, 0), self._some(len(SHORTAGES) + 1), strict=False):
            other = self._near(day)
            if other is None:
                continue
            later, second, _ = other
            day.entries.remove(entry)
            second.amount += entry.amount - short
            second.text = f"STRIPE PAYOUT {entry.reference} {second.reference}"
            money = (short, day.currency) if short else None
            self._waiting.append(("COMBINED_DEPOSIT", "C4", (later, second), money))
            if not short:
                self._planter.decoy("C4", "NOT_RECEIVED", payout)

    def split(self) -> None:
        """The bank books a payout as two entries; three times with less, once with all of it."""
        for short, (day, entry, payout) in zip((*SHORTAGES, 0), self._some(len(SHORTAGES) + 1), strict=False):
            part = entry.amount // 3
            entry.amount -= part
            day.entries.append(replace(entry, amount=part - short))
            self._waiting.append(("SPLIT_DEPOSIT", "C4", payout, (short, day.currency) if short else None))

    def misdirect(self) -> None:
        """Payouts that arrive on an account that is not theirs."""
        moved = sorted(self._some(len(SIZES), ("usd",)), key=lambda one: one[0].day)
        first = next(day for day in self._bank.days if day.currency == "usd")
        days: dict[date, Day] = {}
        for day, entry, payout in moved:
            day.entries.remove(entry)
            path = first.path.with_name(f"{ELSEWHERE}.sta")
            days.setdefault(day.day, Day(path, ELSEWHERE, "usd", day.day, 0, 0, [])).entries.append(entry)
            self._waiting.append(("WRONG_ACCOUNT", "C4", payout, None))
        for number, on in enumerate(sorted(days), start=1):
            days[on].number = number
        self._bank.days += days.values()

    def strangers(self) -> None:
        """Money from somebody that no list of customers has."""
        fits = [day for day in self._bank.days if day.day < LAST_SETTLED and day.account != ELSEWHERE and day.entries]
        for number, (size, day) in enumerate(zip((150, 98_765, 4_000_000), self._planter.shuffled(fits), strict=False)):
            entry = BankEntry(day.currency, day.day, size, f"UNKNOWN{number}", f"INCOMING WIRE ZWIRNER QUAX {number}")
            day.entries.append(entry)
            self._waiting.append(("UNIDENTIFIED", "C1", (day, entry), (size, day.currency)))

    def label(self) -> None:
        """Say what was done, and where it stands now. What adds up to the last unit is a decoy."""
        for name, control, where, money in self._waiting:
            key = where if isinstance(where, str) else where[0].line_key(where[1])
            if money is None and name in {"COMBINED_DEPOSIT", "SPLIT_DEPOSIT"}:
                self._planter.decoy(control, name, key)
            else:
                self._planter.label(control, name, key, money=money)

"""Faults of control O2: what is paid for and what is switched on do not agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingestion.sample_company.catalogue import PRODUCTS
from ingestion.sample_company.facts import Account, Facts, Item, Provisioned, Subscription
from ingestion.sample_company.labels import Label, visible
from ingestion.sample_company.randomness import identifier

NOTICED = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)
SUSPENDED = datetime(2026, 10, 12, 14, 0, tzinfo=UTC)
_FLAT_PLAN = "starter"
# Enough to take some away.
FEWEST_SEATS = 3


class AccessFaults:
    """Adds customers nobody provisioned and accounts nobody pays for, and changes what the control plane says."""

    def __init__(self, seed: int, facts: Facts) -> None:
        self.labels: list[Label] = []
        self._seed = seed
        self._facts = facts

    def add_strangers(self) -> None:
        """Before anything is billed: three paying customers without an account."""
        places = (("US", "usd"), ("FR", "eur"), ("JP", "jpy"))
        for number, (country, currency) in enumerate(places, start=901):
            start = self._facts.start.replace(day=11 + number % 10)
            at = datetime(start.year, start.month, start.day, 10, 20, 30, tzinfo=UTC)
            account = Account(
                f"acct_{number:04d}",
                f"Stranger {number}",
                f"billing+{number}@stranger.example",
                country,
                "UTC",
                currency,
                at - timedelta(minutes=10),
                _FLAT_PLAN,
                identifier(self._seed, "cus_", 14, number),
                linked=False,
            )
            price = self._facts.prices[f"{_FLAT_PLAN}-{currency}-m-v1"]
            item = Item(identifier(self._seed, "si_", 14, number, "stranger"), price, 1)
            subscription = Subscription(
                identifier(self._seed, "sub_1Q", 20, number, "stranger"), account, at, at, [item]
            )
            self._facts.unprovisioned.append(account)
            self._facts.subscriptions.append(subscription)
            self._label("SUB_NO_ACCOUNT", subscription.subscription_id, at)

    def change_control_plane(self) -> None:
        """After everything is billed: the control plane goes its own way."""
        steady = [entry for entry in self._facts.provisioned.values() if self._steady(entry)]
        cancelled = [entry for entry in self._facts.provisioned.values() if entry.statuses[-1][1] == "closed"]
        for entry, difference in zip(steady[:6], (2, 5, 40, -1, -2, -3), strict=True):
            self._entitle(entry, difference)
        for entry in steady[6:9]:
            entry.statuses.append((SUSPENDED, "suspended"))
            self._label("SUSPENDED_BUT_BILLED", entry.account.account_id, SUSPENDED)
        plans = [product.plan_code for product in PRODUCTS if product.plan_code]
        for entry in steady[9:12]:
            other = next(plan for plan in plans if plan != entry.plans[-1][1])
            entry.plans.append((NOTICED, str(other)))
            self._label("PLAN_MISMATCH", entry.account.account_id, NOTICED)
        for entry in cancelled[2:5]:
            ended, _ = entry.statuses.pop()
            self._label("ACTIVE_AFTER_CANCEL", entry.account.account_id, ended)
        for number in (911, 912, 913):
            self._free_rider(number)

    def plant_few(self) -> None:
        """One customer has more seats than it pays for."""
        self._entitle(next(entry for entry in self._facts.provisioned.values() if self._steady(entry)), 2)

    def _entitle(self, entry: Provisioned, change: int) -> None:
        """More or fewer seats than are paid for."""
        entry.seats.append((NOTICED, entry.seats[-1][1] + change))
        key = f"{entry.account.account_id}|seats"
        self._label("ENT_OVER" if change > 0 else "ENT_UNDER", key, NOTICED, str(-change))

    def _steady(self, entry: Provisioned) -> bool:
        """A self-service account with more than one seat whose terms never changed, known well before the fault."""
        subscriptions = [s for s in self._facts.subscriptions if s.account is entry.account]
        return (
            len(subscriptions) == 1
            and subscriptions[0].ended_at is None
            and subscriptions[0].trial_end is None
            and subscriptions[0].start < SUSPENDED
            and len(entry.seats) == 1
            and entry.seats[0][1] > FEWEST_SEATS
        )

    def _free_rider(self, number: int) -> None:
        at = NOTICED + timedelta(minutes=number)
        account = Account(
            f"acct_{number:04d}",
            f"Free Rider {number}",
            f"admin+{number}@rider.example",
            "US",
            "America/New_York",
            "usd",
            at,
            "team",
        )
        self._facts.provisioned[account.account_id] = Provisioned(account, [(at, "active")], [(at, "team")], [])
        self._label("ACCOUNT_NO_SUB", account.account_id, at)

    def _label(self, break_class: str, key: str, at: datetime, quantity: str | None = None) -> None:
        self.labels.append(
            Label("fault", break_class, "O2", "control_plane", key, None, None, quantity, at, visible(at, 1))
        )

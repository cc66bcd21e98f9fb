"""What happened, before any system writes it down: accounts, subscriptions and their changes, contracts and orders.

A subscription item has one price and quantity from its start; a `Change` replaces both from an instant on. Nothing here
knows of invoices: the billers derive them from these facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ingestion.sample_company.catalogue import Coupon, Price


@dataclass
class Account:
    """A customer's control-plane account; exactly one of stripe_customer_id and crm_account_id is set."""

    account_id: str
    name: str
    email: str
    country: str
    timezone: str
    currency: str
    created_at: datetime
    plan_code: str
    stripe_customer_id: str | None = None
    crm_account_id: str | None = None
    exempt_reason: str | None = None
    weight: int = 1
    # Who pays for it, where that is not itself.
    parent: Account | None = None
    # Whether the processor's records name the control-plane account.
    linked: bool = True


@dataclass(frozen=True)
class Change:
    """From `at` on the item has this price and quantity. `upgrade` ones are invoiced at once."""

    at: datetime
    price: Price
    quantity: int
    upgrade: bool


@dataclass
class Item:
    """One subscription item. Metered items have quantity 0 and a price of kind usage."""

    item_id: str
    price: Price
    quantity: int
    changes: list[Change] = field(default_factory=list)

    @property
    def metered(self) -> bool:
        """Whether usage is billed."""
        return self.price.kind == "usage"

    def at(self, instant: datetime) -> tuple[Price, int]:
        """Price and quantity in force at the instant (the moment of a change belongs to the new version)."""
        price, quantity = self.price, self.quantity
        for change in self.changes:
            if change.at <= instant:
                price, quantity = change.price, change.quantity
        return price, quantity


@dataclass(frozen=True)
class Discount:
    """A coupon on a subscription over [start, end)."""

    discount_id: str
    coupon: Coupon
    start: datetime
    end: datetime | None

    def covers(self, instant: datetime) -> bool:
        """Whether an invoice made at the instant gets it."""
        return self.start <= instant and (self.end is None or instant < self.end)


@dataclass
class Subscription:
    """`anchor` is the first paid instant (the trial's end, else the start). `ended_at` is half-open."""

    subscription_id: str
    account: Account
    start: datetime
    anchor: datetime
    items: list[Item]
    trial_end: datetime | None = None
    discount: Discount | None = None
    cancel: str | None = None
    cancel_decided_at: datetime | None = None
    ended_at: datetime | None = None
    collection_method: str = "charge_automatically"

    @property
    def metered(self) -> bool:
        """Whether any item bills usage."""
        return any(item.metered for item in self.items)


@dataclass
class OrderLine:
    """One CRM OrderItem. `unit_price` is in major units for one billing period of its frequency."""

    order_item_id: str
    price: Price
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal | None
    service_date: date
    original_order_item_id: str | None = None

    @property
    def metered(self) -> bool:
        """Whether usage is billed."""
        return self.price.kind == "usage"

    @property
    def frequency(self) -> str:
        """As the CRM says it."""
        return "Quarterly" if self.price.interval == "quarter" else "Monthly"


@dataclass
class Order:
    """A CRM order: New, Amendment (more) or Reduction (less), in force from `effective_date`."""

    order_id: str
    order_number: str
    kind: str
    effective_date: date
    lines: list[OrderLine]
    original_order_id: str | None = None
    # The customer's purchase order, which invoices have to name.
    po_number: str | None = None


@dataclass
class Contract:
    """`start` is the billing anchor of every order line under it; `end` is exclusive."""

    contract_id: str
    number: str
    account: Account
    start: date
    end: date
    orders: list[Order]

    def lines(self) -> list[OrderLine]:
        """The lines of all its orders."""
        return [line for order in self.orders for line in order.lines]


@dataclass
class Provisioned:
    """What the control plane says of one account: statuses, plans and seats by instant, oldest first."""

    account: Account
    statuses: list[tuple[datetime, str]]
    plans: list[tuple[datetime, str]]
    seats: list[tuple[datetime, int]]


@dataclass
class Facts:
    """Everything that happened in one world."""

    start: date
    prices: dict[str, Price]
    subscriptions: list[Subscription]
    contracts: list[Contract]
    provisioned: dict[str, Provisioned]
    # Customers the control plane has never heard of.
    unprovisioned: list[Account] = field(default_factory=list)

    @property
    def accounts(self) -> list[Account]:
        """Everyone any system knows."""
        return [entry.account for entry in self.provisioned.values()] + self.unprovisioned

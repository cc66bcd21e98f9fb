"""Sales-assisted customers: a CRM order under a contract, and what is amended later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from ingestion.sample_company.accounts import new_account
from ingestion.sample_company.catalogue import price_on, usage_price_code
from ingestion.sample_company.crm_ids import crm_id
from ingestion.sample_company.days import BLIND_DAYS, SHORTEST_MONTH, add_months, first_31st, midnight
from ingestion.sample_company.facts import Account, Contract, Facts, Order, OrderLine, Provisioned
from ingestion.sample_company.money import EXPONENT
from ingestion.sample_company.randomness import substream
from ingestion.sample_company.stories import Deal

FIRST_NUMBER = 100
TERM_MONTHS = 24
# Every other customer pays only what names its purchase order.
PO_EVERY = 2


def sign(facts: Facts, seed: int, number: int, deal: Deal) -> None:
    """Account, contract and orders of one deal."""
    rng = substream(seed, "deal", number)
    day = deal.start_day or rng.choice([d for d in range(2, 25) if d not in BLIND_DAYS])
    start = facts.start.replace(day=day) if day <= SHORTEST_MONTH else first_31st(facts.start)
    created = midnight(start) - timedelta(hours=20)
    account = new_account(
        seed, FIRST_NUMBER + number, place=deal.place, created=created, plan="enterprise", exempt=deal.exempt
    )
    account.crm_account_id = crm_id(seed, "001", number)
    if deal.parent is not None:
        account.parent = facts.contracts[deal.parent - 1].account
    lines = _order_lines(facts, (seed, number), deal, account, start)
    po_number = f"PO-{4000 + number}" if number % PO_EVERY == 0 else None
    order = Order(crm_id(seed, "801", number, 0), f"{number:08d}", "New", start, lines, po_number=po_number)
    end = add_months(start, TERM_MONTHS, start.day)
    contract = Contract(crm_id(seed, "800", number), f"{number:08d}", account, start, end, [order])
    seats = [(midnight(start), deal.seats)]
    if deal.amend:
        at = add_months(start, 1, start.day) + timedelta(days=rng.randrange(9, 19))
        contract.orders.append(_amendment(seed, number, deal, order, at))
        seats.append((midnight(at), deal.seats + deal.amend))
    facts.contracts.append(contract)
    statuses, plans = [(created, "active")], [(created, "enterprise")]
    facts.provisioned[account.account_id] = Provisioned(account, statuses, plans, seats)


def _order_lines(facts: Facts, names: tuple[int, int], deal: Deal, account: Account, start: date) -> list[OrderLine]:
    """Seats at the negotiated price, support, and one line a meter. `names` are the seed and the deal's number."""
    price = price_on(facts.prices, "enterprise", account.currency, deal.interval, start)
    digits = Decimal(1).scaleb(-EXPONENT[account.currency])
    unit = (Decimal(price.unit_amount or "0") * Decimal(deal.unit_discount)).quantize(digits)
    percent = Decimal(deal.discount_percent) if deal.discount_percent else None
    lines = [OrderLine(_item_id(names, 0), price, Decimal(deal.seats), unit, percent, start)]
    if deal.support:
        support = price_on(facts.prices, "enterprise-support", account.currency, "month", start)
        unit = Decimal(support.unit_amount or "0")
        lines.append(OrderLine(_item_id(names, 1), support, Decimal(1), unit, None, start))
    for i, meter in enumerate(deal.meters, start=2):
        usage = facts.prices[usage_price_code(meter, account.currency)]
        lines.append(OrderLine(_item_id(names, i), usage, Decimal(1), Decimal(0), None, start))
    return lines


def _amendment(seed: int, number: int, deal: Deal, order: Order, at: date) -> Order:
    """More or fewer seats from a day inside a period on, at the first order's terms."""
    seats = order.lines[0]
    line = replace(
        seats,
        order_item_id=crm_id(seed, "802", number, 9),
        quantity=Decimal(deal.amend),
        service_date=at,
        original_order_item_id=seats.order_item_id,
    )
    kind = "Reduction" if deal.amend < 0 else "Amendment"
    return Order(
        crm_id(seed, "801", number, 1), f"{number + 500:08d}", kind, at, [line], order.order_id, order.po_number
    )


def _item_id(names: tuple[int, int], place: int) -> str:
    seed, number = names
    return crm_id(seed, "802", number, place)

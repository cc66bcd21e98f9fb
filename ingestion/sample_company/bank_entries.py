"""What the bank books beside customers' wires: payouts that arrived, and entries that no billing explains."""

from __future__ import annotations

from datetime import date, timedelta

from ingestion.sample_company.cash import BankEntry, Cash
from ingestion.sample_company.days import END_OF_WORLD, business_day, midnight

# Opening deposit and monthly salaries per account, in minor units.
DEPOSITS = {"usd": (50_000_000, 900_000), "eur": (40_000_000, 700_000), "jpy": (90_000_000, 1_500_000)}
INTEREST = 1200


def bank_payouts(cash: Cash) -> None:
    """Payouts that have arrived."""
    for payout in cash.payouts:
        if midnight(payout.arrival) < END_OF_WORLD:
            text = f"STRIPE PAYOUT {payout.trace}"
            cash.entries.append(BankEntry(payout.currency, payout.arrival, payout.amount, payout.trace, text))


def other_entries(cash: Cash, start: date) -> None:
    """The opening deposit, and every month salaries and interest; nothing of the processor's."""
    for currency, (deposit, salary) in DEPOSITS.items():
        text = "CAPITAL CONTRIBUTION ACME HOLDING"
        cash.entries.append(BankEntry(currency, business_day(start), deposit, "CAPITAL", text))
        month = start
        while midnight(month) < END_OF_WORLD:
            day = business_day(month + timedelta(days=24))
            if midnight(day) < END_OF_WORLD:
                salaries = f"SALARIES {month:%B %Y}".upper()
                cash.entries.append(BankEntry(currency, day, -salary, f"PAY{month:%Y%m}", salaries))
                cash.entries.append(BankEntry(currency, day, INTEREST, f"INT{month:%Y%m}", "CREDIT INTEREST"))
            month = (month.replace(day=28) + timedelta(days=5)).replace(day=1)

"""Reference data: the catalogue's YAML files, tax rates and exemptions, exchange rates."""

from __future__ import annotations

from datetime import date

import yaml

from ingestion.sample_company.catalogue import (
    CATALOGUE_FROM,
    METERS,
    PRODUCTS,
    TAX_RATES,
    Price,
    build_prices,
    fx_rates,
)
from ingestion.sample_company.days import INITIAL_DELIVERY, delivery_day, midnight
from ingestion.sample_company.extract import Row, csv_rows
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.landing_files import Landing
from ingestion.sample_company.money import plain
from ingestion.sample_company.processor import FEES
from ingestion.sample_company.write_bank import ACCOUNTS


def write_catalogue(landing: Landing, start: date) -> None:
    """plans, prices, meters, conventions and policies, as one reviewed file each."""
    documents: dict[str, list[Row]] = {
        "meters": meters(),
        "plans": [
            {
                "plan_code": product.plan_code,
                "name": product.plan_name,
                "product_code": product.code,
                "valid_from": CATALOGUE_FROM.isoformat(),
                "valid_to": None,
                "features": [{"feature_code": "seats", "quantity": product.seats_per_unit}],
            }
            for product in PRODUCTS
            if product.plan_code
        ],
        "prices": [_price(price) for price in build_prices(start).values()],
        "conventions": [_convention("stripe", "second", 0), _convention("erp", "day", 30)],
        "policies": [
            {"policy": policy, "value": value, "valid_from": CATALOGUE_FROM.isoformat()}
            for policy, value in policies().items()
        ],
    }
    for name, entries in documents.items():
        text = yaml.safe_dump({name: entries}, sort_keys=False, allow_unicode=True)
        landing.write("catalog", name, INITIAL_DELIVERY, f"{name}.yaml", text.encode(), rows=len(entries))


def policies() -> dict[str, str]:
    """The policies section of the catalogue: accounting, what needs approval, and what money outside billing is."""
    found = {
        "revenue_granularity": "daily",
        "reporting_currency": "usd",
        "quote_discount_limit": "20",
        "clearing_account:1200": "payout",
        "other_receipts:capital": "CAPITAL CONTRIBUTION",
        "other_receipts:interest": "CREDIT INTEREST",
    }
    for currency, (share, fixed) in FEES.items():
        found[f"payout_account:{currency}"] = ACCOUNTS[currency]
        found[f"processor_fee_percent:{currency}"] = plain(share * 100)
        found[f"processor_fee_fixed:{currency}"] = str(fixed)
    return found


def meters() -> list[Row]:
    """The meters section of the catalogue."""
    return [
        {
            "meter_code": meter.code,
            "event_type": meter.event_type,
            "name": meter.name,
            "unit": meter.unit,
            "aggregation": meter.aggregation,
            "quantity_field": meter.quantity_field,
            "dimensions": list(meter.dimensions),
            "stripe_meter_id": meter.stripe_id,
        }
        for meter in METERS
    ]


def _price(price: Price) -> Row:
    return {
        "price_code": price.code,
        "product_code": price.product_code,
        "plan_code": price.plan_code,
        "version": price.version,
        "kind": price.kind,
        "meter_code": price.meter_code,
        "charge_model": price.charge_model,
        "billing_timing": price.billing_timing,
        "currency": price.currency,
        "interval": price.interval,
        "interval_count": 1,
        "unit_amount": price.unit_amount,
        "package_size": price.package_size,
        "included_quantity": price.included_quantity,
        "tiers": [
            {"up_to": tier.up_to, "unit_amount": tier.unit_amount, "flat_amount": tier.flat_amount}
            for tier in price.tiers
        ],
        "tax_code": price.tax_code,
        "revenue_account": price.revenue_account,
        "stripe_price_id": price.stripe_price_id,
        "erp_item_id": price.erp_item_id,
        "crm_product_code": price.crm_product_code,
        "valid_from": price.valid_from.isoformat(),
        "valid_to": price.valid_to.isoformat() if price.valid_to else None,
    }


def _convention(system: str, proration_unit: str, due_days: int) -> Row:
    return {
        "billing_system": system,
        "valid_from": CATALOGUE_FROM.isoformat(),
        "proration_unit": proration_unit,
        "rounding_mode": "half_up",
        "tax_rounding": "per_line",
        "discount_order": "percent_then_fixed",
        "usage_window": "local_day",
        "usage_grace_hours": 48,
        "payment_grace_days": 5,
        "due_days": due_days,
    }


def write_tax(landing: Landing, facts: Facts) -> None:
    """Rates and exemptions."""
    rates: list[Row] = [
        {
            "jurisdiction": jurisdiction,
            "product_tax_code": code,
            "rate": rate,
            "valid_from": valid_from.isoformat(),
            "valid_to": valid_to.isoformat() if valid_to else None,
            "source": "published",
        }
        for jurisdiction, code, rate, valid_from, valid_to in TAX_RATES
    ]
    exemptions: list[Row] = [
        {
            "customer": account.account_id,
            "jurisdiction": account.country,
            "reason": account.exempt_reason,
            "valid_from": CATALOGUE_FROM.isoformat(),
            "valid_to": None,
            "certificate": f"CERT-{account.account_id[-4:]}",
        }
        for account in facts.accounts
        if account.exempt_reason
    ]
    for name, rows in (("rates", rates), ("exemptions", exemptions)):
        content = csv_rows(list(rows[0]))(rows)
        landing.write("tax", name, INITIAL_DELIVERY, f"{name}.csv", content, rows=len(rows))


def write_fx(landing: Landing, start: date) -> None:
    """The ECB's wide layout, per one euro; each day's rate is published the same afternoon."""
    by_delivery: dict[date, list[Row]] = {}
    for day, rates in fx_rates(start).items():
        row = {"Date": day.isoformat(), "USD": rates["usd"], "JPY": rates["jpy"]}
        by_delivery.setdefault(delivery_day(midnight(day)), []).append(row)
    for delivered_on, rows in by_delivery.items():
        content = csv_rows(["Date", "USD", "JPY"])(rows)
        landing.write("fx", "rates", delivered_on, "eurofxref.csv", content, rows=len(rows))

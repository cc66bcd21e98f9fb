"""Stripe's catalogue: products, prices, coupons, tax rates and meters, and the API versions objects come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from ingestion.sample_company.catalogue import COUPONS, METERS, PRODUCTS, SELF_SERVICE, TAX_RATES, Coupon, Price
from ingestion.sample_company.days import epoch, midnight
from ingestion.sample_company.extract import Row
from ingestion.sample_company.facts import Facts
from ingestion.sample_company.money import plain, to_minor

OLD_API, NEW_API = "2024-06-20", "2025-09-30.clover"
API_CHANGE = datetime(2026, 10, 15, tzinfo=UTC)


def api_version(at: datetime) -> str:
    """The API version in force at the instant."""
    return OLD_API if at < API_CHANGE else NEW_API


def catalogue_objects(facts: Facts) -> Iterator[tuple[str, str, datetime, Row]]:
    """Every object with its list, id and the instant it was made."""
    at = midnight(facts.start)
    row: Row
    tax_codes = {price.product_code: price.tax_code for price in facts.prices.values()}
    for product in PRODUCTS:
        if product.code in SELF_SERVICE:
            row = {
                "id": product_id(product.code),
                "object": "product",
                "active": True,
                "created": epoch(at),
                "default_price": None,
                "description": None,
                "livemode": True,
                "metadata": {"product_code": product.code},
                "name": product.name,
                "tax_code": tax_codes[product.code],
                "type": "service",
                "updated": epoch(at),
            }
            yield ("products", product_id(product.code), at, row)
    for price in facts.prices.values():
        if price.stripe_price_id:
            created = max(at, midnight(price.valid_from))
            yield ("prices", price.stripe_price_id, created, price_object(price, created))
    for coupon in COUPONS.values():
        yield ("coupons", coupon.id, at, coupon_object(coupon, at))
    for jurisdiction, code, rate, valid_from, valid_to in TAX_RATES:
        if valid_to is None:
            rate_id = tax_rate_id(jurisdiction, code)
            row = {
                "id": rate_id,
                "object": "tax_rate",
                "active": True,
                "country": jurisdiction,
                "created": epoch(at),
                "description": f"{jurisdiction} {code}",
                "display_name": "Sales tax" if jurisdiction == "US" else "VAT",
                "effective_percentage": None,
                "inclusive": False,
                "jurisdiction": jurisdiction,
                "livemode": True,
                "metadata": {"valid_from": valid_from.isoformat()},
                "percentage": as_number(Decimal(rate) * 100),
                "state": None,
                "tax_type": "sales_tax" if jurisdiction == "US" else "vat",
            }
            yield ("tax_rates", rate_id, at, row)
    for meter in METERS:
        row = {
            "id": meter.stripe_id,
            "object": "billing.meter",
            "created": epoch(at),
            "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
            "default_aggregation": {"formula": "last" if meter.aggregation == "max" else meter.aggregation},
            "display_name": meter.name,
            "event_name": meter.event_type,
            "event_time_window": None,
            "livemode": True,
            "status": "active",
            "status_transitions": {"deactivated_at": None},
            "updated": epoch(at),
            "value_settings": {"event_payload_key": "value"},
        }
        yield ("meters", meter.stripe_id, at, row)


def price_object(price: Price, created: datetime) -> Row:
    """A price; allowances and tiers become Stripe tiers (an allowance is a free first one)."""
    metered = price.kind == "usage"
    tiers = _tiers(price)
    unit = None if tiers or price.unit_amount is None else to_minor(price.unit_amount, price.currency)
    row: Row = {
        "id": price.stripe_price_id,
        "object": "price",
        "active": price.valid_to is None,
        "billing_scheme": "tiered" if tiers else "per_unit",
        "created": epoch(created),
        "currency": price.currency,
        "custom_unit_amount": None,
        "livemode": True,
        "lookup_key": price.code,
        "metadata": {"price_code": price.code},
        "nickname": price.code,
        "product": product_id(price.product_code),
        "recurring": {
            "interval": price.interval,
            "interval_count": 1,
            "meter": _meter_id(price),
            "trial_period_days": None,
            "usage_type": "metered" if metered else "licensed",
        },
        "tax_behavior": "exclusive",
        "tiers_mode": None if not tiers else "volume" if price.charge_model == "volume" else "graduated",
        "transform_quantity": None
        if price.package_size is None
        else {"divide_by": int(price.package_size), "round": "up"},
        "type": "recurring",
        "unit_amount": int(unit) if unit is not None and unit == int(unit) else None,
        "unit_amount_decimal": None if unit is None else plain(unit),
    }
    if tiers:
        row["tiers"] = tiers
    return row


def _tiers(price: Price) -> list[Row]:
    if not price.tiers and price.included_quantity is None:
        return []
    included = Decimal(price.included_quantity or "0")
    tiers: list[Row] = []
    if included:
        tiers.append(
            {
                "flat_amount": None,
                "flat_amount_decimal": None,
                "unit_amount": 0,
                "unit_amount_decimal": "0",
                "up_to": int(included),
            }
        )
    parts = [(t.up_to, t.unit_amount, t.flat_amount) for t in price.tiers] or [(None, price.unit_amount or "0", "0")]
    for up_to, unit, flat in parts:
        unit_minor, flat_minor = to_minor(unit, price.currency), to_minor(flat, price.currency)
        tiers.append(
            {
                "flat_amount": int(flat_minor),
                "flat_amount_decimal": plain(flat_minor),
                "unit_amount": int(unit_minor) if unit_minor == int(unit_minor) else None,
                "unit_amount_decimal": plain(unit_minor),
                "up_to": None if up_to is None else int(Decimal(up_to) + included),
            }
        )
    return tiers


def coupon_object(coupon: Coupon, created: datetime) -> Row:
    """A coupon as the API returns it."""
    return {
        "id": coupon.id,
        "object": "coupon",
        "amount_off": coupon.amount_off,
        "created": epoch(created),
        "currency": coupon.currency,
        "duration": coupon.duration,
        "duration_in_months": coupon.months,
        "livemode": True,
        "max_redemptions": None,
        "metadata": {},
        "name": coupon.name,
        "percent_off": None if coupon.percent_off is None else as_number(Decimal(coupon.percent_off)),
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }


def product_id(code: str) -> str:
    """Stripe's id of a product."""
    return "prod_" + code.replace("_", "").replace("-", "").upper().ljust(14, "0")


def tax_rate_id(jurisdiction: str, code: str) -> str:
    """Stripe's id of a tax rate."""
    return f"txr_1Q{jurisdiction}{code[5:]}"


def _meter_id(price: Price) -> str | None:
    return next((meter.stripe_id for meter in METERS if meter.code == price.meter_code), None)


def as_number(value: Decimal) -> int | Decimal:
    """A JSON number: an integer where it is one, else an exact decimal."""
    return int(value) if value == int(value) else value.normalize()

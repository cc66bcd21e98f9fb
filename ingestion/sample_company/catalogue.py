"""The company's published price list: meters, plans, prices with versions, coupons, conventions, tax, exchange rates.

Unit prices are text in major units. A price is rated by `rate`, in exact minor units, with the rules of the catalogue:
tiers are (lower, upper], an included quantity is taken off first, a package is charged for any started one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from ingestion.sample_company.days import CLOSING_MONTH, LAST_ACTIVITY, add_months, is_business_day
from ingestion.sample_company.money import EXPONENT, to_minor

SAAS = "txcd_10103001"
SERVICES = "txcd_20030000"
CATALOGUE_FROM = date(2016, 1, 1)


@dataclass(frozen=True)
class Meter:
    """`base_events` is the number of events per customer-day at scale 1 and weight 1."""

    code: str
    event_type: str
    name: str
    unit: str
    aggregation: str
    quantity_field: str
    dimensions: tuple[str, ...]
    stripe_id: str
    source: str
    base_events: int


METERS = (
    Meter(
        "api_calls",
        "com.acme.api_call",
        "API calls",
        "call",
        "sum",
        "calls",
        ("region",),
        "mtr_test_api_calls",
        "//acme/api-gateway",
        5,
    ),
    Meter(
        "documents",
        "com.acme.document_rendered",
        "Rendered documents",
        "document",
        "count",
        "pages",
        (),
        "mtr_test_documents",
        "//acme/render",
        3,
    ),
    Meter(
        "storage_gb",
        "com.acme.storage_sampled",
        "Stored data, peak",
        "gigabyte",
        "max",
        "gigabytes",
        (),
        "mtr_test_storage_gb",
        "//acme/storage",
        2,
    ),
    Meter(
        "egress_gb",
        "com.acme.egress",
        "Egress",
        "gigabyte",
        "sum",
        "gigabytes",
        ("zone",),
        "mtr_test_egress_gb",
        "//acme/edge",
        2,
    ),
)
METER = {meter.code: meter for meter in METERS}


@dataclass(frozen=True)
class Tier:
    """Units up to and including `up_to` at `unit_amount` each, and `flat_amount` once any unit is in the tier."""

    up_to: str | None
    unit_amount: str
    flat_amount: str = "0"


@dataclass(frozen=True)
class Price:
    """One version of one price, valid over [valid_from, valid_to)."""

    code: str
    product_code: str
    plan_code: str | None
    version: int
    kind: str
    meter_code: str | None
    charge_model: str
    currency: str
    interval: str
    unit_amount: str | None
    package_size: str | None
    included_quantity: str | None
    tiers: tuple[Tier, ...]
    tax_code: str
    revenue_account: str
    stripe_price_id: str | None
    erp_item_id: str
    crm_product_code: str | None
    valid_from: date
    valid_to: date | None

    @property
    def billing_timing(self) -> str:
        """Recurring prices are due before the period, usage after it."""
        return "in_arrears" if self.kind == "usage" else "in_advance"

    @property
    def months(self) -> int:
        """Length of the billing interval."""
        return {"month": 1, "quarter": 3}[self.interval]


@dataclass(frozen=True)
class Product:
    """`seats_per_unit` is what one unit of the plan's price entitles to; None for add-ons and usage."""

    code: str
    name: str
    plan_code: str | None
    plan_name: str | None
    seats_per_unit: str | None


PRODUCTS = (
    Product("starter", "Acme Starter", "starter", "Starter", "3"),
    Product("team", "Acme Team seat", "team", "Team", "1"),
    Product("business", "Acme Business seat", "business", "Business", "1"),
    Product("support", "Priority support", None, None, None),
    Product("enterprise", "Acme Enterprise seat", "enterprise", "Enterprise", "1"),
    Product("enterprise-support", "Enterprise support", None, None, None),
    Product("api_calls", "API calls", None, None, None),
    Product("documents", "Rendered documents", None, None, None),
    Product("storage_gb", "Stored data", None, None, None),
    Product("egress_gb", "Egress", None, None, None),
)

# product, kind, charge model, interval, amounts (usd, eur, jpy) of version 1 and, where there is one, version 2
_RECURRING = (
    ("starter", "flat", "month", ("19.00", "18.00", "2500"), None),
    ("team", "per_unit", "month", ("29.00", "27.00", "3900"), ("34.00", "32.00", "4500")),
    ("business", "per_unit", "month", ("79.00", "75.00", "11000"), ("89.00", "84.00", "12500")),
    ("support", "flat", "month", ("49.00", "45.00", "6500"), None),
    ("enterprise", "per_unit", "month", ("95.00", "89.00", "13000"), None),
    ("enterprise", "per_unit", "quarter", ("270.00", "255.00", "37500"), None),
    ("enterprise-support", "flat", "month", ("500.00", "460.00", "70000"), None),
)
# meter -> charge model, included, package size, tiers or unit amount per currency
_USAGE: dict[str, tuple[str, str | None, str | None, dict[str, tuple[Tier, ...] | str]]] = {
    "api_calls": (
        "graduated",
        "2000",
        None,
        {
            "usd": (Tier("3000", "0.0125"), Tier("10000", "0.0081", "2.50"), Tier(None, "0.00545")),
            "eur": (Tier("3000", "0.0115"), Tier("10000", "0.0075", "2.30"), Tier(None, "0.005")),
            "jpy": (Tier("3000", "1.8"), Tier("10000", "1.15", "350"), Tier(None, "0.78")),
        },
    ),
    "documents": ("package", None, "25", {"usd": "1.75", "eur": "1.60", "jpy": "250"}),
    "storage_gb": ("per_unit", "50", None, {"usd": "0.235", "eur": "0.22", "jpy": "33"}),
    "egress_gb": (
        "volume",
        None,
        None,
        {
            "usd": (Tier("200", "0.0925"), Tier("600", "0.0725"), Tier(None, "0.0505", "1.00")),
            "eur": (Tier("200", "0.0875"), Tier("600", "0.069"), Tier(None, "0.048", "0.90")),
            "jpy": (Tier("200", "13.5"), Tier("600", "10.5"), Tier(None, "7.4", "150")),
        },
    ),
}
_REVENUE_ACCOUNT = {"support": "4100", "enterprise-support": "4100"}
SELF_SERVICE = frozenset({"starter", "team", "business", "support", *METER})
ASSISTED = frozenset({"enterprise", "enterprise-support", *METER})


def price_change(start: date) -> date:
    """Version 2 of the seat prices starts with the last month but one (never before the second month)."""
    return max(add_months(CLOSING_MONTH, -1, 1), add_months(start, 1, 1))


def build_prices(start: date) -> dict[str, Price]:
    """Every price of the company by code, in a fixed order."""
    change = price_change(start)
    prices: dict[str, Price] = {}
    item = 100
    for product, model, interval, first, second in _RECURRING:
        for i, currency in enumerate(EXPONENT):
            item += 1
            for version, amounts in ((1, first), (2, second)):
                if amounts is None:
                    continue
                code = f"{product}-{currency}-{interval[0]}-v{version}"
                prices[code] = Price(
                    code,
                    product,
                    product if product in _PLANS else None,
                    version,
                    "recurring",
                    None,
                    model,
                    currency,
                    interval,
                    amounts[i],
                    None,
                    None,
                    (),
                    SERVICES if "support" in product else SAAS,
                    _REVENUE_ACCOUNT.get(product, "4000"),
                    f"price_{_stripe_suffix(code)}" if product in SELF_SERVICE else None,
                    str(item),
                    _crm_code(product, interval) if product in ASSISTED else None,
                    CATALOGUE_FROM if version == 1 else change,
                    change if version == 1 and second else None,
                )
    for meter, (model, included, size, by_currency) in _USAGE.items():
        for currency, terms in by_currency.items():
            item += 1
            code = f"{meter.replace('_', '-')}-{currency}-m-v1"
            prices[code] = Price(
                code,
                meter,
                None,
                1,
                "usage",
                meter,
                model,
                currency,
                "month",
                terms if isinstance(terms, str) else None,
                size,
                included,
                () if isinstance(terms, str) else terms,
                SAAS,
                "4010",
                f"price_{_stripe_suffix(code)}",
                str(item),
                _crm_code(meter, "month"),
                CATALOGUE_FROM,
                None,
            )
    return prices


_PLANS = frozenset(product.plan_code for product in PRODUCTS if product.plan_code)


def _stripe_suffix(code: str) -> str:
    return "1Q" + code.replace("-", "").replace("_", "").ljust(14, "0")


def _crm_code(product: str, interval: str) -> str:
    return f"{product.upper().replace('_', '-')}-{interval[0].upper()}"


def usage_price_code(meter: str, currency: str) -> str:
    """Code of the one price a meter has in a currency."""
    return f"{meter.replace('_', '-')}-{currency}-m-v1"


def price_on(prices: dict[str, Price], product: str, currency: str, interval: str, day: date) -> Price:
    """The version of a product's price that is sold on the day."""
    return next(
        price
        for price in prices.values()
        if (price.product_code, price.currency, price.interval) == (product, currency, interval)
        and price.valid_from <= day
        and (price.valid_to is None or day < price.valid_to)
    )


def rate(price: Price, quantity: Decimal) -> Decimal:
    """Exact minor units of `quantity` under `price`, before rounding."""
    if price.included_quantity is not None:
        quantity = max(Decimal(0), quantity - Decimal(price.included_quantity))
    if price.charge_model == "flat":
        return to_minor(price.unit_amount or "0", price.currency)
    if price.charge_model == "per_unit":
        return quantity * to_minor(price.unit_amount or "0", price.currency)
    if price.charge_model == "package":
        packages = (quantity / Decimal(price.package_size or "1")).to_integral_value(rounding=ROUND_CEILING)
        return packages * to_minor(price.unit_amount or "0", price.currency)
    if price.charge_model == "volume":
        return _volume(price, quantity)
    return _graduated(price, quantity)


def _graduated(price: Price, quantity: Decimal) -> Decimal:
    total, lower = Decimal(0), Decimal(0)
    for tier in price.tiers:
        upper = Decimal(tier.up_to) if tier.up_to is not None else quantity
        units = min(quantity, upper) - lower
        if units <= 0:
            break
        total += units * to_minor(tier.unit_amount, price.currency) + to_minor(tier.flat_amount, price.currency)
        lower = upper
    return total


def _volume(price: Price, quantity: Decimal) -> Decimal:
    if quantity <= 0:
        return Decimal(0)
    for tier in price.tiers:
        if tier.up_to is None or quantity <= Decimal(tier.up_to):
            return quantity * to_minor(tier.unit_amount, price.currency) + to_minor(tier.flat_amount, price.currency)
    raise ValueError(f"{price.code} has no open last tier")


@dataclass(frozen=True)
class Coupon:
    """`percent_off` as text, or `amount_off` in minor units of `currency`; `months` only for repeating ones."""

    id: str
    name: str
    percent_off: str | None
    amount_off: int | None
    currency: str | None
    duration: str
    months: int | None


COUPONS = {
    coupon.id: coupon
    for coupon in (
        Coupon("FRIENDS15", "15% off, forever", "15", None, None, "forever", None),
        Coupon("PARTNER12", "12.5% off, forever", "12.5", None, None, "forever", None),
        Coupon("WELCOME50", "50% off the first invoice", "50", None, None, "once", None),
        Coupon("LAUNCH20", "20% off for two months", "20", None, None, "repeating", 2),
        Coupon("BUNDLE10USD", "10.01 USD off, forever", None, 1001, "usd", "forever", None),
        Coupon("BUNDLE7EUR", "7.77 EUR off, forever", None, 777, "eur", "forever", None),
        Coupon("BUNDLE1000JPY", "1000 JPY off, forever", None, 1000, "jpy", "forever", None),
    )
}

# jurisdiction, product tax code, rate, valid from, valid to
TAX_RATES = (
    ("US", SAAS, "0.0725", date(2016, 1, 1), None),
    ("US", SERVICES, "0", date(2016, 1, 1), None),
    ("DE", SAAS, "0.19", date(2016, 1, 1), date(2020, 7, 1)),
    ("DE", SAAS, "0.16", date(2020, 7, 1), date(2021, 1, 1)),
    ("DE", SAAS, "0.19", date(2021, 1, 1), None),
    ("DE", SERVICES, "0.19", date(2021, 1, 1), None),
    ("FR", SAAS, "0.20", date(2016, 1, 1), None),
    ("FR", SERVICES, "0.20", date(2016, 1, 1), None),
    ("GB", SAAS, "0.20", date(2016, 1, 1), None),
    ("GB", SERVICES, "0.20", date(2016, 1, 1), None),
    ("JP", SAAS, "0.10", date(2019, 10, 1), None),
    ("JP", SERVICES, "0.10", date(2019, 10, 1), None),
)


def tax_rate(jurisdiction: str, tax_code: str, day: date) -> Decimal:
    """The rate in force on `day`. Raises LookupError when the jurisdiction has none."""
    for where, code, value, valid_from, valid_to in TAX_RATES:
        if where == jurisdiction and code == tax_code and valid_from <= day and (valid_to is None or day < valid_to):
            return Decimal(value)
    raise LookupError(f"no tax rate for {jurisdiction} {tax_code} on {day}")


def fx_rates(start: date) -> dict[date, dict[str, Decimal]]:
    """Units of usd and jpy per euro on each business day: a slow deterministic drift, no weekends."""
    rates = {}
    day = start - timedelta(days=7)
    step = 0
    while day <= LAST_ACTIVITY:
        if is_business_day(day):
            rates[day] = {
                "usd": Decimal(10850 + (step * 37) % 211 - (step * 13) % 97) / 10000,
                "jpy": Decimal(16210 + (step * 53) % 307 - (step * 29) % 131) / 100,
            }
            step += 1
        day += timedelta(days=1)
    return rates

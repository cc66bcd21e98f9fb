"""Suites on raw, two a system: its records (identity, types, ranges) and its deliveries (completeness, freshness).

They look at the deliveries of one window. What would be read wrongly by every later model blocks; what a person should
look at warns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from expectations.rules import Rule, Suite, matches, never, no_rows, present

WHOLE = "^-?[0-9]+$"
DECIMAL = "^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$"
CURRENCY = "^[a-z][a-z][a-z]$"  # no braces: Great Expectations formats the query


@dataclass(frozen=True)
class System:
    """What is expected of one system.

    ``objects`` (name and raw table) make up the records; ``required`` must have been delivered once the system delivers
    at all; ``quiet_days`` is how long it may be silent, by the last day that any system delivered.
    """

    name: str
    objects: dict[str, str]
    required: Sequence[str]
    quiet_days: int
    rules: Sequence[Rule] = field(default_factory=tuple)


def _tables(system: str, *objects: str) -> dict[str, str]:
    return {name: f"raw.{system}__{name}" for name in objects}


def _not_whole(objects: Sequence[str], *fields: str) -> str:
    return _badly_formed(objects, WHOLE, fields)


def _badly_formed(objects: Sequence[str], form: str, fields: Sequence[str]) -> str:
    """Condition: a record of ``objects`` has one of ``fields``, but not in the form."""
    bad = " or ".join(f"payload ->> '{name}' !~ '{form}'" for name in fields)
    return f"object in ({_quoted(objects)}) and ({bad})"


def _lacks(objects: Sequence[str], *fields: str) -> str:
    missing = " or ".join(f"payload ->> '{name}' is null" for name in fields)
    return f"object in ({_quoted(objects)}) and not is_deleted and ({missing})"


def _not_in(objects: Sequence[str], name: str, values: Sequence[str]) -> str:
    return f"object in ({_quoted(objects)}) and payload ->> '{name}' not in ({_quoted(values)})"


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


STRIPE_MONEY = ("invoices", "invoice_line_items", "charges", "refunds", "disputes", "balance_transactions", "payouts")

SYSTEMS = (
    System(
        "usage",
        _tables("usage", "control_totals"),
        required=("events",),
        quiet_days=1,
        rules=(
            never(
                "counts_are_whole",
                "A producer's event count is a whole number that is not negative.",
                _badly_formed(["control_totals"], "^[0-9]+$", ["event_count"]),
            ),
            never(
                "quantities_are_numbers",
                "A producer's sum of quantities is a number.",
                _badly_formed(["control_totals"], DECIMAL, ["quantity_sum"]),
            ),
        ),
    ),
    System(
        "control_plane",
        _tables("control_plane", "accounts", "entitlements", "provisioning"),
        required=("accounts",),
        quiet_days=7,
        rules=(
            never(
                "accounts_are_placed",
                "Every account has a zone and a country: usage days and tax depend on them.",
                _lacks(["accounts"], "timezone", "country"),
                "warn",
            ),
            never(
                "zones_exist",
                "The zone of an account is one of the pinned zone database, which days are cut by.",
                "object = 'accounts' and payload ->> 'timezone' is not null"
                " and payload ->> 'timezone' not in (select zone from ops.tz_transitions)",
            ),
            never(
                "entitled_quantities_are_numbers",
                "An entitled quantity is a number that is not negative.",
                _badly_formed(["entitlements"], "^[0-9]+([.][0-9]+)?$", ["quantity"]),
            ),
        ),
    ),
    System(
        "catalog",
        _tables("catalog", "plans", "prices", "meters", "conventions", "policies"),
        required=("prices", "meters", "conventions"),
        quiet_days=400,
        rules=(
            never(
                "prices_have_a_currency",
                "Every price has a lower-case ISO 4217 currency.",
                f"object = 'prices' and coalesce(payload ->> 'currency', '') !~ '{CURRENCY}'",
            ),
            never(
                "unit_amounts_are_numbers",
                "A unit amount is a decimal number that is not negative.",
                _badly_formed(["prices"], "^[0-9]+([.][0-9]+)?$", ["unit_amount", "package_size", "included_quantity"]),
            ),
            never(
                "everything_has_a_first_day",
                "Prices and conventions say from which day they hold.",
                _lacks(["prices", "conventions"], "valid_from"),
            ),
        ),
    ),
    System(
        "stripe",
        _tables(
            "stripe",
            *("customers", "products", "prices", "coupons", "tax_rates", "subscriptions", "invoices"),
            *("invoice_line_items", "invoice_payments", "credit_notes", "charges", "payment_intents", "refunds"),
            *("disputes", "balance_transactions", "payouts", "payout_balance_transactions", "events", "meters"),
            *("meter_event_summaries", "balance_summaries"),
        ),
        required=("invoices", "charges", "balance_transactions", "payouts"),
        quiet_days=2,
        rules=(
            never(
                "amounts_are_whole_minor_units",
                "Every amount is a whole number of minor units.",
                _not_whole(
                    [*STRIPE_MONEY, "invoice_payments", "credit_notes", "payment_intents"],
                    *("amount", "total", "subtotal", "amount_due", "amount_paid", "fee", "net"),
                ),
            ),
            never(
                "money_has_a_currency",
                "Every object with an amount has a lower-case ISO 4217 currency.",
                f"object in ({_quoted(STRIPE_MONEY)}) and not is_deleted"
                f" and coalesce(payload ->> 'currency', '') !~ '{CURRENCY}'",
            ),
            never(
                "invoice_statuses_are_known",
                "An invoice is a draft, open, paid, void or uncollectible.",
                _not_in(["invoices"], "status", ["draft", "open", "paid", "void", "uncollectible"]),
            ),
            never(
                "lines_name_their_invoice",
                "Every invoice line names its invoice.",
                _lacks(["invoice_line_items"], "invoice"),
            ),
            never(
                "creation_instants_are_epochs",
                "created is a number of seconds.",
                _not_whole(["invoices", "charges", "balance_transactions", "payouts", "events"], "created"),
            ),
            never(
                "net_is_amount_less_fee",
                "The net of a balance transaction is its amount less its fee.",
                "object = 'balance_transactions' and payload ->> 'net' ~ '^-?[0-9]+$' and payload ->> 'amount' ~"
                " '^-?[0-9]+$'"
                " and payload ->> 'fee' ~ '^-?[0-9]+$'"
                " and cast(payload ->> 'net' as numeric)"
                " <> cast(payload ->> 'amount' as numeric) - cast(payload ->> 'fee' as numeric)",
                "warn",
            ),
        ),
    ),
    System(
        "crm",
        {
            "Account": "raw.crm__account",
            "Opportunity": "raw.crm__opportunity",
            "OpportunityLineItem": "raw.crm__opportunity_line_item",
            "Quote": "raw.crm__quote",
            "QuoteLineItem": "raw.crm__quote_line_item",
            "Order": "raw.crm__order",
            "OrderItem": "raw.crm__order_item",
            "Contract": "raw.crm__contract",
            "Product2": "raw.crm__product2",
            "PricebookEntry": "raw.crm__pricebook_entry",
        },
        required=("Account", "Order", "OrderItem", "Contract"),
        quiet_days=7,
        rules=(
            never(
                "identifiers_have_eighteen_characters",
                "A record is known by its case-safe id of 18 characters.",
                "length(record_id) <> 18",
            ),
            never(
                "figures_are_numbers",
                "Quantities and prices are decimal numbers.",
                _badly_formed(
                    ["OrderItem", "QuoteLineItem", "OpportunityLineItem", "PricebookEntry"],
                    DECIMAL,
                    ["Quantity", "UnitPrice", "TotalPrice", "ListPrice"],
                ),
            ),
            never(
                "order_items_name_order_and_product",
                "Every order item names its order and its product.",
                _lacks(["OrderItem"], "OrderId", "Quantity", "UnitPrice"),
            ),
            never(
                "order_items_say_when",
                "Every order item says from when it is served.",
                _lacks(["OrderItem"], "ServiceDate"),
                "warn",
            ),
        ),
    ),
    System(
        "erp",
        _tables(
            "erp",
            *("customer", "item", "account", "accountingperiod", "subsidiary", "currency", "currencyrate"),
            *("transaction", "transactionline", "transactionaccountingline"),
        ),
        required=("transaction", "transactionline", "customer", "currency"),
        quiet_days=7,
        rules=(
            never(
                "figures_are_numbers",
                "Quantities, rates and amounts are decimal numbers.",
                _badly_formed(
                    ["transactionline", "transactionaccountingline"],
                    DECIMAL,
                    ["quantity", "rate", "netamount", "foreignamount", "amount", "debit", "credit"],
                ),
            ),
            never(
                "flags_are_t_or_f",
                "Flags are T or F.",
                "object = 'transactionline' and (payload ->> 'mainline' not in ('T', 'F') or payload ->> 'taxline'"
                " not in ('T', 'F'))",
            ),
            never(
                "lines_name_their_transaction",
                "Every line names its transaction.",
                _lacks(["transactionline", "transactionaccountingline"], "transaction"),
            ),
            no_rows(
                "postings_balance",
                "The postings of a delivered transaction add up to zero.",
                "select payload ->> 'transaction' as transaction, load_id, sum(cast(payload ->> 'amount' as"
                " numeric)) as difference"
                " from {batch} where object = 'transactionaccountingline' and payload ->> 'amount' ~"
                " '^-?[0-9]+([.][0-9]+)?$'"
                " group by payload ->> 'transaction', load_id having sum(cast(payload ->> 'amount' as numeric)) <> 0",
                "warn",
            ),
        ),
    ),
    System(
        "bank",
        _tables("bank", "statements"),
        required=("statements",),
        quiet_days=5,
        rules=(
            never(
                "balances_are_numbers",
                "Opening and closing balances are decimal numbers.",
                _badly_formed(["statements"], DECIMAL, ["opening_balance", "closing_balance"]),
            ),
            never(
                "statements_have_a_currency",
                "Every statement has a lower-case ISO 4217 currency.",
                f"coalesce(payload ->> 'currency', '') !~ '{CURRENCY}'",
            ),
            never(
                "statements_add_up",
                "Opening balance plus entries is the closing balance.",
                "cast(payload ->> 'opening_balance' as numeric) + coalesce(("
                "select sum(cast(entry ->> 'amount' as numeric)) from jsonb_array_elements(payload -> 'entries') as"
                " entry"
                "), 0) <> cast(payload ->> 'closing_balance' as numeric)",
            ),
        ),
    ),
    System(
        "tax",
        _tables("tax", "rates", "exemptions"),
        required=("rates",),
        quiet_days=400,
        rules=(
            never(
                "rates_are_shares",
                "A tax rate is a number from 0 to 1: 0.19, not 19.",
                "object = 'rates' and not case when payload ->> 'rate' ~ '^[0-9]+([.][0-9]+)?$'"
                " then cast(payload ->> 'rate' as numeric) between 0 and 1 else false end",
            ),
        ),
    ),
    System(
        "fx",
        _tables("fx", "rates"),
        required=("rates",),
        quiet_days=5,
        rules=(
            never(
                "rates_are_above_zero",
                "A rate is a number above zero.",
                "not case when payload ->> 'rate' ~ '^[0-9]+([.][0-9]+)?$' then cast(payload ->> 'rate' as numeric)"
                " > 0 else false end",
            ),
        ),
    ),
)

RECORD_RULES = (
    present("record_id"),
    never("record_id_is_not_blank", "No record id is blank.", "trim(record_id) = ''"),
    matches("payload_type", "^object$", "Every record is one object."),
    matches("record_hash", "^[0-9a-f]{32,}$", "Every record has the hash of its content.", "warn"),
    no_rows(
        "one_version_a_file",
        "A file says one thing of a record.",
        "select object, load_id, record_id, count(*) as versions from {batch}"
        " group by object, load_id, record_id having count(distinct record_hash) > 1",
        "warn",
    ),
)

# Events are told apart within their UTC day only. What was delivered is hashed and compared with the partitions around
# it, of which none is read that lies more than RETURNING_DAYS before the oldest event delivered.
RETURNING_DAYS = 35
RETURNING_EVENTS = f"""
    with delivered as materialized (
        select load_id, line_no, delivered_on, source, event_id, occurred_on, quantity
        from {{batch}}
    )
    select
        delivered.source, delivered.event_id, delivered.occurred_on, delivered.quantity, delivered.delivered_on,
        delivered.load_id, delivered.line_no, others.occurred_on as other_occurred_on,
        others.quantity as other_quantity, others.delivered_on as other_delivered_on,
        others.load_id as other_load_id, others.line_no as other_line_no
    from delivered
    inner join raw.usage__events as others
        on delivered.source = others.source and delivered.event_id = others.event_id
    where
        others.occurred_on >= (select min(occurred_on) - {RETURNING_DAYS} from delivered)
        and others.occurred_on <> delivered.occurred_on
        and others.occurred_on >= delivered.occurred_on - {RETURNING_DAYS}
        and others.occurred_on <= delivered.occurred_on + {RETURNING_DAYS}
"""

EVENT_RULES = (
    never("identity_is_not_blank", "Source and event id are there.", "trim(source) = '' or trim(event_id) = ''"),
    never("subject_is_not_blank", "Every event names the account that used something.", "trim(subject) = ''"),
    never(
        "events_happened_before_delivery",
        "No event happened later than the day after its delivery.",
        "occurred_at >= cast(delivered_on + 2 as timestamp) at time zone 'UTC'",
    ),
    never(
        "the_day_is_that_of_the_instant",
        "The UTC day that an event is stored under is the day it happened.",
        "occurred_on <> cast(occurred_at at time zone 'UTC' as date)",
    ),
    never("quantities_are_not_negative", "No quantity is negative.", "quantity < 0", "warn"),
    never(
        "nothing_recorded_before_it_happened",
        "No producer recorded an event more than a day before it happened.",
        "recorded_at < occurred_at - interval '1 day'",
        "warn",
    ),
    no_rows(
        "no_event_returns_on_another_day",
        "No event id of a source returns on another UTC day, where both would be counted.",
        RETURNING_EVENTS,
        "warn",
        holds_close=True,
    ),
)

RECORD_COLUMNS = (
    "load_id, line_no, delivered_on, record_id, record_hash, is_deleted, jsonb_typeof(payload) as payload_type, payload"
)
WINDOW = "delivered_on >= date %(start)s and delivered_on < date %(end)s"


def _records(system: System) -> Suite:
    query = " union all ".join(
        f"select '{name}' as object, {RECORD_COLUMNS} from {table} where {WINDOW}"
        for name, table in system.objects.items()
    )
    return Suite(
        f"{system.name}_records",
        "raw",
        f"raw.{system.name}",
        ("raw", system.name),
        query,
        (*RECORD_RULES, *system.rules),
    )


def _deliveries(system: System) -> Suite:
    expected = ", ".join(f"('{name}', {str(name in system.required).lower()})" for name in _objects(system))
    query = f"""
        select
            expected.object, expected.is_required, loads.last_delivered_on, loads.unaccounted,
            max(loads.last_delivered_on) over () as system_last_on, clock.last_on
        from (values {expected}) as expected (object, is_required)
        cross join (select max(delivered_on) as last_on from ops.loads where delivered_on < date %(end)s) as clock
        left join (
            select
                object, max(delivered_on) as last_delivered_on,
                sum(rows_in - accepted - duplicate - quarantined - late_excluded) as unaccounted
            from ops.loads
            where system = '{system.name}' and delivered_on < date %(end)s
            group by object
        ) as loads on expected.object = loads.object
    """
    rules = (
        never(
            "what_finance_needs_was_delivered",
            f"{', '.join(system.required)} of {system.name} have been delivered.",
            "is_required and last_delivered_on is null and system_last_on is not null",
        ),
        never(
            "everything_was_delivered",
            f"Every object of {system.name} has been delivered, if only as an empty file.",
            "last_delivered_on is null and system_last_on is not null",
            "warn",
        ),
        never(
            "deliveries_are_fresh",
            f"{system.name} was silent for at most {system.quiet_days} days before the last day that anybody"
            f" delivered.",
            f"last_on - system_last_on > {system.quiet_days}",
            "warn",
        ),
        never(
            "every_row_is_accounted_for", "Rows in are accepted, duplicate, quarantined or late.", "unaccounted <> 0"
        ),
    )
    return Suite(f"{system.name}_deliveries", "raw", f"raw.{system.name}", ("raw", system.name), query, rules)


def _objects(system: System) -> list[str]:
    return ["events", *system.objects] if system.name == "usage" else list(system.objects)


USAGE_EVENTS = Suite(
    "usage_events",
    "raw",
    "raw.usage__events",
    ("raw", "usage"),
    "select load_id, line_no, delivered_on, source, event_id, event_type, subject, occurred_at,"
    " occurred_on, recorded_at,"
    f" quantity from raw.usage__events where {WINDOW}"
    # the partitions have an index on load_seq: a new day's events are found without reading the history
    " and load_seq >= (select min(load_seq) from ops.loads"
    f" where system = 'usage' and object = 'events' and {WINDOW})",
    EVENT_RULES,
)

RAW_SUITES: tuple[Suite, ...] = (
    *(_records(system) for system in SYSTEMS),
    USAGE_EVENTS,
    *(_deliveries(system) for system in SYSTEMS),
)

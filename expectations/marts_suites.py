"""Suites on what finance reads: arithmetic between columns, and between tables.

They look at whole tables: a mart is either right or not, whatever delivery touched it last.
"""

from __future__ import annotations

from expectations.rules import Rule, Suite, between, matches, never, no_rows, one_of, unique

CURRENCY = "^[a-z]{3}$"


def _currency() -> Rule:
    return matches("currency", CURRENCY, "Every amount has a lower-case ISO 4217 currency beside it.")


def _mart(name: str, *rules: Rule, needs: tuple[str, ...] = ()) -> Suite:
    return Suite(
        name, "marts", f"marts.{name}", ("marts", name), f"select * from marts.{name}", rules, (f"marts.{name}", *needs)
    )


def _reconciliation(name: str, *rules: Rule) -> Suite:
    return Suite(
        name,
        "marts",
        f"reconciliation.{name}",
        ("reconciliation", name),
        f"select * from reconciliation.{name}",
        rules,
        (f"reconciliation.{name}",),
    )


MARTS_SUITES: tuple[Suite, ...] = (
    _mart(
        "fct_invoices",
        unique(["billing_system", "invoice_id"]),
        _currency(),
        one_of("billing_system", ["stripe", "erp"]),
        never(
            "total_is_its_parts",
            "Total is subtotal less discount plus tax.",
            "total_minor <> subtotal_minor - discount_minor + tax_minor",
            "warn",
        ),
        no_rows(
            "lines_add_up_to_the_invoice",
            "The lines of an issued invoice add up to its total.",
            "select invoices.billing_system, invoices.invoice_id, invoices.currency, invoices.total_minor,"
            " lines.total_minor as lines_minor"
            " from (select * from {batch}) as invoices inner join ("
            "select billing_system, invoice_id, sum(net_minor + tax_minor) as total_minor from marts.fct_invoice_lines"
            " group by billing_system, invoice_id) as lines"
            " on invoices.billing_system = lines.billing_system and invoices.invoice_id = lines.invoice_id"
            " where invoices.total_minor <> lines.total_minor",
            "warn",
        ),
        needs=("marts.fct_invoice_lines",),
    ),
    _mart(
        "fct_invoice_lines",
        unique(["billing_system", "invoice_line_id"]),
        _currency(),
        never("net_is_gross_less_discount", "Net is gross less discount.", "net_minor <> gross_minor - discount_minor"),
        never(
            "periods_run_forward",
            "No line is for a period that ends before it begins.",
            "period_end < period_start",
            "warn",
        ),
    ),
    _mart(
        "fct_expected_invoice_lines",
        _currency(),
        never("net_is_gross_less_discount", "Net is gross less discount.", "net_minor <> gross_minor - discount_minor"),
    ),
    _mart(
        "fct_rated_charges",
        unique(["charge_id"]),
        _currency(),
        never(
            "gross_is_the_exact_amount_rounded_once",
            "Gross is the exact amount, rounded once, inside its minimum and maximum.",
            "abs(rated_minor - gross_exact) >= 1 or gross_minor <> rated_minor - over_maximum_minor + to_minimum_minor",
        ),
    ),
    _mart(
        "fct_balance_transactions",
        unique(["balance_transaction_id"]),
        _currency(),
        never("net_is_amount_less_fee", "Net is amount less fee.", "net_minor <> amount_minor - fee_minor"),
    ),
    _mart(
        "fct_payouts",
        unique(["payout_id"]),
        _currency(),
        never("no_payout_without_money", "Every payout moves money.", "amount_minor = 0", "warn"),
    ),
    _mart(
        "fct_payments",
        unique(["payment_id"]),
        _currency(),
        one_of("kind", ["payment", "refund", "dispute", "dispute_reversal"]),
        never(
            "signs_follow_the_kind",
            "Money that comes in is positive, money that goes out negative.",
            "(kind in ('payment', 'dispute_reversal') and amount_minor < 0) or (kind in ('refund', 'dispute')"
            " and amount_minor > 0)",
        ),
    ),
    _mart("fct_bank_lines", unique(["bank_line_key"]), _currency()),
    _mart(
        "fct_bank_statements",
        unique(["statement_key"]),
        _currency(),
        never(
            "opening_and_entries_are_closing",
            "Opening balance plus entries is the closing balance.",
            "opening_balance_minor + entries_minor <> closing_balance_minor",
        ),
        never(
            "statements_go_on_from_one_another",
            "Every statement opens with what the one before it closed with, and has the next number.",
            "not is_in_order",
            "warn",
        ),
    ),
    _mart(
        "fct_fx_rates",
        unique(["rate_on", "from_currency", "to_currency"]),
        never(
            "rates_are_above_zero",
            "A rate that is there is a ratio above zero.",
            "status <> 'missing' and (rate_numerator <= 0 or rate_denominator <= 0)",
        ),
        never(
            "no_rate_is_missing",
            "Every day with money in another than the reporting currency has a rate young enough.",
            "status = 'missing'",
            "warn",
        ),
    ),
    _mart(
        "fct_revenue_schedules",
        unique(["invoice_line_id", "month_on"]),
        _currency(),
        no_rows(
            "months_add_up_to_the_line",
            "The months of a line add up to the line.",
            "select invoice_line_id, currency, min(line_net_minor) as line_net_minor, sum(amount_minor) as months_minor"
            " from {batch} group by invoice_line_id, currency having sum(amount_minor) <> min(line_net_minor)",
        ),
    ),
    _mart(
        "fct_monthly_revenue",
        unique(["monthly_revenue_key"]),
        _currency(),
        no_rows(
            "months_are_the_schedules",
            "Revenue of a month and currency is the sum of its schedules.",
            "select coalesce(months.month_on, schedules.month_on) as month_on, coalesce(months.currency,"
            " schedules.currency) as currency,"
            " months.amount_minor, schedules.amount_minor as schedules_minor"
            " from (select month_on, currency, sum(amount_minor) as amount_minor from {batch} group by month_on,"
            " currency) as months"
            " full join (select month_on, currency, sum(amount_minor) as amount_minor from marts.fct_revenue_schedules"
            " group by month_on, currency) as schedules on months.month_on = schedules.month_on and"
            " months.currency = schedules.currency"
            " where months.amount_minor is distinct from schedules.amount_minor",
        ),
        needs=("marts.fct_revenue_schedules",),
    ),
    _mart(
        "fct_usage_daily",
        unique(["account_id", "meter_code", "usage_on"]),
        never(
            "no_events_no_quantity",
            "A day without events has no quantity.",
            "event_count = 0 and quantity <> 0",
            "warn",
        ),
        between("quantity", 0, None, "No account used less than nothing."),
    ),
    _reconciliation(
        "recon_control_totals",
        never(
            "breaks_explain_the_difference",
            "Left less right is the sum of breaks, expected differences and rounding.",
            "residue_minor <> 0",
        ),
        never(
            "a_control_looks_at_something",
            "No control compares nothing with nothing.",
            "left_count + right_count = 0",
            "warn",
        ),
    ),
    _reconciliation(
        "recon_reference_faults",
        never(
            "reference_data_agrees",
            "Intervals of one key do not overlap, and what a price, policy or exemption names is there.",
            "fault is not null",
            "warn",
        ),
    ),
    _reconciliation(
        "recon_tie_out",
        unique(["period_month", "currency"]),
        _currency(),
        never(
            "no_more_lines_tie_out_than_there_are",
            "No more lines tie out than were billed.",
            "tied_line_count > line_count or tied_line_count < 0",
        ),
    ),
)

"""Classes of breaks that no planted fault has, each with the reason."""

from __future__ import annotations

ONE_DOCUMENT = "both sides are read from one document, which has one currency"
OUR_OWN_MODELS = "both sides are models of the warehouse: only its own error raises it; tests of the models plant it"
NEEDS_A_CLOSE = "needs a month that was closed, which these worlds have none of; tests of the models plant it"
OF_CONTROLS = "a fault of a control and not of a file; the health of controls is scored by itself"
NO_SUCH_ORDER = "the sample company has no such order whose periods are not billed too"

UNPLANTED: dict[tuple[str, str], str] = {
    ("B2", "UNEXPECTED_LINE"): "a line of the ERP that nobody expects is MANUAL_LINE",
    ("B5", "FREE_SEATS"): OUR_OWN_MODELS,
    ("B5", "MISSING_LEFT"): OUR_OWN_MODELS,
    ("B5", "QUANTITY"): OUR_OWN_MODELS,
    ("C1", "CURRENCY"): "invoices in another currency than their payments are WRONG_CUR; receipts meet in one currency",
    ("C3", "CURRENCY"): ONE_DOCUMENT,
    ("C4", "CURRENCY"): "a payout meets bank entries of its own currency alone: another one is NOT_RECEIVED",
    ("G1", "CURRENCY"): ONE_DOCUMENT,
    ("G1", "FX_REVAL"): NEEDS_A_CLOSE,
    ("G2", "NEG_DEFERRED"): NEEDS_A_CLOSE,
    ("G2", "NO_SCHEDULE"): OUR_OWN_MODELS,
    ("G2", "OPEN_NE_PRIOR_CLOSE"): NEEDS_A_CLOSE,
    ("G2", "ROLL"): NEEDS_A_CLOSE,
    ("G2", "SCHEDULE_SUM"): OUR_OWN_MODELS,
    ("G2", "STALE"): OUR_OWN_MODELS,
    ("G2", "UNBILLED"): NEEDS_A_CLOSE,
    ("G3", "REV_DIFF"): NEEDS_A_CLOSE,
    ("O1", "CANCEL_NOT_APPLIED"): NO_SUCH_ORDER,
    ("O1", "RAMP_MISSED"): NO_SUCH_ORDER,
    ("O1", "RENEWAL_LAPSED"): NO_SUCH_ORDER,
    ("P1", "RESTATED"): NEEDS_A_CLOSE,
    ("P2", "NOT_RUN"): OF_CONTROLS,
    ("P2", "RAN_ON_STALE_INPUT"): OF_CONTROLS,
    ("P2", "SELF_COMPARISON"): OF_CONTROLS,
    ("P2", "ZERO_POPULATION"): OF_CONTROLS,
    ("T1", "CURRENCY"): ONE_DOCUMENT,
    ("U2", "IDENTITY"): "the database refuses a load whose rows do not add up",
    ("U3", "AGG_DRIFT"): OUR_OWN_MODELS,
    ("U3", "AGG_ORPHAN"): OUR_OWN_MODELS,
    ("U3", "AGG_STALE"): OUR_OWN_MODELS,
    ("U3", "BOUNDARY"): OUR_OWN_MODELS,
    ("U3", "LATE_POST_CLOSE"): NEEDS_A_CLOSE,
    ("U4", "TOO_LATE"): "monthly meters are cut off two days after the month: nothing before that is 35 days old",
}

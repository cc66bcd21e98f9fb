"""Who has to do something about a record or file that was set aside, and what."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCER, PRICING, TREASURY, SECURITY, DATA = (
    "owner of the delivering system",
    "owner of the price catalogue",
    "treasury",
    "security",
    "data engineering",
)


@dataclass(frozen=True, slots=True)
class Remedy:
    """``owner`` is a role; ``text`` is one sentence."""

    owner: str
    text: str


CORRECT = "Correct it at the source and deliver the record again under a new file name; that supersedes this one."
REPAIR = "Repair the export, then deliver the records again under a new file name."
BANK = "Ask the bank for a statement that adds up; nothing of this one has landed."
RETRY = "then run: tieout quarantine retry"

_BY_OWNER: dict[str, dict[str, tuple[str, ...]]] = {
    PRODUCER: {
        CORRECT: (
            *("missing_field", "retyped", "wrong_object", "bad_identifier", "bad_time", "bad_date", "bad_number"),
            *("bad_value", "missing_attribute", "bad_attribute", "specversion", "bad_data", "missing_quantity"),
            *("bad_quantity", "bad_dimension", "bad_interval"),
        ),
        REPAIR: (
            *("json", "duplicate_key", "not_a_number", "number_out_of_range", "too_deep", "not_an_object", "encoding"),
            *("nul", "ragged_row", "unclosed_quote", "stray_quote", "stray_line_end"),
        ),
        "Set the producer's clock right and deliver the event again; if the time is true, wait for its day, " + RETRY: (
            "future_dated",
        ),
        "Finish the delivery (manifest or _SUCCESS); the next load takes it.": ("incomplete",),
        "Deliver the correction under a new name or date; what landed first stays.": ("changed_after_load",),
        "Give back the columns that went missing, or deliver the old layout.": ("schema", "format"),
        "Deliver the file itself, in parts, into the landing place.": (
            *("outside_landing", "unpacks_too_large", "too_large", "line_too_long"),
        ),
        "Move it to <system>/<object>/<YYYY-MM-DD>/.": ("unknown_object", "misplaced"),
        "Send a pseudonymous id instead of the address and deliver the record again.": ("email_address",),
    },
    PRICING: {
        f"Declare the meter in the catalogue, load it, {RETRY}": ("unknown_meter",),
        f"Correct the entry at the line the detail names and deliver it under a new name, {RETRY}": ("catalogue",),
    },
    TREASURY: {
        BANK: (
            *("statement_sum", "no_balance", "control_total", "mixed_currency", "intraday", "not_booked"),
            *("not_an_update", "type_code", "bad_amount", "batch_total", "charge_total", "funds_total"),
            *("unknown_currency", "too_precise", "two_versions"),
        ),
        "Correct the bank's profile; the detail names the line.": ("profile",),
    },
    SECURITY: {
        "Remove the card number at the source, find out how it got there, and deliver the record again.": (
            "card_number",
        ),
        "Revoke the key, remove it at the source and deliver the record again.": ("secret",),
        "Rename the file and look who else has its name.": ("sensitive_name",),
    },
    DATA: {
        f"If events this old shall count, raise TIEOUT_MAX_AGE_DAYS, {RETRY}": ("late_excluded",),
        "See the detail; Postgres does not take a value of the file.": ("database",),
    },
}
REMEDIES: dict[str, Remedy] = {
    reason: Remedy(owner, text)
    for owner, by_text in _BY_OWNER.items()
    for text, reasons in by_text.items()
    for reason in reasons
}
UNKNOWN = Remedy(DATA, "See the detail.")


def remedy_of(reason: str) -> Remedy:
    """The remedy of a reason; of an unknown one, to look at its detail."""
    return REMEDIES.get(reason, UNKNOWN)

"""The stages of the simulation in their order, each fed by the one before: facts, usage, bills, cash, extracts.

Between the stages the fault plan may change what it finds, so that a mistake travels on as it would in life.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from ingestion.sample_company.bank_entries import bank_payouts, other_entries
from ingestion.sample_company.bill_contracts import bill_contracts
from ingestion.sample_company.bill_subscriptions import bill_subscriptions
from ingestion.sample_company.card_payments import pay_subscriptions
from ingestion.sample_company.cash import Cash
from ingestion.sample_company.extract import write_csv, write_json_lines
from ingestion.sample_company.fault_plan import FaultPlan
from ingestion.sample_company.labels import Faults
from ingestion.sample_company.landing_files import Landing
from ingestion.sample_company.processor import book, pay_out
from ingestion.sample_company.roster import FEWEST_MONTHS, MOST_MONTHS, build_facts
from ingestion.sample_company.usage import UsageWriter
from ingestion.sample_company.wire_payments import pay_contracts
from ingestion.sample_company.write_bank import statements, write_bank
from ingestion.sample_company.write_control_plane import control_plane
from ingestion.sample_company.write_control_totals import write_control_totals
from ingestion.sample_company.write_crm import CrmWriter
from ingestion.sample_company.write_erp import ErpWriter, write_erp
from ingestion.sample_company.write_reference import write_catalogue, write_fx, write_tax
from ingestion.sample_company.write_stripe import StripeWriter

# These systems mark a finished delivery with an empty file instead of a manifest.
SUCCESS_SYSTEMS = frozenset({"bank", "tax", "fx"})
COMPRESSED = frozenset({"balance_transactions", "balance_summaries", "meter_event_summaries"})


@dataclass(frozen=True)
class Summary:
    """What was written. `rows` counts as the landing door will: statements for the bank, entries for YAML."""

    accounts: int
    invoices: int
    events: int
    files: int
    rows: int
    bytes: int
    faults: int
    decoys: int


class SampleRefused(ValueError):
    """The world asked for cannot be written; the message says why and what to do."""


def write(seed: int, scale: int, months: int, out: Path, faults: Faults = "all") -> Summary:
    """Write the whole world under `out`, and `out/truth.jsonl` with what is wrong in it.

    `scale` multiplies usage alone. `faults` "few" plants one small mistake for each of six controls in the month to
    close, "all" every class at least twice. The same arguments give the same bytes. Raises SampleRefused for a scale
    below 1, for a length no world can have, and for a folder that holds something else.
    """
    if scale < 1:
        raise SampleRefused(f"scale is 1 or more, not {scale}")
    if not FEWEST_MONTHS <= months <= MOST_MONTHS:
        raise SampleRefused(f"months is {FEWEST_MONTHS} to {MOST_MONTHS}, not {months}")
    if faults not in get_args(Faults):
        raise SampleRefused(f"faults is one of {', '.join(get_args(Faults))}, not {faults}")
    _claim(out, {"seed": seed, "scale": scale, "months": months, "faults": faults})
    facts = build_facts(seed, months)
    landing = Landing(out, SUCCESS_SYSTEMS)
    plan = FaultPlan(seed, facts, faults)
    plan.before_usage()
    usage = UsageWriter(landing, facts, seed, scale, plan.usage).write()
    plan.after_usage(usage)

    subscriptions = bill_subscriptions(facts, usage.book, seed)
    contracts = bill_contracts(facts, usage.book)
    plan.after_billing(subscriptions, contracts)
    cash = Cash()
    subscriptions += pay_subscriptions(subscriptions, cash, seed)
    pay_contracts(contracts, cash, seed)
    plan.after_paying(subscriptions, contracts, usage.book)
    book(subscriptions, cash, seed)
    held_back = plan.before_payouts(cash)
    pay_out(cash, seed, held_back=held_back)
    plan.after_payouts()
    bank_payouts(cash)
    other_entries(cash, facts.start)
    plan.after_banking()
    plan.control_plane()

    stripe = StripeWriter(facts, seed).write(subscriptions, cash, usage.book)
    write_json_lines(landing, stripe, compressed=COMPRESSED)
    erp = ErpWriter(facts)
    write_erp(landing, erp.write(contracts, subscriptions, cash))
    crm = CrmWriter(facts, seed)
    write_csv(landing, crm.write(), crm.columns())
    write_json_lines(landing, control_plane(facts))
    write_control_totals(landing, usage, plan.manifests)
    write_catalogue(landing, facts.start)
    write_tax(landing, facts)
    write_fx(landing, facts.start)
    all_statements = statements(cash.entries, facts.start)
    write_bank(landing, all_statements)

    labels = plan.truth(all_statements)
    (out / "truth.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    return Summary(
        accounts=len(facts.accounts),
        invoices=len(subscriptions) + len(contracts),
        events=usage.events,
        files=landing.written.files,
        rows=landing.written.rows,
        bytes=landing.written.bytes,
        faults=sum(label["kind"] == "fault" for label in labels),
        decoys=sum(label["kind"] == "decoy" for label in labels),
    )


def _claim(out: Path, arguments: dict[str, Any]) -> None:
    """Say what the folder holds. Files of two worlds side by side would tie out with neither."""
    note = out / "sample.json"
    if note.exists():
        held = json.loads(note.read_text())
        if held != arguments:
            raise SampleRefused(f"{out} holds another sample ({held}); give an empty folder")
    elif out.exists() and any(out.iterdir()):
        raise SampleRefused(f"{out} is not empty and holds no sample; give an empty folder")
    out.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(arguments) + "\n")

"""Writes the controls into docs/controls.md, from the registry (dbt_project/seeds/recon_*.csv).

What stands between the two marks of the page is made here; the rest of the page is written by hand. With --check
nothing is written, and the exit code is 1 when the page is not what the registry says.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "controls.md"
SEEDS = ROOT / "dbt_project" / "seeds"
BEGIN = "<!-- From here to the next mark: bin/build_controls_page.py -->"
END = "<!-- bin/build_controls_page.py ends here -->"

Row = Mapping[str, str]


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with --check say whether it is up to date."""
    text = PAGE.read_text(encoding="utf-8")
    made = with_controls(text, controls_text())
    if "--check" in arguments:
        if made != text:
            print("docs/controls.md is not what the registry says. Run: bin/build_controls_page.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(made, encoding="utf-8")
    print(f"Written: {PAGE.relative_to(ROOT)}")
    return 0


def with_controls(page: str, controls: str) -> str:
    """The page with the text between its marks replaced. Raises ValueError when it lacks a mark."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} lacks a mark: {BEGIN} ... {END}")
    return f"{head}{BEGIN}\n\n{controls}\n{END}{tail}"


def controls_text() -> str:
    """Every control of the registry as a section, in the order of their ids. Raises ValueError for a lonely row."""
    described = {row["control_id"]: row for row in seed("recon_control_descriptions")}
    controls = sorted(seed("recon_controls"), key=lambda row: row["control_id"])
    lonely = {row["control_id"] for row in controls} ^ set(described)
    if lonely:
        raise ValueError(f"In one of recon_controls and recon_control_descriptions alone: {', '.join(sorted(lonely))}")
    inputs, classes = seed("recon_control_inputs"), seed("recon_break_classes")
    return "\n".join(_section(row, described[row["control_id"]], inputs, classes) for row in controls)


def seed(name: str) -> list[dict[str, str]]:
    """Rows of a seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _section(control: Row, described: Row, inputs: Sequence[Row], classes: Sequence[Row]) -> str:
    control_id = control["control_id"]
    systems = [
        f"{row['system']}{' (if delivered)' if row['is_optional'] == 'true' else ''}"
        for row in inputs
        if row["control_id"] == control_id
    ]
    breaks = [f"`{row['break_class']}` {row['cause']}" for row in classes if row["control_id"] == control_id]
    facts = {
        "Area": described["area"],
        "Objective": described["objective"],
        "Risk": described["risk"],
        "Population": described["population"],
        "Left side": control["left_name"],
        "Right side": control["right_name"],
        "Logic": described["logic"],
        "Tolerance": _tolerance(control),
        "Materiality": _materiality(control),
        "Frequency": described["frequency"],
        "Reads": ", ".join(systems),
        "Owner": control["owner"],
        "Severity": f"{control['severity_base']} to start from",
        "Evidence": control["evidence"],
        "Breaks, and the cause to start from": ", ".join(breaks),
    }
    lines = [f"### {control_id} {control['name']}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in facts.items() if value]
    return "\n".join([*lines, ""])


def _tolerance(control: Row) -> str:
    amount, quantity = int(control["amount_tolerance_minor"]), Decimal(control["quantity_tolerance"])
    days = int(control["sla_business_days"])
    parts = [
        f"{amount} minor unit{'' if amount == 1 else 's'}" if amount else "amounts equal (0.00)",
        f"quantities within {quantity}" if quantity else "quantities equal",
        f"the counterpart within {days} business day{'' if days == 1 else 's'}" if days else "no days of grace",
    ]
    if control["compares_months"] == "true":
        parts.append("both in one month")
    return "; ".join(parts)


def _materiality(control: Row) -> str:
    share = Decimal(control["materiality_share"]) * 100
    allowed = f"{share.normalize():f} % of the month's billings, gross" if share else "none: no open break is allowed"
    return f"{allowed}; {'blocks' if control['blocking'] == 'true' else 'does not block'} the close"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

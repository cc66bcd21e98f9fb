"""All verdicts on one page that needs nothing from the network. It shows counts and rules, never values of rows."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

COLUMNS = ("status", "severity", "suite", "rule", "rows checked", "rows failed", "window", "what")
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Checks</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1f24; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d8dde3; vertical-align: top; }}
td.figure {{ text-align: right; font-variant-numeric: tabular-nums; }}
tr.failed td:first-child {{ color: #b42318; font-weight: 600; }}
tr.crashed td:first-child {{ color: #7a2ea0; font-weight: 600; }}
summary {{ cursor: pointer; }}
pre {{ white-space: pre-wrap; font-size: 12px; }}
</style>
</head>
<body>
<h1>Checks</h1>
<p>{summary}</p>
<table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</body>
</html>
"""


def write_page(verdicts: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write the page of ``verdicts`` (rows of ``checks.results``) to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(page(verdicts), encoding="utf-8")
    part.replace(path)
    return path


def page(verdicts: Iterable[Mapping[str, Any]]) -> str:
    """The page as HTML; what did not pass comes first."""
    rows = sorted(
        verdicts, key=lambda row: (row["status"] == "passed", row["severity"], row["suite"], row["expectation"])
    )
    wrong = sum(1 for row in rows if row["status"] != "passed")
    return PAGE.format(
        summary=f"{len(rows):,} rules, {wrong:,} not passed.",
        head="".join(f"<th>{name}</th>" for name in COLUMNS),
        body="\n".join(_row(row) for row in rows),
    )


def _row(row: Mapping[str, Any]) -> str:
    what = html.escape(str(row["message"]))
    if row["status"] != "passed":
        query = html.escape(str(row["failing_rows_sql"] or ""))
        what = f"<details><summary>{what}</summary><pre>{query}</pre></details>"
    cells = [row["status"], row["severity"], row["suite"], row["expectation"]]
    figures = [row["rows_checked"], row["rows_failed"]]
    window = f"{row['window_start']} to {row['window_end']}"
    return (
        f'<tr class="{html.escape(str(row["status"]))}">'
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
        + "".join(f'<td class="figure">{"-" if figure is None else f"{int(figure):,}"}</td>' for figure in figures)
        + f"<td>{html.escape(window)}</td><td>{what}</td></tr>"
    )

"""The close summary as one page that needs nothing from the network."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path

from orchestration.close.summary import CloseSummary
from orchestration.close.text import as_text
from warehouse.settings import get_settings

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1f24; }}
pre {{ font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>
<pre>{body}</pre>
</body>
</html>
"""


def page_of(period: date) -> Path:
    """Where the page of a month stands."""
    return get_settings().state_dir.resolve() / "pages" / f"close-{period:%Y-%m}.html"


def write_page(summary: CloseSummary) -> Path:
    """Write the page, whole or not at all."""
    path = page_of(summary.period)
    path.parent.mkdir(parents=True, exist_ok=True)
    title = html.escape(f"Close {summary.period:%Y-%m}")
    part = path.with_suffix(".part")
    part.write_text(PAGE.format(title=title, body=html.escape(as_text(summary))), encoding="utf-8")
    part.replace(path)
    return path

"""The close package: the same bytes for the same close, and figures that tie in a spreadsheet of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest

from orchestration.close.closing import CloseRefused, close_month, post_month
from orchestration.close.package.manifest import problems_against_books, problems_of
from orchestration.close.package.write import write_package
from orchestration.close.verification import verify
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.dbt.test_ledger_marts import ACCOUNTS, INVOICES, MODELS, billed, earned, known_in, moved
from tests.warehouse.ledger_rows import Fact, fact, month, prepare, rows, say
from warehouse.connection import connect

JANUARY, FEBRUARY = month("2026-01"), month("2026-02")
HOSTILE_NAME = '=HYPERLINK("http://x.invalid","pay here")'
HOSTILE_ID = "@SUM(1+1)\tcmd"
# What a closing reads beside the books: what dbt builds from billing, customers and controls.
AROUND_THE_BOOKS = f"""
    drop table reconciliation.recon_closing_reports;
    create table intermediate.int_customers__crosswalk as
    select 'acct_1' as account_id, 'cus_1' as stripe_customer_id, null as erp_customer_id, 'DE' as country
    union all select '{HOSTILE_ID}', 'cus_2', null, null;
    create table staging.stg_stripe__customers as
    select 'cus_1' as customer_id, '{HOSTILE_NAME}' as name union all select 'cus_2', E'-1\\r\\nrow';
    create table staging.stg_erp__customers (customer_id text, company_name text);
    create table intermediate.int_catalog__policies as
    select 'reporting_currency' as policy, date '2016-01-01' as valid_from, null::date as valid_to, 'eur' as value;
    create table marts.fct_mrr_movements as
    select
        'acct_1' as customer_id, 'usd' as currency, date '2026-02-01' as month_on, 4000 as opening_minor,
        0 as new_minor, 0 as expansion_minor, -100 as contraction_minor, 0 as churn_minor, 0 as reactivation_minor,
        3900 as closing_minor;
    create table reconciliation.recon_controls as select 'B1' as control_id, 'Rated against invoiced' as name;
    create table reconciliation.recon_control_totals as
    select
        'B1' as control_id, 'lines' as comparison, date '2026-02-01' as period_month, 'usd' as currency,
        500 as left_minor, 450 as right_minor, 40 as breaks_minor, 0 as expected_minor, 10 as rounding_minor,
        0 as residue_minor, 3 as matched_count, 0 as expected_count, 1 as rounding_count, 1 as break_count;
    create table reconciliation.recon_breaks as
    select
        'B1' as control_id, 'open' as status, 'usd' as currency, 40 as amount_minor, date '2026-01-30' as business_on;
    create table marts.dim_currencies as
    select 'usd' as currency, 2 as exponent union all select 'eur', 2;
"""
# What may be known differently once a month is closed.
NEWS = """
    update intermediate.int_customers__crosswalk set country = 'FR';
    update staging.stg_stripe__customers set name = 'Renamed';
    update intermediate.int_billing__invoices set due_on = '2025-01-01';
    update intermediate.int_ledger__invoices set billed_on = '2025-01-01';
    update intermediate.int_catalog__policies set value = 'usd';
    update marts.fct_mrr_movements set closing_minor = 1;
    update reconciliation.recon_control_totals set breaks_minor = 1;
    update reconciliation.recon_breaks set amount_minor = 9;
    update reconciliation.recon_gates set question = 'Another question?'
"""
CHECKS = "Difference"
FORMULA_RESULT = re.compile(r"(<f>[^<]*</f>)<v>[^<]*</v>")
ALWAYS_CALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def facts_known_in(which: str) -> list[list[Fact]]:
    """Those of the marts' tests, and an invoice of a customer with a hostile id, half of it earned in February."""
    hostile = [
        fact("in_9", 1000, month="2026-02", customer=HOSTILE_ID),
        *[
            fact(
                "il_9",
                500,
                month=service,
                rule="schedule",
                debit="deferred_revenue",
                credit="revenue",
                customer=HOSTILE_ID,
            )
            for service in ("2026-02", "2026-05")
        ],
    ]
    return [*known_in(which), *(hostile if which >= "2026-02" else [])]


def build_marts() -> None:
    scratch_dbt.build("run", *[model for model in MODELS if model != "ageing_buckets"])


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def packaged(cluster: ScratchCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """January and February closed; the package of February."""
    with scratch_dbt.warehouse(cluster):
        prepare(accounts=ACCOUNTS)
        with connect("transformer") as transformer:
            transformer.execute(f"{INVOICES}; {AROUND_THE_BOOKS}".encode())
        scratch_dbt.build("seed", "ageing_buckets")
        scratch_dbt.build("run", "int_ledger__gl_accounts", "recon_closing*")
        for which in ("2026-01", "2026-02"):
            say(*facts_known_in(which))
            close_month("main", month(which), "Anna", "Ben")
        build_marts()
        folder = tmp_path_factory.mktemp("packages") / "february"
        write_package("main", FEBRUARY, folder)
        yield folder


def sheets_of(path: Path, *, results: bool) -> Any:
    return openpyxl.load_workbook(path, data_only=results)


def workbook_of(folder: Path) -> Path:
    return folder / "close-main-2026-02.xlsx"


def check_cells(book: Any) -> dict[str, list[Any]]:
    """The cells below every header called Difference, by sheet."""
    found: dict[str, list[Any]] = defaultdict(list)
    for sheet in book:
        columns: set[int] = set()
        for row in sheet.iter_rows():
            headed = {cell.column for cell in row if cell.value in {CHECKS, "Not zero"}}
            columns |= headed
            found[sheet.title] += [
                cell for cell in row if cell.column in columns and cell.column not in headed and cell.value is not None
            ]
    return {title: cells for title, cells in found.items() if cells}


def test_a_month_that_is_not_closed_has_no_package(packaged, tmp_path):
    with pytest.raises(CloseRefused, match=r"2026-03 of main is open: only a closed month has a close package\."):
        write_package("main", month("2026-03"), tmp_path)
    with pytest.raises(CloseRefused, match="2031-01 of main is no month of the books yet"):
        write_package("main", month("2031-01"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_sheet_checks_itself_with_live_formulas_and_every_check_is_zero(packaged):
    formulas, results = (sheets_of(workbook_of(packaged), results=which) for which in (False, True))
    checks = check_cells(formulas)
    assert formulas.sheetnames[0] == "Evidence"
    assert set(formulas.sheetnames) - set(checks) == {"Late facts", "Gates"}
    for title, cells in checks.items():
        for cell in cells:
            assert str(cell.value).startswith("=ROUND("), (title, cell.coordinate)
            assert results[title][cell.coordinate].value == 0, (title, cell.coordinate)
    counted = json.loads((packaged / "manifest.json").read_bytes())["checks"]
    cells = sum(len(cells) for title, cells in checks.items() if title != "Evidence")
    assert counted == {"cells": cells, "not_zero": 0}


def test_figures_are_those_of_the_books(packaged):
    shown = sheets_of(workbook_of(packaged), results=True)["Deferred revenue"]
    found = [[cell.value for cell in row] for row in shown.iter_rows()]
    heading = next(row for row in found if row[0] == "Currency")
    usd = dict(zip(heading, next(row for row in found if row[0] == "USD"), strict=True))
    booked = rows(
        "select opening_minor, billed_minor, recognised_minor, closing_minor"
        " from marts.fct_deferred_revenue_rollforward where period = '2026-02-01'"
    )
    names = ("Opening", "Billed", "Recognised", "Closing")
    assert [tuple(Decimal(str(usd[name])) * 100 for name in names)] == booked


def test_a_name_that_looks_like_a_formula_is_a_text_and_stays_one(packaged):
    shown = sheets_of(workbook_of(packaged), results=False)["AR ageing"]
    cells = {cell.value: cell for row in shown.iter_rows() for cell in row if isinstance(cell.value, str)}
    assert cells[HOSTILE_NAME].data_type == "s"
    assert cells["-1\u240d\u240arow"].data_type == "s"
    assert cells["@SUM(1+1)\u2409cmd"].data_type == "s"
    with zipfile.ZipFile(workbook_of(packaged)) as parts:
        texts = "".join(parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/"))
        assert "HYPERLINK" not in texts
        assert 'quotePrefix="1"' in parts.read("xl/styles.xml").decode()


def test_the_erp_journal_balances_per_external_id_and_each_line_has_its_detail(packaged):
    lines = list(csv.DictReader(io.StringIO((packaged / "erp-journal-main-2026-02.csv").read_text("utf-8"))))
    assert list(lines[0]) == [
        "External ID",
        "Date",
        "Subsidiary",
        "Currency",
        "Posting Period",
        "Memo",
        "Account",
        "Debit",
        "Credit",
    ]
    assert {(line["External ID"], line["Date"], line["Posting Period"]) for line in lines} == {
        ("tieout-main-2026-02-1-usd", "2026-02-28", "Feb 2026")
    }
    assert sum(amount(line) for line in lines) == 0
    detail = list(csv.DictReader(io.StringIO((packaged / "erp-journal-main-2026-02-detail.csv").read_text("utf-8"))))
    assert [line["Line ID"] for line in detail] == [
        str(line_id)
        for (line_id,) in rows(
            "select line_id from ledger.journal_lines where posted_period = %s order by sequence", FEBRUARY
        )
    ]
    behind: Counter[int] = Counter()
    for line in detail:
        behind[int(line["Import Line"])] += amount(line)
        assert lines[int(line["Import Line"]) - 1]["Account"] == line["Account"]
    assert behind == {number: amount(line) for number, line in enumerate(lines, start=1)}
    assert {line["Customer"] for line in detail} == {"acct_1", f"'{HOSTILE_ID}"}


def amount(line: dict[str, str]) -> int:
    """Debit less credit in cents."""
    return int((Decimal(line["Debit"] or 0) - Decimal(line["Credit"] or 0)) * 100)


def test_a_package_is_checked_against_its_manifest_and_the_books(packaged, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(packaged, copy)
    assert problems_of(copy) == problems_against_books(copy) == []
    (copy / "close-main-2026-02.pdf").write_bytes(b"other")
    (copy / "erp-journal-main-2026-02.csv").unlink()
    (copy / "note.txt").write_text("hello")
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["closing"]["chain_head"] = "00"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert problems_of(copy) == [
        "note.txt: not in the manifest",
        "close-main-2026-02.pdf: its bytes are not those that were packaged",
        "erp-journal-main-2026-02.csv: missing",
    ]
    (said,) = problems_against_books(copy)
    assert said.startswith("chain_head: the package says 00, the books say ")


def test_reports_of_a_closing_stay_and_nobody_adds_to_them(packaged):
    (event_no,) = rows("select event_no from ledger.period_events where event = 'closed' and period = %s", FEBRUARY)[0]
    for statement in (
        f"insert into ledger.closing_reports values ('main', {event_no}, 'obligations', 99, '{{}}')",
        "insert into ledger.closing_reports values ('main', 1, 'obligations', 1, '{}')",
    ):
        with connect("closer") as closer, pytest.raises(psycopg.errors.RestrictViolation, match="not the reports"):
            closer.execute(statement.encode())
    assert verify().faults == []


needs_libreoffice = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed: apt-get install libreoffice-calc"
)


@needs_libreoffice
def test_libreoffice_opens_it_and_every_check_comes_out_as_zero_unless_a_figure_is_changed(packaged, tmp_path):
    # without the results that the file brings along, so that what comes out was calculated there
    plain = tmp_path / "plain.xlsx"
    with zipfile.ZipFile(workbook_of(packaged)) as parts, zipfile.ZipFile(plain, "w") as stripped:
        for name in parts.namelist():
            text = parts.read(name)
            if name.startswith("xl/worksheets/"):
                text = FORMULA_RESULT.sub(r"\1", text.decode()).encode()
            stripped.writestr(name, text)
    changed = sheets_of(workbook_of(packaged), results=False)
    billed_usd = next(row[3] for row in changed["Deferred revenue"].iter_rows() if row[0].value == "USD")
    billed_usd.value += 1
    changed.save(tmp_path / "changed.xlsx")
    profile = tmp_path / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_CALCULATE)
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(tmp_path / "out"),
            str(plain),
            str(tmp_path / "changed.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    calculated, ours = (
        sheets_of(tmp_path / "out" / "plain.xlsx", results=True),
        sheets_of(workbook_of(packaged), results=True),
    )
    formulas = sheets_of(workbook_of(packaged), results=False)
    looked_at = 0
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            theirs, brought = (book[sheet.title][cell.coordinate].value for book in (calculated, ours))
            assert theirs == pytest.approx(brought, abs=1e-6) if isinstance(brought, float) else theirs == brought, cell
            looked_at += 1
    assert looked_at > 100
    assert all(
        calculated[title][cell.coordinate].value == 0
        for title, cells in check_cells(formulas).items()
        for cell in cells
    )
    broken = sheets_of(tmp_path / "out" / "changed.xlsx", results=True)["Evidence"]
    assert "DOES NOT TIE" in {cell.value for row in broken.iter_rows() for cell in row}


def test_the_same_close_gives_the_same_bytes_after_late_facts_and_by_whomever(packaged, tmp_path):
    before = bytes_of(packaged)
    with connect("transformer") as transformer:
        transformer.execute(NEWS.encode())
    late = [
        *facts_known_in("2026-03"),
        billed("2026-02", "in_2", 900),
        earned("2026-02", "il_2", 900, "in_2"),
        moved("2026-01", "payment", "py_9", 100, "cash", "accounts_receivable", of="in_1"),
    ]
    say(*late)
    post_month("main", month("2026-03"), "Carl")
    build_marts()
    write_package("main", FEBRUARY, tmp_path / "again")
    assert bytes_of(tmp_path / "again") == before
    assert set(before) == {
        "close-main-2026-02.pdf",
        "close-main-2026-02.xlsx",
        "erp-journal-main-2026-02-detail.csv",
        "erp-journal-main-2026-02.csv",
        "manifest.json",
    }
    # dropped with the tables that they read, when those were built anew
    scratch_dbt.build("run", "recon_closing*")
    say(*late, moved("2026-03", "payment", "py_10", 50, "cash", "accounts_receivable", of="in_1"))
    close_month("main", month("2026-03"), "Anna", "Ben")
    with pytest.raises(CloseRefused, match="were not built since 2026-03 was closed"):
        write_package("main", month("2026-03"), tmp_path / "early")


def test_a_report_that_was_changed_behind_the_books_is_named_and_not_packaged(packaged, cluster, tmp_path):
    change = "update ledger.closing_reports set content = content || '{tampered}'::jsonb where report = 'obligations'"
    with psycopg.connect(cluster.url(scratch_dbt.DATABASE), autocommit=True) as superuser:
        superuser.execute("alter table ledger.closing_reports disable trigger all")
        superuser.execute(change.replace("{tampered}", '{"total_minor": "1"}').encode())
    assert {(fault.period, fault.problem) for fault in verify().faults} >= {
        ("2026-02", "its reports are not those it kept")
    }
    with pytest.raises(CloseRefused, match="The reports of 2026-02 are not those it was closed with"):
        write_package("main", FEBRUARY, tmp_path)

"""Tax rates, exemptions and exchange rates: what lands, and every error with its line and remedy."""

import pytest

from ingestion import documents
from ingestion.documents import Document
from ingestion.records import FileRefused, Reject
from ingestion.registry import OBJECTS
from tests.unit.ingestion.delivered import source


def fates(folder, system, name, text):
    """Record ids of what is accepted, line and reason of what is not."""
    found = documents.read(source(folder, "s.csv", text), OBJECTS[system, name])
    return [
        one.record_id if isinstance(one, Document) else (one.line_no, one.reason) if isinstance(one, Reject) else None
        for one in found
    ]


def detail(folder, system, name, text):
    """What is said of the one record that is not accepted."""
    found = documents.read(source(folder, "s.csv", text), OBJECTS[system, name])
    (bad,) = [one for one in found if isinstance(one, Reject)]
    return bad.detail


RATES = "jurisdiction,product_tax_code,rate,valid_from,valid_to,source\nDE,saas,0.19,2026-01-01,,law\n"
EXEMPTIONS = "customer,jurisdiction,reason,valid_from,valid_to,certificate\nacc_1,DE,charity,2026-01-01,,C1\n"


@pytest.mark.parametrize(
    ("row", "reason", "says"),
    [
        ("DE,saas,19,2026-02-01,,law", "bad_number", "write 0.19 for 19 per cent"),
        ("DE,saas,-0.01,2026-02-01,,law", "bad_number", "share from 0 to 1"),
        ("DE,saas,1.0001,2026-02-01,,law", "bad_number", "share from 0 to 1"),
        ("DE,saas,0.19%,2026-02-01,,law", "bad_number", "plain decimal"),
        ("DE,saas,0.19,2026-02-30,,law", "bad_date", "such as 2026-10-28"),
        ("DE,saas,0.19,2026-02-01,2026-02-01,law", "bad_interval", "first day on which it no longer holds"),
        ("DE,saas,,2026-02-01,,law", "missing_field", "'rate' has no value"),
        ("DE,,0.19,2026-02-01,,law", "missing_field", "known by it"),
    ],
)
def test_a_tax_rate_that_cannot_be_right_is_told_with_file_line_and_remedy(tmp_path, row, reason, says):
    text = RATES + row + "\n"
    assert fates(tmp_path, "tax", "rates", text) == ["DE|saas|2026-01-01", (3, reason)]
    told = detail(tmp_path, "tax", "rates", text)
    assert told.startswith("s.csv:3: ")
    assert says in told


def test_rates_of_nothing_and_of_all_are_shares(tmp_path):
    text = RATES + "DE,books,0,2026-01-01,,law\nDE,luxury,1,2026-01-01,2026-01-02,law\n"
    assert fates(tmp_path, "tax", "rates", text)[1:] == ["DE|books|2026-01-01", "DE|luxury|2026-01-01"]


def test_an_exemption_that_ends_before_it_begins_is_quarantined(tmp_path):
    text = EXEMPTIONS + "acc_1,FR,charity,2026-05-01,2026-04-01,C2\n"
    assert fates(tmp_path, "tax", "exemptions", text) == ["acc_1|DE|2026-01-01", (3, "bad_interval")]


def test_the_ecbs_wide_layout_leaves_out_what_was_not_quoted(tmp_path):
    text = "Date,USD,JPY,CYP,\n2026-10-28,1.0850,162.10,N/A,\n2026-10-27,N/A,162.00,N/A,\n28 October 2026,1.1,,-,\n"
    assert fates(tmp_path, "fx", "rates", text) == [
        "2026-10-28|EUR|USD",
        "2026-10-28|EUR|JPY",
        "2026-10-27|EUR|JPY",
        "2026-10-28|EUR|USD",
    ]


def test_the_wide_layout_is_read_by_the_names_of_its_columns_in_any_order(tmp_path):
    text = "JPY,Date,USD\n162.10,2026-10-28,1.0850\n"
    assert fates(tmp_path, "fx", "rates", text) == ["2026-10-28|EUR|JPY", "2026-10-28|EUR|USD"]


def test_a_long_table_is_one_rate_a_row_known_by_day_and_pair_in_any_case(tmp_path):
    text = "date,from,to,rate,source\n2026-10-28,usd,EUR,0.92,own\n2026-10-28,gbp,usd,1.27,own\n"
    assert fates(tmp_path, "fx", "rates", text) == ["2026-10-28|USD|EUR", "2026-10-28|GBP|USD"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-10-28,usd,eur,0,own", "bad_number"),
        ("2026-10-28,usd,eur,-1.1,own", "bad_number"),
        ("2026-10-28,usd,eur,NaN,own", "bad_number"),
        ("2026-10-28,usd,eur,1e5,own", "bad_number"),
        ('2026-10-28,usd,eur,"1,08",own', "bad_number"),
        ("2026-10-28,usd,USD,1,own", "bad_value"),
        ("2026-10-28,us$,eur,1,own", "bad_value"),
        ("2026-02-29,usd,eur,1,own", "bad_date"),
        ("2026-10-28,usd,eur,,own", "missing_field"),
    ],
)
def test_a_rate_that_is_none_is_quarantined(tmp_path, row, reason):
    text = f"date,from,to,rate,source\n2026-10-28,gbp,usd,1.27,own\n{row}\n"
    assert fates(tmp_path, "fx", "rates", text) == ["2026-10-28|GBP|USD", (3, reason)]


@pytest.mark.parametrize(("rate", "column"), [("0", 2), ("-162", 2), ("162,5", None)])
def test_a_rate_of_the_wide_layout_that_is_none_is_told_by_line_and_column(tmp_path, rate, column):
    found = fates(tmp_path, "fx", "rates", f"Date,USD,JPY\n2026-10-28,1.08,{rate}\n")
    assert found[-1] == ((2002, "bad_number") if column else (2000, "ragged_row"))


def test_a_column_that_is_no_currency_refuses_the_file(tmp_path):
    with pytest.raises(FileRefused, match="'Total' is no currency"):
        fates(tmp_path, "fx", "rates", "Date,USD,Total\n2026-10-28,1.08,2\n")

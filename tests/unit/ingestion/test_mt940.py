"""MT940 in the detail: pages, available balances, structured details, days that are none."""

import logging

import pytest

from ingestion.formats import mt940
from tests.unit.ingestion.delivered import records, rejects, source


def written(
    moved=":61:2610281028C5,00NTRFREF1\n:86:TEXT", number="7/1", opening="60F", closing="62F", more="", last="105,00"
):
    return (
        f":20:R1\n:25:DE1\n:28C:{number}\n:{opening}:C261028EUR100,00\n{moved}\n:{closing}:C261028EUR{last}\n{more}-\n"
    )


def read(folder, text):
    return list(mt940.read(source(folder, "s.sta", text)))


def test_pages_are_proven_one_by_one(tmp_path):
    first = written(closing="62M")
    second = (
        written(number="7/2", opening="60M").replace("EUR100,00", "EUR105,00").replace("EUR105,00\n-", "EUR110,00\n-")
    )
    one, two = records(read(tmp_path, first + second))
    assert [(found["sequence_number"], found["page"]) for found in (one, two)] == [(7, 1), (7, 2)]
    assert [(found["is_opening_page"], found["is_closing_page"]) for found in (one, two)] == [
        (True, False),
        (False, True),
    ]


def test_available_balances_are_kept_and_prove_nothing(tmp_path):
    (found,) = records(read(tmp_path, written(more=":64:C261028EUR90,00\n:65:D261029EUR1,50\n:65:C261030EUR2,\n")))
    assert [(one["code"], one["amount"], one["on"]) for one in found["other_balances"]] == [
        ("64", "90.00", "2026-10-28"),
        ("65", "-1.50", "2026-10-29"),
        ("65", "2", "2026-10-30"),
    ]


def test_a_reference_that_goes_on_in_the_next_subfield_is_whole(tmp_path):
    purpose = "?20EREF+INVOICE-2026-00012345?216789?22KREF+X?23SVWZ+RF18539007547034"
    details = f"166?00GUTSCHRIFT{purpose}?30BIC?31DE9?32ACME ?33GMBH"
    (found,) = records(read(tmp_path, written(f":61:2610281028C5,00NTRFNONREF\n:86:{details}")))
    (one,) = found["entries"]
    assert (one["end_to_end_id"], one["proprietary_code"]) == ("INVOICE-2026-000123456789", "166")
    assert (one["counterparty"], one["counterparty_account"]) == ("ACME GMBH", "DE9")
    assert one["creditor_reference"] == "RF18539007547034"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (written().replace("C261028EUR100", "C260230EUR100"), "bad_date"),
        (written(":61:2602311028C5,00NTRFREF1"), "bad_date"),
        (written(":61:2604311028C5,00NTRFREF1"), "bad_date"),
        (written(":61:2610281131C5,00NTRFREF1"), "bad_date"),
        (written(":61:261028C\u0665,00NTRFREF1"), "bad_amount"),
        (written(":61:261028X5,00NTRFREF1"), "bad_amount"),
        (written().replace("EUR105,00", "EUR10x,00"), "bad_amount"),
        (written(more=":62F:C261028EUR105,00\n"), "no_balance"),
        (written(more=":62M:C261028EUR105,00\n"), "no_balance"),
        (written(":61:2610281028C5,001NTRFREF1", last="105,001"), "too_precise"),
    ],
)
def test_what_the_library_would_take_too_kindly_is_named(tmp_path, text, reason):
    assert [bad.reason for bad in rejects(read(tmp_path, text))] == [reason]


def test_the_thirtieth_of_february_is_a_value_date_in_months_of_thirty_days(tmp_path):
    (found,) = records(read(tmp_path, written(":61:2602300301C5,00NTRFREF1")))
    assert (found["entries"][0]["value_date"], found["entries"][0]["booking_date"]) == ("2026-02-28", "2026-03-01")


def test_a_statement_that_cannot_be_read_leaves_no_trace_in_the_log(tmp_path, caplog, capsys):
    with caplog.at_level(logging.DEBUG):
        found = read(tmp_path, written(number="X").replace("TEXT", "JANE DOE"))
    assert [bad.reason for bad in rejects(found)] == ["format"]
    assert "JANE" not in caplog.text + capsys.readouterr().err

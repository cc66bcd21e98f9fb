"""BAI2 in the detail: physical records, continuations of any field, funds types, type codes, structure."""

import pytest

from ingestion.formats import bai2
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import records, rejects, source


def written(
    *details, opening=10000, account="0123,USD", currency="USD", header="01,A,B,261028,0200,1,,,2/", total=None
):
    """One account whose totals hold; a detail is its lines, its type and its amount."""
    moved = sum(found if 100 <= code < 400 or 920 <= code < 960 else -found for _, code, found in details)
    lines = [line for text, _, _ in details for line in text.split("\n")]
    closing = opening + moved if total is None else total
    summed = opening + closing + sum(found for _, _, found in details)
    return "\n".join(
        [
            header,
            f"02,B,A,1,261028,2359,{currency},2/",
            f"03,{account},010,{opening},,,015,{closing},,/",
            *lines,
            f"49,{summed},{len(lines) + 2}/",
            f"98,{summed},1,{len(lines) + 4}/",
            f"99,{summed},1,{len(lines) + 6}/",
            "",
        ]
    )


def read(folder, text):
    return list(bai2.read(source(folder, "s.bai", text)))


def entries(folder, *details, **more):
    (found,) = records(read(folder, written(*details, **more)))
    return found["entries"]


def test_a_record_goes_on_in_a_continuation_at_any_of_its_fields(tmp_path):
    split = "16,195,2500/\n88,V,261030,/\n88,BANKREF/\n88,CUSTREF,WIRE FROM\n88,ACME, INC"
    (found,) = entries(tmp_path, (split, 195, 2500))
    assert (found["amount"], found["value_date"], found["bank_reference"], found["entry_ref"]) == (
        *("25.00", "2026-10-30"),
        *("BANKREF", "CUSTREF"),
    )
    assert found["description"] == "WIRE FROM ACME, INC"


@pytest.mark.parametrize(
    ("funds", "value_date", "availability"),
    [
        ("", "2026-10-28", []),
        ("Z", "2026-10-28", []),
        ("0", "2026-10-28", [{"days": 0, "amount": "9.00"}]),
        ("2", "2026-10-28", [{"days": 2, "amount": "9.00"}]),
        ("V,261102,", "2026-11-02", []),
        ("S,100,,800", "2026-10-28", [{"days": 0, "amount": "1.00"}, {"days": 2, "amount": "8.00"}]),
        ("D,2,1,400,3,500", "2026-10-28", [{"days": 1, "amount": "4.00"}, {"days": 3, "amount": "5.00"}]),
    ],
)
def test_every_funds_type_is_read_with_the_fields_that_belong_to_it(tmp_path, funds, value_date, availability):
    (found,) = entries(tmp_path, (f"16,165,900,{funds},B,C,TEXT", 165, 900))
    assert (found["value_date"], found["availability"]) == (value_date, availability)
    assert (found["bank_reference"], found["entry_ref"], found["description"]) == ("B", "C", "TEXT")


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ("16,165,900,S,100,,801,B,C,T", "funds_total"),
        ("16,165,900,D,1,1,899,B,C,T", "funds_total"),
        ("16,165,900,X,B,C,T", "format"),
        ("16,165,900,V,261332,,B,C,T", "bad_date"),
        ("16,165,-900,,B,C,T", "bad_amount"),
        ("16,015,900,,B,C,T", "type_code"),
        ("16,900,900,,B,C,T", "type_code"),
        ("16,1A5,900,,B,C,T", "type_code"),
    ],
)
def test_a_detail_that_cannot_be_right_is_named(tmp_path, detail, reason):
    assert [bad.reason for bad in rejects(read(tmp_path, written((detail, 165, 900))))] == [reason]


@pytest.mark.parametrize(
    ("code", "amount"), [(108, "7.00"), (399, "7.00"), (409, "-7.00"), (930, "7.00"), (699, "-7.00")]
)
def test_the_range_of_the_type_code_says_which_way_money_moves(tmp_path, code, amount):
    assert [one["amount"] for one in entries(tmp_path, (f"16,{code},700,,,,T", code, 700))] == [amount]


def test_text_that_moves_no_money_is_kept_beside_the_entries(tmp_path):
    (found,) = records(read(tmp_path, written(("16,890,,,,,CALL YOUR BANK", 890, 0))))
    assert (found["entries"], found["notices"][0]["description"]) == ([], "CALL YOUR BANK")


def test_currency_is_the_accounts_or_the_groups_or_dollars_and_scales_the_amounts(tmp_path):
    detail = ("16,195,2500,,,,T", 195, 2500)
    for account, currency, found in [
        ("1,JPY", "USD", ("jpy", "2500")),
        ("1,", "KWD", ("kwd", "2.500")),
        ("1,", "", ("usd", "25.00")),
    ]:
        (one,) = entries(tmp_path, detail, account=account, currency=currency)
        assert (one["currency"], one["amount"]) == found
    unknown = read(tmp_path, written(detail, account="1,XQQ"))
    assert [bad.reason for bad in rejects(unknown)] == ["unknown_currency"]


def test_physical_records_of_fixed_length_need_no_line_ends(tmp_path):
    lines = written(("16,195,2500,,B,C,TEXT OF A WIRE", 195, 2500), header="01,A,B,261028,0200,1,80,,2/").split("\n")
    (found,) = records(read(tmp_path, "".join(line.ljust(80) for line in lines if line)))
    assert [one["description"] for one in found["entries"]] == ["TEXT OF A WIRE"]


def test_files_one_after_the_other_are_proven_apart(tmp_path):
    good = written(account="A,USD")
    bad = written(account="B,USD").replace("99,", "99,9")
    found = read(tmp_path, good + bad)
    assert [one["account"] for one in records(found)] == ["A"]
    assert [one.reason for one in rejects(found)] == ["control_total"]


def lacking(record):
    """A whole file but for one kind of record."""
    text = written(("16,195,2500,,,,T", 195, 2500))
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(record))


@pytest.mark.parametrize("record", ["49,", "98,", "99,"])
def test_a_section_without_its_end_keeps_all_of_the_file_out(tmp_path, record):
    assert [bad.reason for bad in rejects(read(tmp_path, lacking(record)))] == ["control_total"]


@pytest.mark.parametrize(
    "text", [written(header="01,A,B,261028,0200,1,,,3/"), lacking("01,"), lacking("02,"), lacking("03,")]
)
def test_another_version_and_a_file_without_header_are_refused(tmp_path, text):
    with pytest.raises(FileRefused):
        read(tmp_path, text)

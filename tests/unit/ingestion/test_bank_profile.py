"""A bank's CSV by its profile: delimiters, sides, balances in columns, order; and what is wrong with a profile."""

import pytest

from ingestion.formats import bank_csv
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import records, rejects, source

BASE = "account: DE1\ncurrency: EUR\nbooking_date_column: Datum\namount_column: Betrag\nbalance_column: Saldo\n"


def read(folder, profile, text, name="s.csv"):
    (folder / "_profile.yaml").write_text(profile)
    return list(bank_csv.read(source(folder, name, text)))


def amounts(found):
    (statement,) = records(found)
    return [one["amount"] for one in statement["entries"]]


def test_semicolons_another_encoding_and_grouped_amounts_are_read(tmp_path):
    profile = BASE + (
        "delimiter: ';'\nencoding: cp1252\ndecimal_mark: ','\nthousands_mark: '.'\ndate_format: '%d.%m.%Y'\n"
        "description_column: Zweck\n"
    )
    text = "Datum;Betrag;Saldo;Zweck\n28.10.2026;-1.234,50;8.765,50;Gebühr\n".encode("cp1252")
    (statement,) = records(read(tmp_path, profile, text))
    assert (statement["opening_balance"], statement["closing_balance"]) == ("10000.00", "8765.50")
    assert statement["entries"][0]["description"] == "Gebühr"


def test_a_point_where_a_comma_is_the_decimal_mark_is_never_read_as_one(tmp_path):
    found = read(tmp_path, BASE + "decimal_mark: ','\n", 'Datum,Betrag,Saldo\n2026-10-28,1.50,"1,50"\n')
    assert [bad.reason for bad in rejects(found)] == ["bad_amount"]


def test_a_column_may_say_the_side_and_all_signs_may_be_turned_round(tmp_path):
    sides = BASE + "side_column: S\ndebit_sides: [S, D]\ncredit_sides: H\n"
    text = "Datum,Betrag,S,Saldo\n2026-10-28,5.00,H,105.00\n2026-10-28,2.00,s,103.00\n"
    assert amounts(read(tmp_path, sides, text)) == ["5.00", "-2.00"]
    assert [bad.reason for bad in rejects(read(tmp_path, sides, text.replace(",H,", ",?,")))] == ["bad_amount"]
    turned = "Datum,Betrag,Saldo\n2026-10-28,-5.00,105.00\n2026-10-28,2.00,103.00\n"
    assert amounts(read(tmp_path, BASE + "negate: true\n", turned)) == ["5.00", "-2.00"]


def test_opening_and_closing_balance_may_stand_in_every_row(tmp_path):
    profile = BASE.replace(
        "balance_column: Saldo\n", "opening_column: Alt\nclosing_column: Neu\nstatement_column: Nr\n"
    )
    text = "Nr,Datum,Betrag,Alt,Neu\n1,2026-10-28,5.00,100.00,105.00\n2,2026-10-29,1.00,105.00,106.00\n"
    one, two = records(read(tmp_path, profile, text))
    assert [(found["statement_id"], found["sequence_number"]) for found in (one, two)] == [("1", 1), ("2", 2)]
    assert [bad.reason for bad in rejects(read(tmp_path, profile, text.replace("106.00", "107.00")))] == [
        "statement_sum"
    ]
    mixed = text.replace("2,2026", "1,2026")
    assert [bad.reason for bad in rejects(read(tmp_path, profile, mixed))] == ["no_balance"]


def test_a_bank_that_writes_the_newest_row_first_says_so(tmp_path):
    text = "Datum,Betrag,Saldo\n2026-10-29,-2.00,103.00\n2026-10-28,5.00,105.00\n"
    assert [bad.reason for bad in rejects(read(tmp_path, BASE, text))] == ["statement_sum"]
    assert amounts(read(tmp_path, BASE + "order: newest_first\n", text)) == ["5.00", "-2.00"]


def test_a_file_that_ends_within_its_last_row_is_refused_unless_the_bank_writes_no_line_end(tmp_path):
    text = "Datum,Betrag,Saldo\n2026-10-28,5.00,105.00"
    with pytest.raises(FileRefused, match="last_line_end"):
        read(tmp_path, BASE, text)
    assert amounts(read(tmp_path, BASE + "last_line_end: optional\n", text)) == ["5.00"]


def test_several_banks_have_a_profile_each_by_the_names_of_their_files(tmp_path):
    other = BASE.replace("DE1", "DE2").replace("Datum", "Day")
    lists = "".join(
        "- files: " + name + "\n" + "".join(f"  {line}\n" for line in text.splitlines())
        for name, text in (("'a_*'", BASE), ("'b_*'", other))
    )
    (found,) = records(read(tmp_path, lists, "Day,Betrag,Saldo\n2026-10-28,5.00,105.00\n", name="b_1.csv"))
    assert found["account"] == "DE2"
    with pytest.raises(FileRefused, match="none of its profiles"):
        read(tmp_path, lists, "x\n", name="c.csv")
    with pytest.raises(FileRefused, match="more than one"):
        read(tmp_path, lists.replace("b_*", "*"), "x\n", name="a_1.csv")


@pytest.mark.parametrize(
    ("profile", "line", "says"),
    [
        (BASE + "amout_column: X\n", 6, "did you mean 'amount_column'"),
        (BASE + "currency: EUR\n", 6, "stands twice"),
        (BASE + "date_format: '%d.%m'\n", 6, "does not tell day, month and year"),
        (BASE + "encoding: utf-16\n", 6, "no encoding"),
        (BASE + "delimiter: ':'\n", 6, "no delimiter"),
        (BASE + "decimal_mark: ';'\n", 6, "none of"),
        (BASE + "thousands_mark: '.'\n", 6, "are the same"),
        (BASE + "order: random\n", 6, "none of"),
        (BASE + "negate: maybe\n", 6, "true or false"),
        (BASE + "side_column: S\n", 6, "needs debit_sides"),
        (BASE + "side_column: S\ndebit_sides: [a]\ncredit_sides: [a]\n", 7, "remove it from one"),
        (BASE + "credit_column: H\n", 6, "not both"),
        (BASE.replace("amount_column: Betrag", "credit_column: H"), 1, "go together"),
        (BASE.replace("balance_column: Saldo", "opening_column: Alt"), 1, "closing_column"),
        (BASE.replace("currency: EUR", "currency: Euro"), 2, "no currency"),
        (BASE + "files: [a]\n", 6, "a single value"),
        (BASE + "description_column: ''\n", 6, "is empty"),
        ("- 1\n", 1, "key: value"),
        ("account: [\n", 2, "no YAML"),
        ("", 1, "key: value"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_with_its_line(tmp_path, profile, line, says):
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, profile, "Datum,Betrag,Saldo\n")
    assert refused.value.reason == "profile"
    assert f"_profile.yaml:{line}:" in refused.value.detail
    assert says in refused.value.detail

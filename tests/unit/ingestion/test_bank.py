"""Bank statements of every format: proven sums, batch bookings, charges, control totals; intraday never lands."""

import json

import pytest

from ingestion.formats import bai2, bank_csv, camt053, mt940
from ingestion.records import FileRefused
from ingestion.sources import bank
from tests.unit.ingestion.delivered import records, rejects, source

BATCH = """<Ntry><NtryRef>B1</NtryRef><Amt Ccy="EUR">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-10-28</Dt></BookgDt><ValDt><Dt>2026-10-29</Dt></ValDt><AcctSvcrRef>SVC</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><Btch><PmtInfId>BATCH-7</PmtInfId></Btch>
<TxDtls><Refs><EndToEndId>E2E-1</EndToEndId></Refs>{first}<RmtInf><Ustrd>STRIPE</Ustrd><Ustrd>po_1</Ustrd></RmtInf></TxDtls>
<TxDtls><Refs><EndToEndId>E2E-2</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="EUR">20.00</Amt></TxAmt></AmtDtls></TxDtls>
</NtryDtls></Ntry>"""
FEE = """<Ntry><Amt Ccy="EUR">1.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{sts}</Sts>
<BookgDt><DtTm>2026-10-28T23:30:00+02:00</DtTm></BookgDt><Chrgs>{charge}</Chrgs></Ntry>"""
TX_AMOUNT = '<AmtDtls><TxAmt><Amt Ccy="EUR">10.00</Amt></TxAmt></AmtDtls>'


def balance(code, amount, side="CRDT"):
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-10-28</Dt></Dt></Bal>"
    )


def camt(version="08", *, closing="128.50", first=TX_AMOUNT, kind="053", prologue=""):
    old = version == "02"
    charge = '<Amt Ccy="EUR">1.50</Amt><ChrgInclInd>true</ChrgInclInd>'
    status = "BOOK" if old else "<Cd>BOOK</Cd>"
    entries = BATCH.format(first=first, status=status) + FEE.format(
        sts=status, charge=charge if old else f"<Rcrd>{charge}</Rcrd>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prologue}'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}">'
        f"<BkToCstmrStmt><Stmt><Id>S-1</Id><LglSeqNb>300</LglSeqNb><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id>"
        f"<Ccy>EUR</Ccy></Acct>{balance('OPBD', '100.00')}{balance('CLBD', closing)}{entries}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def read_camt(folder, text):
    return list(camt053.read(source(folder, "s.xml", text)))


@pytest.mark.parametrize("version", ["02", "04", "08"])
def test_camt_unfolds_a_batch_into_its_transactions_and_keeps_charges_beside_the_entry(tmp_path, version):
    (statement,) = records(read_camt(tmp_path, camt(version)))
    assert statement["account"] == "DE89370400440532013000"
    assert (statement["opening_balance"], statement["closing_balance"]) == ("100.00", "128.50")
    assert statement["record_id"] == "DE89370400440532013000|S-1/300/2026-10-28|eur"
    first, second, fee = statement["entries"]
    assert (first["amount"], first["end_to_end_id"], first["description"]) == ("10.00", "E2E-1", "STRIPE po_1")
    assert (second["amount"], second["end_to_end_id"], second["batch_ref"]) == ("20.00", "E2E-2", "BATCH-7")
    assert (fee["amount"], fee["booking_date"], fee["type_code"]) == ("-1.50", "2026-10-28", None)
    assert fee["charges"] == [{"amount": "1.50", "currency": "eur", "included": True}]
    assert [entry["entry_no"] for entry in statement["entries"]] == [1, 2, 3]


def test_camt_keeps_a_batch_together_when_its_parts_do_not_say_the_whole(tmp_path):
    (statement,) = records(read_camt(tmp_path, camt(first="")))
    batch, _ = statement["entries"]
    assert (batch["amount"], batch["end_to_end_id"]) == ("30.00", "E2E-1 E2E-2")


def test_a_statement_that_does_not_add_up_is_quarantined_whole(tmp_path):
    (bad,) = rejects(read_camt(tmp_path, camt(closing="128.51")))
    assert bad.reason == "statement_sum"
    assert "128.50" in bad.detail
    assert "S-1" in bad.raw


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (camt().replace("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>", 1), "not_booked"),
        (camt().replace('Ccy="EUR">1.50', 'Ccy="USD">1.50', 1), "mixed_currency"),
        (camt().replace(">30.00<", ">NaN<"), "bad_amount"),
        (camt().replace("<CdtDbtInd>DBIT</CdtDbtInd>", "", 1), "bad_amount"),
        (camt().replace("2026-10-29", "2026-02-30"), "bad_date"),
        (camt().replace("CLBD", "CLAV"), "no_balance"),
        (camt().replace("<Id>S-1</Id>", ""), "missing_field"),
    ],
)
def test_what_keeps_a_camt_statement_out_is_named(tmp_path, text, reason):
    assert [bad.reason for bad in rejects(read_camt(tmp_path, text))] == [reason]


@pytest.mark.parametrize(("kind", "element"), [("052", "Rpt"), ("054", "Ntfctn")])
def test_intraday_camt_never_lands(tmp_path, kind, element):
    text = camt(kind=kind).replace("<Stmt>", f"<{element}>").replace("</Stmt>", f"</{element}>")
    assert [bad.reason for bad in rejects(read_camt(tmp_path, text))] == ["intraday"]


ENTITIES = '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "text", [camt()[:-40], camt(prologue=ENTITIES), camt(version="99"), "<a/>", "", camt().replace("Stmt>", "Nope>")]
)
def test_xml_that_is_cut_hostile_or_something_else_is_refused(tmp_path, text):
    with pytest.raises(FileRefused) as refused:
        read_camt(tmp_path, text)
    assert refused.value.reason == "format"


MT940 = """{{1:F01X}}{{4:
:20:REF1
:25:DE89370400440532013000
:28C:12/1
:60F:C261027EUR100,00
:61:2610281028C50,00NTRFNONREF//BANK1
:86:/EREF/po_123/REMI/STRIPE PAYOUT
:61:2610281028RC10,00NTRFREF2//BANK2
:86:{details}
:62F:C261028EUR{closing}
-}}
:20:REF2
:25:DE89370400440532013000
:28C:13/1
:60F:D261028JPY1000,
:62F:D261028JPY1000,
-
"""
LONG = "A" * 61 + "\n" + "B" * 20 + "\nC"


def read_mt940(folder, text):
    return list(mt940.read(source(folder, "s.sta", text)))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_mt940_gives_one_statement_a_reference_with_signed_entries(tmp_path, line_end):
    text = MT940.format(closing="140,00", details=LONG).replace("\n", line_end)
    first, second = records(read_mt940(tmp_path, text))
    assert [entry["amount"] for entry in first["entries"]] == ["50.00", "-10.00"]
    credit, reversal = first["entries"]
    assert (credit["end_to_end_id"], credit["bank_reference"], credit["type_code"]) == ("po_123", "BANK1", "NTRF")
    assert credit["description"] == "/EREF/po_123/REMI/STRIPE PAYOUT"
    assert reversal["entry_ref"] == "REF2"
    assert reversal["description"] == "A" * 61 + "B" * 20 + " C"
    assert (first["statement_id"], first["statement_number"], first["to_date"]) == ("REF1", "12/1", "2026-10-28")
    assert (second["opening_balance"], second["currency"], second["entries"]) == ("-1000", "jpy", [])


def test_mt940_that_does_not_add_up_is_quarantined_and_its_neighbour_lands(tmp_path):
    found = read_mt940(tmp_path, MT940.format(closing="140,01", details="x"))
    assert [(bad.reason, bad.line_no) for bad in rejects(found)] == [("statement_sum", 2)]
    assert [statement["statement_id"] for statement in records(found)] == ["REF2"]


def test_mt942_never_lands(tmp_path):
    text = ":20:R\n:25:A\n:28C:1/1\n:34F:EUR0\n:13D:2610281815+0100\n:61:2610281028C1,00NTRFNONREF\n:90C:1EUR1,00\n-\n"
    assert [bad.reason for bad in rejects(read_mt940(tmp_path, text))] == ["intraday"]


def test_mt940_that_was_cut_is_quarantined_or_refused(tmp_path):
    text = MT940.format(closing="140,00", details="x")
    assert [bad.reason for bad in rejects(read_mt940(tmp_path, text[: text.index(":62F:")]))] == ["no_balance"]
    with pytest.raises(FileRefused):
        read_mt940(tmp_path, text[: text.index(":20:")])


def test_mt940_in_latin_1_keeps_its_letters(tmp_path):
    text = MT940.format(closing="140,00", details="GEBÜHR").encode("latin-1")
    assert "GEBÜHR" in json.dumps(records(read_mt940(tmp_path, text)), ensure_ascii=False)


BAI2 = """01,122099999,123456789,261028,0200,1,80,1,2/
02,031001234,122099999,1,261028,2359,USD,{modifier}/
03,0123456789,,010,+100000,,,015,{closing},,/
16,165,50000,V,261028,,BANK1,CUST1,STRIPE PAYOUT po_1/
88,CONTINUED, WITH COMMA/
16,475,{debit},,,CHECK 12/
49,{total},5/
98,{total},1,7/
99,{total},1,9/
"""


def bai(modifier="2", closing="149000", debit="1000", total="300000"):
    return BAI2.format(modifier=modifier, closing=closing, debit=debit, total=total)


def read_bai(folder, text):
    return list(bai2.read(source(folder, "s.bai", text)))


def test_bai2_reads_continuations_funds_types_and_signs_in_minor_units(tmp_path):
    (statement,) = records(read_bai(tmp_path, bai()))
    assert (statement["opening_balance"], statement["closing_balance"], statement["currency"]) == (
        "1000.00",
        "1490.00",
        "usd",
    )
    credit, debit = statement["entries"]
    assert (credit["amount"], credit["bank_reference"], credit["entry_ref"]) == ("500.00", "BANK1", "CUST1")
    assert credit["description"] == "STRIPE PAYOUT po_1 CONTINUED, WITH COMMA"
    assert (debit["amount"], debit["type_code"], debit["booking_date"]) == ("-10.00", "475", "2026-10-28")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bai(modifier="3"), "intraday"),
        (bai(modifier="1"), "intraday"),
        (bai(closing="149001", total="300001"), "statement_sum"),
        (bai(total="300001"), "control_total"),
        (bai().replace("49,300000,5", "49,300000,6"), "control_total"),
        (bai().replace("98,300000,1", "98,300000,2"), "control_total"),
        (bai().replace("99,300000,1,9/\n", ""), "control_total"),
        (bai().replace("16,475", "16,910"), "type_code"),
        (bai().replace(",015,149000,,", "").replace("300000", "151000"), "no_balance"),
        (bai().replace("1,261028,2359", "3,261028,2359"), "not_an_update"),
        (bai(debit="10.00"), "bad_amount"),
    ],
)
def test_what_keeps_a_bai2_statement_out_is_named(tmp_path, text, reason):
    assert [bad.reason for bad in rejects(read_bai(tmp_path, text))] == [reason]


def test_a_file_that_is_no_bai2_is_refused(tmp_path):
    for text in ("", "hello", "00,1/\n", "88,nothing to continue/\n"):
        with pytest.raises(FileRefused):
            read_bai(tmp_path, text)


def test_two_statements_of_one_name_that_differ_both_stay_out(tmp_path):
    first, second = MT940.format(closing="140,00", details="x").split(":20:REF2")
    other = first.replace("50,00", "60,00").replace("140,00", "150,00")
    found = list(bank.read(source(tmp_path, "s.sta", first + other + ":20:REF2" + second)))
    assert [bad.reason for bad in rejects(found)] == ["two_versions", "two_versions"]
    assert [statement["statement_id"] for statement in records(found)] == ["REF2"]
    again = list(bank.read(source(tmp_path, "s.sta", first + first)))
    assert [statement["statement_id"] for statement in records(again)] == ["REF1", "REF1"]


CSV = "account,currency,booking_date,value_date,amount,balance,description,reference,bank_reference\n"


def read_csv(folder, text):
    return list(bank_csv.read(source(folder, "s.csv", text)))


def test_a_bank_csv_is_proven_by_its_running_balance(tmp_path):
    rows = "A1,EUR,2026-10-28,,10.00,110.00,in,po_1,B1\nA1,EUR,2026-10-29,2026-10-30,-2.50,107.50,out,,\n"
    (statement,) = records(read_csv(tmp_path, CSV + rows))
    assert (statement["opening_balance"], statement["closing_balance"]) == ("100.00", "107.50")
    assert [entry["end_to_end_id"] for entry in statement["entries"]] == ["po_1", None]
    (bad,) = rejects(read_csv(tmp_path, CSV + rows.replace("107.50", "107.51")))
    assert bad.reason == "statement_sum"


def test_a_profile_says_what_a_banks_own_columns_mean(tmp_path):
    (tmp_path / "_profile.yaml").write_text(
        "account: DE1\ncurrency: EUR\nbooking_date_column: Buchungstag\ndate_format: '%d.%m.%Y'\ndecimal_mark: ','\n"
        "credit_column: Haben\ndebit_column: Soll\nbalance_column: Saldo\ndescription_column: Text\n"
    )
    rows = '28.10.2026,Miete,"1.000,00",,"500,00"\n29.10.2026,Stripe,,"20,50","520,50"\n'
    text = "Buchungstag,Text,Soll,Haben,Saldo\n" + rows
    (statement,) = records(read_csv(tmp_path, text))
    assert [entry["amount"] for entry in statement["entries"]] == ["-1000.00", "20.50"]
    assert (statement["account"], statement["opening_balance"]) == ("DE1", "1500.00")


def test_a_bank_csv_with_a_bad_row_or_without_its_columns_does_not_land(tmp_path):
    good = "A1,EUR,2026-10-28,,10.00,110.00,,,\n"
    assert rejects(read_csv(tmp_path, CSV + good + "A1,EUR,2026-10-29\n"))[0].reason == "ragged_row"
    assert rejects(read_csv(tmp_path, CSV + good.replace("10.00,110", "10;110")))
    with pytest.raises(FileRefused, match=r"_profile\.yaml"):
        read_csv(tmp_path, "Datum,Betrag\n1,2\n")

"""camt.053 in the detail: batches and what proves them, charges, conversions, references, pages, the bank's totals."""

import pytest

from ingestion.formats import camt053
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import records, rejects, source

SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def amount(text, name="Amt", currency="EUR"):
    return f'<{name} Ccy="{currency}">{text}</{name}>'


def balance(code, text, currency="EUR", subtype=""):
    kind = f"<CdOrPrtry><Cd>{code}</Cd></CdOrPrtry>" + (f"<SubTp><Cd>{subtype}</Cd></SubTp>" if subtype else "")
    return (
        f"<Bal><Tp>{kind}</Tp>{amount(text, currency=currency)}<CdtDbtInd>CRDT</CdtDbtInd>"
        "<Dt><Dt>2026-10-28</Dt></Dt></Bal>"
    )


def entry(text, inside="", side="CRDT", status="BOOK"):
    return (
        f"<Ntry>{amount(text)}<CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>2026-10-28</Dt></BookgDt>{inside}</Ntry>"
    )


def statement(inside, opening="100.00", closing="100.00", head="<ElctrncSeqNb>7</ElctrncSeqNb>", balances=None):
    found = balances if balances is not None else balance("OPBD", opening) + balance("CLBD", closing)
    return f"<Stmt><Id>S</Id>{head}<Acct><Id><IBAN>DE1</IBAN></Id><Ccy>EUR</Ccy></Acct>{found}{inside}</Stmt>"


def read(folder, *statements, version="08", space=SPACE, head=""):
    body = "".join(statements)
    text = f'<Document xmlns="{space}{version}"><BkToCstmrStmt><GrpHdr>{head}</GrpHdr>{body}</BkToCstmrStmt></Document>'
    return list(camt053.read(source(folder, "s.xml", text)))


def detail(text, reference, name="Amt", more=""):
    return f"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{amount(text, name)}{more}</TxDtls>"


def test_several_groups_of_details_are_split_and_add_up_to_their_entry(tmp_path):
    batch = "<Btch><PmtInfId>{}</PmtInfId><NbOfTxs>{}</NbOfTxs>{}<CdtDbtInd>CRDT</CdtDbtInd></Btch>"
    inside = (
        f"<NtryDtls>{batch.format('P1', 2, amount('30.00', 'TtlAmt'))}{detail('10.00', 'E1')}{detail('20.00', 'E2')}"
        f"</NtryDtls><NtryDtls>{batch.format('P2', 5, amount('12.50', 'TtlAmt'))}</NtryDtls>"
    )
    (found,) = records(read(tmp_path, statement(entry("42.50", inside), closing="142.50")))
    assert [(one["amount"], one["batch_ref"], one["end_to_end_id"]) for one in found["entries"]] == [
        ("10.00", "P1", "E1"),
        ("20.00", "P1", "E2"),
        ("12.50", "P2", None),
    ]


@pytest.mark.parametrize(
    "inside",
    [
        f"<NtryDtls>{detail('10.00', 'E1')}{detail('20.01', 'E2')}</NtryDtls>",
        f"<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch>{detail('10.00', 'E1')}{detail('20.00', 'E2')}</NtryDtls>",
        f"<NtryDtls><Btch>{amount('29.00', 'TtlAmt')}</Btch>{detail('10.00', 'E1')}{detail('20.00', 'E2')}</NtryDtls>",
    ],
)
def test_a_batch_that_contradicts_its_transactions_keeps_the_statement_out(tmp_path, inside):
    found = read(tmp_path, statement(entry("30.00", inside), closing="130.00"))
    assert [bad.reason for bad in rejects(found)] == ["batch_total"]


def test_charges_inside_a_batch_become_an_entry_of_their_own(tmp_path):
    record = f"<Rcrd>{amount('1.00')}<ChrgInclInd>true</ChrgInclInd></Rcrd>"
    charges = f"<Chrgs>{amount('1.00', 'TtlChrgsAndTaxAmt')}{record}</Chrgs>"
    inside = f"{charges}<NtryDtls>{detail('10.00', 'E1')}{detail('20.00', 'E2')}</NtryDtls>"
    (found,) = records(read(tmp_path, statement(entry("29.00", inside), closing="129.00")))
    assert [one["amount"] for one in found["entries"]] == ["10.00", "20.00", "-1.00"]
    assert found["entries"][2]["charges"] == [{"amount": "1.00", "currency": "eur", "included": True}]
    wrong = inside.replace("1.00</TtlChrgsAndTaxAmt>", "1.50</TtlChrgsAndTaxAmt>")
    assert [bad.reason for bad in rejects(read(tmp_path, statement(entry("29.00", wrong), closing="129.00")))] == [
        "charge_total"
    ]


def test_a_conversion_keeps_its_amounts_rate_and_the_currency_it_prices(tmp_path):
    conversion = (
        "<CcyXchg><SrcCcy>USD</SrcCcy><TrgtCcy>EUR</TrgtCcy><UnitCcy>EUR</UnitCcy><XchgRate>1.0850</XchgRate></CcyXchg>"
    )
    instructed = f"<InstdAmt>{amount('108.50', currency='USD')}</InstdAmt>"
    told = f"<AmtDtls>{instructed}<TxAmt>{amount('100.00')}{conversion}</TxAmt></AmtDtls>"
    (found,) = records(
        read(tmp_path, statement(entry("100.00", f"{told}<NtryDtls><TxDtls/></NtryDtls>"), closing="200.00"))
    )
    assert found["entries"][0]["exchange"] == {
        "rate": "1.0850",
        "source_currency": "usd",
        "target_currency": "eur",
        "unit_currency": "eur",
        "contract": None,
        "instructed_amount": "108.50",
        "instructed_currency": "usd",
        "transaction_amount": "100.00",
        "transaction_currency": "eur",
    }
    zero = told.replace("1.0850", "0.0")
    assert [bad.reason for bad in rejects(read(tmp_path, statement(entry("100.00", zero), closing="200.00")))] == [
        "bad_amount"
    ]


def test_references_and_parties_of_a_reversal_are_those_of_what_it_takes_back(tmp_path):
    inside = (
        "<RvslInd>true</RvslInd><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId><InstrId>I1</InstrId>"
        "<PmtInfId>P1</PmtInfId><TxId>T1</TxId></Refs><RltdPties><Dbtr><Pty><Nm>Us</Nm></Pty></Dbtr><Cdtr><Pty><Nm>Them</Nm>"
        "</Pty></Cdtr><CdtrAcct><Id><IBAN>NL2</IBAN></Id></CdtrAcct></RltdPties><RmtInf><Strd><RfrdDocInf><Nb>INV-9</Nb>"
        "</RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls>"
    )
    (found,) = records(read(tmp_path, statement(entry("5.00", inside), closing="105.00")))
    (one,) = found["entries"]
    assert (one["is_reversal"], one["counterparty"], one["counterparty_account"]) == (True, "Them", "NL2")
    assert (one["end_to_end_id"], one["instruction_id"], one["payment_information_id"], one["transaction_id"]) == (
        *(None, "I1"),
        *("P1", "T1"),
    )
    assert (one["creditor_reference"], one["document_numbers"]) == ("RF18539007547034", ["INV-9"])
    assert one["description"] == "RF18539007547034 INV-9"


def test_an_entry_for_information_is_kept_and_proves_nothing(tmp_path):
    (found,) = records(read(tmp_path, statement(entry("5.00") + entry("77.00", status="INFO"), closing="105.00")))
    assert [one["amount"] for one in found["entries"]] == ["5.00"]
    assert [one["amount"] for one in found["notices"]] == ["77.00"]


@pytest.mark.parametrize(
    "summary",
    [
        "<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>",
        "<TtlNtries><Sum>9.00</Sum></TtlNtries>",
        "<TtlNtries><TtlNetNtry><Amt>3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TtlNetNtry></TtlNtries>",
        "<TtlCdtNtries><NbOfNtries>2</NbOfNtries></TtlCdtNtries>",
        "<TtlDbtNtries><Sum>2.01</Sum></TtlDbtNtries>",
    ],
)
def test_the_banks_own_totals_must_hold(tmp_path, summary):
    whole = entry("5.00") + entry("2.00", side="DBIT")
    right = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>7.00</Sum></TtlNtries></TxsSummry>"
    assert records(read(tmp_path, statement(right + whole, closing="103.00")))
    found = read(tmp_path, statement(f"<TxsSummry>{summary}</TxsSummry>{whole}", closing="103.00"))
    assert [bad.reason for bad in rejects(found)] == ["control_total"]


def paged(number, last, inside, balances):
    head = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn><ElctrncSeqNb>7</ElctrncSeqNb>"
    return statement(inside, head=head, balances=balances)


@pytest.mark.parametrize(("code", "subtype"), [("ITBD", ""), ("CLBD", "INTM")])
def test_pages_with_balances_of_their_own_are_proven_one_by_one(tmp_path, code, subtype):
    opens = ("ITBD", "") if code == "ITBD" else ("OPBD", "INTM")
    first = paged(1, "false", entry("5.00"), balance("OPBD", "100.00") + balance(code, "105.00", subtype=subtype))
    second = paged(2, "true", entry("1.00"), balance(opens[0], "105.00", subtype=opens[1]) + balance("CLBD", "106.00"))
    one, two = records(read(tmp_path, first, second))
    assert [found["record_id"] for found in (one, two)] == ["DE1|S/7/1/2026-10-28|eur", "DE1|S/7/2/2026-10-28|eur"]
    assert [(found["is_opening_page"], found["is_closing_page"]) for found in (one, two)] == [
        (True, False),
        (False, True),
    ]
    assert (one["closing_balance"], two["opening_balance"]) == ("105.00", "105.00")


def test_pages_without_balances_between_them_are_one_statement(tmp_path):
    pages = [
        paged(1, "false", entry("5.00"), balance("OPBD", "100.00")),
        paged(2, "false", entry("2.00"), ""),
        paged(3, "true", entry("1.00"), balance("CLBD", "108.00")),
    ]
    (found,) = records(read(tmp_path, *pages))
    assert [one["amount"] for one in found["entries"]] == ["5.00", "2.00", "1.00"]
    assert [bad.reason for bad in rejects(read(tmp_path, pages[0], pages[2]))] == ["no_balance", "no_balance"]


def test_a_statement_cut_by_the_pages_of_its_message_is_proven_page_by_page(tmp_path):
    pages = "<MsgPgntn><PgNb>{}</PgNb><LastPgInd>{}</LastPgInd></MsgPgntn>"
    first = statement(entry("5.00"), balances=balance("OPBD", "100.00") + balance("ITBD", "105.00"))
    second = statement(entry("1.00"), balances=balance("ITBD", "105.00") + balance("CLBD", "106.00"))
    (one,) = records(read(tmp_path, first, head=pages.format(1, "false")))
    (two,) = records(read(tmp_path, second, head=pages.format(2, "true")))
    assert [(found["page"], found["is_opening_page"], found["is_closing_page"]) for found in (one, two)] == [
        (1, True, False),
        (2, False, True),
    ]
    (whole,) = records(read(tmp_path, statement(entry("5.00"), closing="105.00"), head=pages.format(2, "false")))
    assert (whole["page"], whole["is_closing_page"]) == (None, True)


def test_an_interim_balance_closes_no_statement_that_is_whole(tmp_path):
    found = read(tmp_path, statement(entry("5.00"), balances=balance("OPBD", "100.00") + balance("ITBD", "105.00")))
    assert [bad.reason for bad in rejects(found)] == ["no_balance"]


def test_decimals_beyond_the_currencys_are_kept_when_they_are_zero_and_refused_when_not(tmp_path):
    (found,) = records(read(tmp_path, statement(entry("5.00000"), closing="105.000")))
    assert found["entries"][0]["amount"] == "5.00000"
    halves = statement(entry("5.005") + entry("5.005"), closing="110.01")
    assert [bad.reason for bad in rejects(read(tmp_path, halves))] == ["too_precise"]


def test_a_currency_that_is_none_is_named(tmp_path):
    text = statement("").replace("EUR", "EUX")
    assert [bad.reason for bad in rejects(read(tmp_path, text))] == ["unknown_currency"]


def test_every_statement_is_told_by_the_line_where_it_starts(tmp_path):
    found = read(tmp_path, statement(entry("1.00")), "\n\n", statement(entry("1.00")), statement(entry("1.00")))
    assert [bad.line_no for bad in rejects(found)] == [1, 3, 4]


@pytest.mark.parametrize(
    ("space", "version", "says"),
    [
        (SPACE, "99", "camt.053.001.99 is not read"),
        (SPACE, "01", "camt.053.001.01 is not read"),
        ("urn:iso:std:iso:20022:tech:xsd:pain.001.001.", "03", "pain.001.001.03"),
        ("", "", "without a namespace"),
    ],
)
def test_another_document_or_version_is_refused_by_its_name(tmp_path, space, version, says):
    with pytest.raises(FileRefused, match=says):
        read(tmp_path, statement(""), space=space, version=version)

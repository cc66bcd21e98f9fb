"""From the APIs through the landing door into staging: staging shows what the source holds, whatever happened."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.landing import load_landing
from ingestion.sources import netsuite_api, salesforce_api
from ingestion.sources.failures import PullFailed
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.protocol_servers.netsuite import REALM, SECRETS, Account
from tests.protocol_servers.salesforce import KEY, SECRET, Org, id_of
from tests.protocol_servers.serving import Fault, serving

DAY = date(2026, 10, 29)
CRM = ["Account", "OrderItem"]
ERP = ["transaction", "transactionline", "transactionaccountingline"]
LANDED = """
    select distinct record_id, record_hash, is_deleted, api_version, source_updated_at
    from raw.{}
    order by 1, 2, 3, 4, 5
"""
TABLES = (
    *("crm__account", "crm__order_item"),
    *("erp__transaction", "erp__transactionline", "erp__transactionaccountingline"),
)


@pytest.fixture(scope="module")
def staged(cluster: ScratchCluster) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse with the staging views of both systems."""
    with scratch_dbt.warehouse(cluster) as connection:
        scratch_dbt.build("seed", "currencies")
        scratch_dbt.build("run", "path:models/staging/crm", "path:models/staging/erp")
        yield connection


@pytest.fixture
def warehouse(staged: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """The same, emptied before and after."""
    empty(staged)
    yield staged
    empty(staged)


def empty(connection: psycopg.Connection[Any]) -> None:
    """Nothing was ever loaded."""
    for (table,) in connection.execute("select tablename from pg_tables where schemaname = 'raw'").fetchall():
        if table.startswith(("crm__", "erp__")):
            connection.execute(f"truncate raw.{table}".encode())
    connection.execute("truncate ops.loads, ops.refusals, quarantine.records cascade")


@pytest.fixture
def org() -> Iterator[Org]:
    with serving(Org()) as served:
        yield served


@pytest.fixture
def account() -> Iterator[Account]:
    with serving(Account()) as served:
        yield served


def pull_crm(org: Org, landing: Path, **changes: Any) -> None:
    settings = {"domain": "acme.my", "consumer_key": KEY, "consumer_secret": SECRET, "api_base": org.address}
    settings |= {"page_rows": 3, "small_rows": 4, "poll_seconds": 0, "attempts": 1, **changes}
    salesforce_api.pull(landing, DAY, salesforce_api.SalesforceSettings(**settings), CRM)


def pull_erp(account: Account, landing: Path) -> None:
    settings = netsuite_api.NetSuiteSettings(
        account=REALM,
        consumer_key=SECRETS["oauth_consumer_key"],
        consumer_secret=SECRETS["consumer_secret"],
        token_id=SECRETS["oauth_token"],
        token_secret=SECRETS["token_secret"],
        timezone=account.zone.key,
        api_base=account.address,
        page_rows=3,
        part_rows=4,
        attempts=1,
    )
    netsuite_api.pull(landing, DAY, settings, ERP)


def load(landing: Path) -> None:
    """Load what waits; every row of it is accepted or a duplicate."""
    results = load_landing(landing)
    assert {result.status for result in results} <= {"loaded", "already_loaded"}, results
    assert sum(result.quarantined for result in results) == 0


def landed(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """The versions that landed, wherever and how often."""
    return {table: connection.execute(LANDED.format(table).encode()).fetchall() for table in TABLES}


def shown(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return sorted(connection.execute(query.encode()).fetchall())


def assert_crm_is_true(connection: psycopg.Connection[Any], org: Org) -> None:
    """Staging shows the org's records and no other."""
    found = shown(connection, "select crm_account_id, name from staging.stg_crm__accounts where not is_deleted")
    assert found == sorted(
        (key, row["Name"]) for key, row in org.rows["Account"].items() if row["IsDeleted"] == "false"
    )
    query = "select order_item_id, total_price_minor from staging.stg_crm__order_items where not is_deleted"
    assert shown(connection, query) == sorted(
        (key, int(Decimal(str(row["TotalPrice"])) * 100))
        for key, row in org.rows["OrderItem"].items()
        if row["IsDeleted"] == "false"
    )


def assert_erp_is_true(connection: psycopg.Connection[Any], account: Account) -> None:
    """Staging shows the account's transactions, lines and postings, and no other."""
    query = "select cast(transaction_id as int), memo from staging.stg_erp__transactions where not is_deleted"
    assert shown(connection, query) == sorted(account.database.execute('select id, memo from "transaction"').fetchall())
    for table, line, amount, model in (
        ("transactionline", "id", "foreignamount", "transaction_lines"),
        ("transactionaccountingline", "transactionline", "amount", "transaction_accounting_lines"),
    ):
        raw = connection.execute(
            f"""
            select
                cast(staged.transaction_id as int),
                cast(staged.transaction_line_id as int),
                raw.payload ->> '{amount}'
            from staging.stg_erp__{model} as staged
            inner join raw.erp__{table} as raw on staged.load_id = raw.load_id and staged.line_no = raw.line_no
            where not staged.is_deleted
            """.encode()
        ).fetchall()
        true = account.database.execute(f'select "transaction", "{line}", {amount} from "{table}"').fetchall()
        assert sorted(raw) == sorted(true), table


def change_crm(org: Org, chance: random.Random, number: int) -> None:
    """Something happens in the org."""
    key = chance.randrange(9)
    present = id_of("Account", key) in org.rows["Account"]
    if number % 7 == 6 and present:
        org.delete("Account", key)
    elif number % 11 == 10 and present:
        org.purge("Account", key)
    elif present or id_of("Account", key) not in {one for _, one, _ in org.log}:
        org.put("Account", key, Name=f'name {number}, "quoted"\nsecond line', Website=None)
    org.put("OrderItem", key, TotalPrice=chance.choice(["1.5E2", "-0.75", "12345.10", "3E0"]), CurrencyIsoCode="EUR")
    org.passes(seconds=chance.choice([0, 1, 20, 400, 4_000]))


def change_erp(account: Account, chance: random.Random, number: int) -> None:
    """Something happens in the account; it gives an id once."""
    key = chance.randrange(1, 9)
    gone = {one for (one,) in account.database.execute("select recordid from deletedrecord")}
    if number % 6 == 5 and key not in gone:
        account.invoice(key, ["1"])
        account.delete("transaction", key, "invoice")
    elif key not in gone:
        account.invoice(key, [f"{number}.{line}0" for line in range(1 + chance.randrange(4))], memo=f"memo {number}")
    account.passes(seconds=chance.choice([0, 1, 20, 4_000, 90_000]))


@pytest.mark.parametrize("seed", range(2))
def test_staging_shows_what_the_crm_holds_after_any_history_of_changes_and_faults(
    warehouse: psycopg.Connection[Any], org: Org, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  a history, no secret
    for number in range(25):
        change_crm(org, chance, number)
        if chance.random() < 0.3:
            org.faults = [Fault("/services/data", kind=chance.choice(["answer", "cut"]), skip=chance.randrange(12))]
            with contextlib.suppress(PullFailed):
                pull_crm(org, tmp_path, api=chance.choice(["auto", "bulk", "rest"]))
            org.faults = []
        if chance.random() < 0.3:
            load(tmp_path)
    org.passes(minutes=5)
    for _ in range(2):  # the first may end an interrupted pull
        pull_crm(org, tmp_path)
        org.passes(minutes=5)
    load(tmp_path)
    assert_crm_is_true(warehouse, org)


@pytest.mark.parametrize("seed", range(2))
def test_staging_shows_what_the_erp_holds_after_any_history_of_changes_and_faults(
    warehouse: psycopg.Connection[Any], account: Account, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  a history, no secret
    account.clock = datetime(2026, 10, 31, 20, 0, tzinfo=UTC)  # the clocks change in the night that follows
    pull_erp(account, tmp_path)
    for number in range(25):
        change_erp(account, chance, number)
        if chance.random() < 0.3:
            account.faults = [Fault("suiteql", kind=chance.choice(["answer", "cut"]), skip=chance.randrange(12))]
            with contextlib.suppress(PullFailed):
                pull_erp(account, tmp_path)
            account.faults = []
        if chance.random() < 0.3:
            load(tmp_path)
    account.passes(minutes=5)
    for _ in range(2):  # the first may end an interrupted pull
        pull_erp(account, tmp_path)
        account.passes(minutes=5)
    load(tmp_path)
    assert_erp_is_true(warehouse, account)


@pytest.mark.parametrize("system", ["crm", "erp"])
def test_a_pull_interrupted_at_every_request_lands_what_an_undisturbed_one_lands(
    warehouse: psycopg.Connection[Any], org: Org, account: Account, tmp_path: Path, system: str
) -> None:
    chance = random.Random(1)  # noqa: S311  a history, no secret
    served: Org | Account = org if system == "crm" else account
    for number in range(12):
        # Without deletions: a pull that begins again tells of them, one that is the first does not.
        change_crm(org, chance, number) if system == "crm" else change_erp(account, chance, 6 * number)
    served.passes(minutes=5)

    def pulled(landing: Path) -> None:
        pull_crm(org, landing) if system == "crm" else pull_erp(account, landing)

    pulled(tmp_path / "whole")
    load(tmp_path / "whole")
    undisturbed = landed(warehouse)
    empty(warehouse)
    interruptions = 0
    for _ in range(200):
        served.faults = [Fault("/services/", skip=1 + interruptions % 3)]
        try:
            pulled(tmp_path / "broken")
        except PullFailed:
            interruptions += 1
            if interruptions % 4 == 0:
                load(tmp_path / "broken")
            if interruptions > 30:
                served.faults = []
                pulled(tmp_path / "broken")
                break
        else:
            break
    load(tmp_path / "broken")
    assert interruptions > 0
    assert landed(warehouse) == undisturbed


def test_the_cursor_is_committed_with_the_rows_and_outlives_the_files(
    warehouse: psycopg.Connection[Any], account: Account, tmp_path: Path
) -> None:
    account.invoice(1, ["1"])
    account.passes(minutes=5)
    pull_erp(account, tmp_path)
    load(tmp_path)
    shutil.rmtree(tmp_path / "erp")
    account.passes(days=9)
    account.invoice(2, ["2"])
    account.passes(minutes=5)
    account.asked.clear()
    pull_erp(account, tmp_path)
    assert all("TO_DATE('2026-10-28'" in request.body for request in account.asked if "FROM trans" in request.body)
    load(tmp_path)
    assert_erp_is_true(warehouse, account)


def test_an_export_with_ids_of_15_characters_and_the_api_with_18_are_one_row(
    warehouse: psycopg.Connection[Any], org: Org, tmp_path: Path
) -> None:
    for number in range(3):
        org.put("Account", number, Name=f"name {number}")
    folder = tmp_path / "crm/Account/2026-10-01"
    folder.mkdir(parents=True)
    exported = [f"{id_of('Account', number)[:15]},false,old,2026-09-30T00:00:00.000+0000" for number in range(3)]
    (folder / "export.csv").write_text("\n".join(["Id,IsDeleted,Name,SystemModstamp", *exported, ""]))
    (folder / "_SUCCESS").touch()
    org.passes(minutes=5)
    pull_crm(org, tmp_path)
    load(tmp_path)
    assert_crm_is_true(warehouse, org)
    assert shown(warehouse, "select count(*) from staging.stg_crm__accounts") == [(3,)]


def test_a_record_gone_for_good_is_found_by_the_ids_of_the_warehouse(
    warehouse: psycopg.Connection[Any], org: Org, tmp_path: Path
) -> None:
    for number in range(5):
        org.put("Account", number, Name=f"name {number}")
    org.passes(minutes=5)
    pull_crm(org, tmp_path)
    load(tmp_path)
    org.passes(days=30)
    org.log_begins = org.clock
    del org.rows["Account"][id_of("Account", 2)]
    org.passes(minutes=5)
    pull_crm(org, tmp_path)
    load(tmp_path)
    assert_crm_is_true(warehouse, org)

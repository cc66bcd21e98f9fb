"""The commands that pull the CRM and the ERP, and the hook by which Dagster pulls them on the day itself."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.pulls import pull_today
from tests.protocol_servers.netsuite import REALM, SECRETS, Account
from tests.protocol_servers.salesforce import KEY, SECRET, Org
from tests.protocol_servers.serving import Fault, serving


@pytest.fixture
def org(monkeypatch):
    with serving(Org()) as served:
        values = {"DOMAIN": "acme.my", "CONSUMER_KEY": KEY, "CONSUMER_SECRET": SECRET, "API_BASE": served.address}
        values |= {"API": "rest", "ATTEMPTS": "1"}
        for name, value in values.items():
            monkeypatch.setenv(f"TIEOUT_SALESFORCE_{name}", value)
        yield served


@pytest.fixture
def account(monkeypatch):
    with serving(Account()) as served:
        values = {"ACCOUNT": REALM, "TIMEZONE": "America/Los_Angeles", "API_BASE": served.address, "ATTEMPTS": "1"}
        values |= {name.upper().removeprefix("OAUTH_"): value for name, value in SECRETS.items()}
        values["TOKEN_ID"] = values.pop("TOKEN")
        for name, value in values.items():
            monkeypatch.setenv(f"TIEOUT_NETSUITE_{name}", value)
        yield served


def run(*arguments):
    return CliRunner().invoke(app, ["pull", *arguments])


def test_the_crm_is_pulled_and_what_came_is_said(org, tmp_path):
    org.put("Contract", 1, Status="Activated")
    org.passes(minutes=5)
    ended = run("crm", "--landing", str(tmp_path), "--date", "2026-10-29", "--object", "Contract", "--json")
    assert ended.exit_code == 0
    (found,) = json.loads(ended.stdout)["pulled"]
    assert (found["object"], found["rows"], found["via"], found["why"]) == ("Contract", 1, "rest", "first pull")
    assert found["files"][0].startswith(str(tmp_path / "crm/Contract/2026-10-29/api-"))


def test_the_erp_is_pulled_and_what_came_is_said(account, tmp_path):
    account.invoice(1, ["1", "2"])
    account.passes(minutes=5)
    ended = run("erp", "--landing", str(tmp_path), "--object", "transactionline")
    assert ended.exit_code == 0
    assert "transactionline" in ended.stdout
    assert f"tieout load {tmp_path}" in ended.stdout.replace("\n", "")


@pytest.mark.parametrize(("system", "fixture"), [("crm", "org"), ("erp", "account")])
def test_a_pull_that_fails_says_where_and_ends_with_one(request, tmp_path, system, fixture):
    served = request.getfixturevalue(fixture)
    served.faults = [Fault("/services/", status=400, body="no", times=99)]
    ended = run(system, "--landing", str(tmp_path))
    assert ended.exit_code == 1
    assert "no" in ended.stderr
    assert "canary" not in ended.output


@pytest.mark.parametrize(
    ("system", "variable"), [("crm", "TIEOUT_SALESFORCE_DOMAIN"), ("erp", "TIEOUT_NETSUITE_TIMEZONE")]
)
def test_settings_that_are_missing_are_named_and_the_others_not_repeated(monkeypatch, system, variable):
    monkeypatch.setenv("TIEOUT_SALESFORCE_CONSUMER_SECRET", "canary-secret")
    monkeypatch.setenv("TIEOUT_NETSUITE_TOKEN_SECRET", "canary-secret")
    ended = run(system)
    assert ended.exit_code == 1
    assert variable in ended.stderr.replace("\n", "")
    assert "canary" not in ended.output


def test_dagster_pulls_what_is_configured_on_the_day_itself_alone(org, account, tmp_path, monkeypatch):
    org.put("Account", 1, Name="one")
    account.invoice(1, ["1", "2"])
    org.passes(minutes=5)
    account.passes(minutes=5)
    today = datetime.now(UTC).date()
    tomorrow = today + timedelta(days=1)
    assert pull_today("crm", str(tmp_path), date(2026, 1, 1), date(2026, 1, 2)) is None
    crm = pull_today("crm", str(tmp_path), today, tomorrow)
    erp = pull_today("erp", str(tmp_path), today, tomorrow)
    assert crm is not None
    assert erp is not None
    assert (crm["pulled_rows"], erp["pulled_rows"]) == (1, 5)
    monkeypatch.delenv("TIEOUT_SALESFORCE_CONSUMER_KEY")
    monkeypatch.delenv("TIEOUT_NETSUITE_TOKEN_ID")
    assert pull_today("crm", str(tmp_path), today, tomorrow) is None
    assert pull_today("erp", str(tmp_path), today, tomorrow) is None

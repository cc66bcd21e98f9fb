"""The CRM: quotes, orders and contracts."""

from orchestration.assets.raw import raw_asset

crm = raw_asset(
    "crm",
    "Salesforce tables of the sales-assisted business: opportunity to quote, order and contract.",
    kinds={"salesforce", "csv"},
)

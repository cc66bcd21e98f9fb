"""The ERP: invoices, payments and postings."""

from orchestration.assets.raw import raw_asset

erp = raw_asset(
    "erp",
    "NetSuite tables: customers, items, periods, transactions, their lines and accounting lines.",
    kinds={"csv"},
)

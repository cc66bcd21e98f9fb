"""The close package of a month: workbook, ERP journal, PDF and manifest, the same bytes for the same close."""

from datetime import date

import dagster as dg

from orchestration.close.package.write import write_package
from orchestration.partitions import monthly
from warehouse.errors import WarehouseError


class PackageConfig(dg.Config):
    """Whose month is packaged."""

    entity: str = "main"


@dg.asset(
    key=dg.AssetKey(["close", "close_package"]),
    deps=[dg.AssetKey(["close", "closed_month"])],
    partitions_def=monthly,
    group_name="close",
    kinds={"python", "excel"},
    owners=["team:revenue-accounting"],
)
def close_package(context: dg.AssetExecutionContext, config: PackageConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Write the package of a closed month below the state folder. A month that is not closed is refused."""
    try:
        written = write_package(config.entity, date.fromisoformat(context.partition_key))
    except WarehouseError as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused
    return dg.MaterializeResult(
        metadata={
            "folder": dg.MetadataValue.path(str(written.folder)),
            "manifest_sha256": written.manifest_sha256,
            "check_cells": written.checks,
            "check_cells_not_zero": sum(written.not_zero.values()),
        }
    )

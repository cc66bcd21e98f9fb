"""Every dbt model, seed and test in one op: one dbt process a run, whatever the number of delivery days."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration import dbt_process
from orchestration.assets.raw import POOL, WAIT_FOR_WRITER_SECONDS, days_of
from orchestration.breaks.controls import control_numbers
from orchestration.build import build_arguments, building
from orchestration.close.days import DaysOfClosedMonth
from orchestration.partitions import Window, daily
from orchestration.progress import report
from orchestration.row_counts import row_counts
from warehouse.errors import WriterBusy

RAW_SYSTEMS = ("usage", "control_plane", "catalog", "stripe", "crm", "erp", "bank", "tax", "fx")
LAYERS_WITH_DOMAINS = ("intermediate",)
OWNER_OF_LAYER = {
    "staging": "team:data-engineering",
    "intermediate": "team:data-engineering",
    "marts": "team:finance-data",
    "reconciliation": "team:revenue-operations",
}

MANIFEST: Mapping[str, Any] = json.loads(dbt_process.manifest_path().read_text(encoding="utf-8"))


class Translator(DagsterDbtTranslator):
    """Keys ``<layer>/<model>``, groups by layer and domain, owners by layer, sources as the raw assets."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """A source table is the raw asset of its system; a model is named by its schema and name."""
        if dbt_resource_props["resource_type"] == "source":
            system = dbt_resource_props["source_name"]
            if system in RAW_SYSTEMS:
                return dg.AssetKey(["raw", system])
            return dg.AssetKey([system, dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer, for intermediate models the domain."""
        folders = list(dbt_resource_props.get("fqn", []))[1:-1]
        if not folders:
            return str(dbt_resource_props["schema"])
        if folders[0] in LAYERS_WITH_DOMAINS and len(folders) > 1:
            return str(folders[1])
        return str(folders[0])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        """The owner named on the model, else the layer's."""
        named = super().get_owners(dbt_resource_props)
        if named:
            return list(named)
        owner = OWNER_OF_LAYER.get(str(dbt_resource_props["schema"]))
        return [owner] if owner else None

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's description, without the SQL that dagster-dbt puts below it."""
        return str(dbt_resource_props.get("description") or "")


TRANSLATOR = Translator(
    DagsterDbtTranslatorSettings(
        enable_duplicate_source_asset_keys=True,
        enable_source_tests_as_checks=False,
        enable_code_references=False,
    )
)


@dbt_assets(
    manifest=MANIFEST,
    dagster_dbt_translator=TRANSLATOR,
    name="dbt_models",
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=POOL,
)
def dbt_models(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Build what the delivery days of this run touch, and what landed since the last good build."""
    start, end = days_of(context)
    partial = context.is_subset
    try:
        with building(
            f"Dagster run {context.run.run_id[:8]}",
            Window(start, end),
            partial=partial,
            wait_seconds=WAIT_FOR_WRITER_SECONDS,
        ) as opened:
            outcome = dbt_process.run(_arguments(context), on_event=_tell)
            opened.models.update(outcome.models)
            # what did work is told before the failure is raised
            yield from _dagster_events(context, outcome)
            if not outcome.succeeded:
                raise dg.Failure("dbt could not build everything:\n" + "\n".join(outcome.failures), allow_retries=False)
    except WriterBusy as busy:
        raise dg.RetryRequested(max_retries=5, seconds_to_wait=60) from busy
    except DaysOfClosedMonth as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused


def _arguments(context: dg.AssetExecutionContext) -> list[str]:
    """The whole project, or exactly the models and tests that were chosen in this run."""
    if not context.is_subset:
        return build_arguments()
    chosen_models = [_node(UNIQUE_IDS[key])["name"] for key in context.selected_asset_keys]
    chosen_tests = [_node(TESTS[key])["name"] for key in context.selected_asset_check_keys if key in TESTS]
    return [
        *build_arguments(select=sorted({*chosen_models, *chosen_tests})),
        "--indirect-selection",
        "empty",
    ]


def _tell(event: dbt_process.Event) -> None:
    """Send dbt's words to the run's log, and the count of finished nodes to whoever shows progress."""
    info = event["info"]
    if info.get("msg"):
        sys.stdout.write(f"{info['msg']}\n")
    if info.get("name") in dbt_process.RESULT_EVENTS:
        data = event["data"]
        report("models and checks", int(data.get("index") or 0), int(data.get("total") or data.get("num_models") or 0))


def _dagster_events(
    context: dg.AssetExecutionContext, outcome: dbt_process.DbtOutcome
) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
    """Materialisations with row counts, of controls also with their numbers, then the results of tests."""
    built = [result for result in outcome.results if result.status == "success" and result.unique_id in KEYS]
    rows = row_counts([_relation(result.unique_id) for result in built if _is_table(result.unique_id)])
    numbers = control_numbers() if outcome.models.get("recon_control_totals") == "success" else {}
    for result in built:
        metadata: dict[str, Any] = {"seconds": result.seconds, "dbt": result.message}
        if _is_table(result.unique_id):
            metadata["dagster/row_count"] = rows[_relation(result.unique_id)]
        metadata.update(numbers.get(result.name, {}))
        yield dg.Output(None, output_name=KEYS[result.unique_id].to_python_identifier(), metadata=metadata)
    for result in outcome.results:
        check = CHECKS.get(result.unique_id)
        if check is not None and check in context.selected_asset_check_keys and result.status != "skipped":
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"failing_rows": result.failures or 0, "message": result.message, "seconds": result.seconds},
            )


def _node(unique_id: str) -> Mapping[str, Any]:
    node: Mapping[str, Any] = MANIFEST["nodes"][unique_id]
    return node


def _relation(unique_id: str) -> tuple[str, str]:
    node = _node(unique_id)
    return node["schema"], node.get("alias") or node["name"]


def _is_table(unique_id: str) -> bool:
    node = _node(unique_id)
    return node["resource_type"] == "seed" or node["config"]["materialized"] in {"table", "incremental"}


KEYS: dict[str, dg.AssetKey] = {
    unique_id: TRANSLATOR.get_asset_key(node)
    for unique_id, node in MANIFEST["nodes"].items()
    if node["resource_type"] in {"model", "seed"} and node["config"]["materialized"] != "ephemeral"
}
UNIQUE_IDS = {key: unique_id for unique_id, key in KEYS.items()}
CHECKS: dict[str, dg.AssetCheckKey] = {
    unique_id: check
    for unique_id, node in MANIFEST["nodes"].items()
    if node["resource_type"] == "test"
    and (check := get_asset_check_key_for_test(MANIFEST, TRANSLATOR, unique_id, project=None)) is not None
}
TESTS = {check: unique_id for unique_id, check in CHECKS.items()}
CONTROLS: dict[str, dg.AssetKey] = {
    node["name"]: KEYS[unique_id]
    for unique_id, node in MANIFEST["nodes"].items()
    if unique_id in KEYS and node["fqn"][1:-1] == ["reconciliation", "controls"]
}

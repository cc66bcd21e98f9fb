"""Controls over a few rows that can be read: inputs are temporary tables, every model between is a temporary view.

Columns get their type from their name, so that a test names only what it says something about; the registry is the
seed that dbt loads. What a control says is compared whole: a row too many fails as a row too few does.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from tests.dbt.model_queries import PROJECT, model_query

WATERMARK = date(2026, 11, 9)
NUMERIC = (
    "quantity",
    "rate",
    "percentage",
    "percent",
    "up_to",
    "unit_amount",
    "flat_amount",
    "value_numeric",
    "_sum",
    "_max",
    "_price",
)
SAID = "select * from {} where tracking_key <> 'canary'"


def column_type(name: str) -> str:
    """Postgres type of a column by the naming rules of the project."""
    if name.endswith("_on") or name in {"valid_from", "valid_to", "used_until", "period", "posted_period"}:
        return "date"
    if name in {"unit_amount_minor", "flat_amount_minor"} or name.startswith("rate_") or name.endswith(NUMERIC):
        return "numeric"
    if name.endswith(("_minor", "_count", "_no", "_seq", "_months", "precision_digits", "exponent", "rows_in")):
        return "bigint"
    if name.endswith("_at"):
        return "timestamptz"
    if name.startswith(("is_", "has_", "names_")):
        return "boolean"
    return "uuid" if name == "load_id" else "text"


class SmallWorld:
    """Inputs of a control in one session."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Start with the registry, a watermark and no loads."""
        self._connection = connection
        connection.execute("set timezone to 'UTC'")
        self.table("stg_ops__loads", "load_id system object delivered_on file_name")
        with (PROJECT / "seeds" / "recon_controls.csv").open(encoding="utf-8", newline="") as file:
            controls = list(csv.DictReader(file))
        connection.execute(
            "create temp table recon_controls (control_id text, amount_tolerance_minor bigint,"
            " quantity_tolerance numeric, sla_business_days integer, compares_months boolean)"
        )
        connection.execute("create temp table recon_watermarks (control_id text, watermark_on date)")
        for control in controls:
            connection.execute(
                "insert into recon_controls values (%s, %s, %s, %s, %s)",
                [
                    control[name]
                    for name in (
                        "control_id",
                        "amount_tolerance_minor",
                        "quantity_tolerance",
                        "sla_business_days",
                        "compares_months",
                    )
                ],
            )
            connection.execute("insert into recon_watermarks values (%s, %s)", (control["control_id"], WATERMARK))

    def table(self, name: str, columns: str, *rows: Mapping[str, Any]) -> None:
        """A temporary table with `columns` (names or name:type, blank between) and rows; what a row omits is null."""
        typed = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind or column_type(column)))
            for column, _, kind in (word.partition(":") for word in columns.split())
        )
        self._connection.execute(sql.SQL("create temp table {} ({})").format(sql.Identifier(name), typed))
        self.rows(name, *rows)

    def rows(self, name: str, *rows: Mapping[str, Any]) -> None:
        """More rows of a table."""
        for row in rows:
            self._connection.execute(
                sql.SQL("insert into {} ({}) values ({})").format(
                    sql.Identifier(name),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Placeholder() * len(row)),
                ),
                list(row.values()),
            )

    def execute(self, statement: LiteralString, values: Sequence[Any] = ()) -> None:
        """A statement that no other method makes."""
        self._connection.execute(statement, values)

    def set_column(self, table: str, column: str, kind: str, value: Any) -> None:
        """Give a column another type than its name says, and one value in every row."""
        self._connection.execute(
            sql.SQL("alter table {} drop column if exists {}").format(*map(sql.Identifier, (table, column)))
        )
        self.add_column(table, column, kind)
        self._connection.execute(
            sql.SQL("update {} set {} = %s").format(*map(sql.Identifier, (table, column))), [value]
        )

    def add_column(self, table: str, column: str, kind: str) -> None:
        """A column of a type that its name does not say."""
        self._connection.execute(
            sql.SQL("alter table {} add column {} {}").format(
                sql.Identifier(table),
                sql.Identifier(column),
                sql.SQL(kind),  # type: ignore[arg-type]
            )
        )

    def model(self, name: str) -> None:
        """The model as a temporary view over what was made before it."""
        query = sql.SQL(model_query(name))  # type: ignore[arg-type]
        self._connection.execute(sql.SQL("create temp view {} as ").format(sql.Identifier(name)) + query)

    def select(self, name: str) -> list[tuple[Any, ...]]:
        """Every row of a model or table."""
        return self._connection.execute(sql.SQL("select * from {}").format(sql.Identifier(name))).fetchall()

    def breaks(self, control: str, models: Sequence[str]) -> dict[str, tuple[str, int | None]]:
        """Break class and amount of every key that the control raises, after `models` were made in their order.

        Fails when a difference is neither raised nor in time nor rounding, and when a class is not in the registry.
        """
        for name in (*models, control):
            self.model(name)
        found = self._connection.execute(
            sql.SQL("select tracking_key, break_class, status, amount_minor from ({}) as said").format(
                sql.SQL(SAID).format(sql.Identifier(control))
            )
        ).fetchall()
        known = registered_classes(control.split("_")[1].upper())
        for key, break_class, status, amount in found:
            assert status != "matched" or not amount, f"{key} differs by {amount} and nobody says so"
            assert break_class is None or break_class in known, f"{break_class} is not in the registry"
        return {
            key: (break_class, amount) for key, break_class, status, amount in found if status in {"open", "rounding"}
        }

    def statuses(self, control: str) -> dict[str, str]:
        """Status of every key of a control that was made."""
        return dict(
            self._connection.execute(
                sql.SQL("select tracking_key, status from ({}) as said").format(
                    sql.SQL(SAID).format(sql.Identifier(control))
                )
            ).fetchall()
        )


def registered_classes(control_id: str) -> set[str]:
    """Break classes of a control in the seed."""
    with (PROJECT / "seeds" / "recon_break_classes.csv").open(encoding="utf-8", newline="") as file:
        return {row["break_class"] for row in csv.DictReader(file) if row["control_id"] == control_id}

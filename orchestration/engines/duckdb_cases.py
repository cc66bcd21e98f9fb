"""Worked cases on DuckDB: what their models read is written into a file, and the models' statements are asked there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb

from orchestration.engines.cases import (
    NUMBER,
    TOO_MANY_DIGITS,
    ZONES,
    Case,
    Digits,
    Output,
    Question,
    Stop,
    Stopped,
    answered,
    given_table,
)
from orchestration.engines.duckdb import DuckDb
from orchestration.engines.inputs import export
from orchestration.engines.postgres import warehouse
from orchestration.engines.profile import settings

# Our own macros say so, a result of exact numbers or whole numbers overflows, or a written number does not fit the type
# it is cast to.
DIGITS = Digits(
    re.compile(
        rf"Invalid Input Error: {TOO_MANY_DIGITS}$"
        r"|Out of Range Error: Overflow in (?:multiplication|addition|subtraction) of (?:DECIMAL\(\d+\)|INT128) "
        r"|Out of Range Error: Overflow in HUGEINT (?:multiplication|addition|subtraction): "
        r"|Out of Range Error: Overflow in SUM of DECIMAL: "
        rf"|Conversion Error: Could not cast value {NUMBER} to DECIMAL\(\d+,\d+\)"
        rf"|Conversion Error: Could not convert string (['\"]){NUMBER}\1 to (?:INT128|DECIMAL\(\d+,\d+\))"
    )
)


class DuckDbCases:
    """A DuckDB file in a folder with what the models of the cases read."""

    name = DuckDb.name
    shown = "DuckDB"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder.joinpath("cases.duckdb")
        self._database = DuckDb(self._path)

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return self._database.variables

    def prepare(self, cases: Sequence[Case]) -> None:
        """Make the cases readable, and the zones of the warehouse."""
        with warehouse() as source:
            self._database.register(export(source, [ZONES], self._folder))
        given = given_table(cases)
        with closing(duckdb.connect(self._path)) as session:
            session.register("given_cases", given)
            session.execute("create schema conformance")
            session.execute(
                "create table conformance.given as select case_id, op, cast(inputs as json) as inputs from given_cases"
            )
            session.execute("create table conformance.cases as from conformance.given limit 0")

    def compute(self, questions: Sequence[Question]) -> list[Output | Stop]:
        """What becomes of every case."""
        with closing(duckdb.connect(self._path)) as session:
            for name, value in settings(self.name, "settings", self.variables).items():
                session.execute(f"set {name} = '{value}'")
            return answered(partial(_outputs, session), questions, DIGITS)


def _outputs(session: duckdb.DuckDBPyConnection, query: str, case_ids: Sequence[str]) -> list[Output]:
    session.execute("truncate conformance.cases")
    session.execute(
        "insert into conformance.cases select * from conformance.given where case_id in (select unnest(?))",
        [list(case_ids)],
    )
    asked = f"select case_id, cast(outputs as varchar) from (\n{query}\n) as computed"  # noqa: S608  dbt's own
    try:
        return [(case_id, outputs) for case_id, outputs in session.execute(asked).fetchall()]
    except duckdb.Error as error:
        raise Stopped(str(error)) from error

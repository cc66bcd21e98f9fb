"""Worked cases on Spark: an application of their own asks the statements of their models.

python -m orchestration.engines.spark_cases OUT < [[statement, ids of its cases], ...] as JSON
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pyarrow import parquet

from orchestration.engines.cases import (
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
from orchestration.engines.chain import Relation
from orchestration.engines.common_tables import taken_apart
from orchestration.engines.inputs import export
from orchestration.engines.postgres import warehouse
from orchestration.engines.spark import Spark, home

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

GIVEN = Relation("conformance", "given")
# Master and executor in one process: the cases are small, and most of what they take is the planning of statements.
MASTER = "local[2]"
# What Spark plans the longest of the statements with.
SETTINGS = {"spark.driver.memory": "4g"}
# Our own macros say so, or a result or a written number does not fit the type of exact or of whole numbers.
DIGITS = Digits(
    re.compile(
        rf"\[USER_RAISED_EXCEPTION\] {TOO_MANY_DIGITS}\b"
        r"|\[NUMERIC_VALUE_OUT_OF_RANGE[A-Z_.]*\] "
        r"|\[NUMERIC_OUT_OF_SUPPORTED_RANGE\] "
    )
)
# A struct leaves out what is null unless it is told not to.
OUTPUTS = "to_json(outputs, map('ignoreNullFields', 'false'))"
# An error of an executor is told inside that of its task.
CONDITION = re.compile(r"\[[A-Z][A-Z_.]+\] [^\n]*")


class SparkCases:
    """Tables in a folder with what the models of the cases read."""

    name = Spark.name
    shown = "Spark"

    def __init__(self, folder: Path) -> None:
        home()
        self._folder = folder
        self._engine = Spark(MASTER, folder)

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return self._engine.variables

    def prepare(self, cases: Sequence[Case]) -> None:
        """Make the cases readable, all of them, and the zones of the warehouse."""
        with warehouse() as source:
            files = export(source, [ZONES], self._folder.joinpath("inputs"))
        given = self._folder.joinpath("inputs", GIVEN.schema, GIVEN.name, "part-0.parquet")
        given.parent.mkdir(parents=True)
        parquet.write_table(given_table(cases), given)
        self._engine.register({**files, GIVEN: given}, [_chosen("true")])

    def compute(self, questions: Sequence[Question]) -> list[Output | Stop]:
        """What becomes of every case."""
        out = self._folder.joinpath("computed.json")
        self._engine.run_module(__name__, [str(out)], json.dumps([astuple(question) for question in questions]))
        found = json.loads(out.read_text(encoding="utf-8"))
        return [
            *((case_id, outputs) for case_id, outputs in found["outputs"]),
            *(Stop(*stop) for stop in found["stops"]),
        ]


class TableByTable:
    """Asks selects, each of their common table expressions by itself: a whole one with coupons is planned for hours.

    What one gives is kept, so that the next reads rows and no plan of it.
    """

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._shown: dict[str, DataFrame] = {}

    def answer(self, query: str) -> DataFrame:
        """What a select gives."""
        tables, last = taken_apart(query, "spark")
        around = dict(self._shown)
        for name, select in tables:
            self._show(name, self.answer(select).localCheckpoint())
        found = self._session.sql(last)
        for name in {name for name, _ in tables} & around.keys():
            self._show(name, around[name])
        return found

    def _show(self, name: str, rows: DataFrame) -> None:
        rows.createOrReplaceTempView(name)
        self._shown[name] = rows


def main() -> None:
    """Compute the cases of standard input and write what became of them."""
    from orchestration.engines.spark_session import opened

    questions = [Question(*question) for question in json.load(sys.stdin)]
    session = opened(SETTINGS)
    found = answered(partial(_outputs, session), questions, DIGITS)
    stops = [astuple(one) for one in found if isinstance(one, Stop)]
    outputs = [one for one in found if not isinstance(one, Stop)]
    Path(sys.argv[1]).write_text(json.dumps({"outputs": outputs, "stops": stops}), encoding="utf-8")


def _outputs(session: SparkSession, query: str, case_ids: Sequence[str]) -> list[Output]:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    ids = ", ".join("'{}'".format(case_id.replace("\\", "\\\\").replace("'", "\\'")) for case_id in case_ids)
    try:
        session.sql(_chosen(f"case_id in ({ids})"))
        found = TableByTable(session).answer(query).selectExpr("case_id", OUTPUTS)
        return [(case_id, outputs) for case_id, outputs in found.collect()]
    except (PySparkException, Py4JJavaError) as error:
        told = CONDITION.findall(str(error))
        if not told and isinstance(error, Py4JJavaError):
            raise
        raise Stopped(told[-1] if told else str(error)) from error


def _chosen(condition: str) -> str:
    """The statement after which the models see the cases that a condition holds for."""
    return f"create or replace view conformance.cases as select * from {GIVEN.schema}.{GIVEN.name} where {condition}"  # noqa: S608  names of this module


if __name__ == "__main__":
    main()

"""What every trace shares: rows, ids that are not there, and which loads the last build knew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from warehouse.errors import WarehouseError

Row = dict[str, Any]
Connection = psycopg.Connection[Any]
SHARED_BEGINNING = 3
LOADS_SINCE_BUILD = """
    select count(*) as loads
    from ops.loads
    where load_seq > (select coalesce(max(to_load_seq), 0) from ops.builds where status = 'succeeded')
"""


IN_LAKE = "select exists (select 1 from ops.lake_files) as is_there"


class NothingToTrace(WarehouseError):
    """No such id; the message says what is near it and where to look."""


def rows_of(connection: Connection, query: LiteralString, given: Mapping[str, Any]) -> list[Row]:
    """Rows of a query as dictionaries."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, given).fetchall()


def loads_since_build(connection: Connection) -> int:
    """Loads that no successful build has seen: what they brought is in raw and not yet in the models."""
    return int(rows_of(connection, LOADS_SINCE_BUILD, {})[0]["loads"])


def is_in_lake(connection: Connection) -> bool:
    """Whether usage events lie in the lake, where the views of single events do not look."""
    return bool(rows_of(connection, IN_LAKE, {})[0]["is_there"])


def closest(given: str, neighbours: Sequence[str]) -> list[str]:
    """Of the ids before and after ``given`` in order, those that begin like it; the most alike first."""
    alike = {name: _shared_beginning(given, name) for name in neighbours}
    near = [name for name, length in alike.items() if length >= SHARED_BEGINNING]
    return sorted(near, key=lambda name: (-alike[name], name))


def hint_of(near: Sequence[str]) -> str:
    """``The closest: a, b. `` or nothing."""
    return f"The closest: {', '.join(near)}. " if near else ""


def _shared_beginning(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))

"""What stands for the SQL of the project's larger macros while sqlfluff reads the models that call them.

A linter says nothing of what a macro wrote, yet parses all of it: half of the time went into that.
"""

import re
from collections.abc import Mapping

import adapter

NAME = re.compile(r"[a-z_]\w*(\.[a-z_]\w*)*")


def relation(positional: tuple[object, ...], named: Mapping[str, object]) -> str:
    """A selection from the first relation that the macro was given."""
    names = (one for one in (*positional, *named.values()) if isinstance(one, str) and NAME.fullmatch(one))
    return " ".join(("select * from", next(names, "records")))


def expression(name: str, positional: tuple[object, ...], named: Mapping[str, object]) -> str:
    """A call over the columns that the macro was given."""
    return adapter.dispatch(name)(*positional, *named.values())

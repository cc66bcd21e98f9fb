"""What a bank's CSV columns mean: ``_profile.yaml``, one profile, or a list of them for files by their names.

Every fault of the file names file, line and remedy. ``docs/sources.md`` describes the keys.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any

import yaml

from ingestion.formats.streams import Source
from ingestion.records import FileRefused

NAME = "_profile.yaml"
MARKS = (".", ",")
DELIMITERS = {",": ",", ";": ";", "\t": "\t", "tab": "\t", "|": "|"}
ORDERS = ("oldest_first", "newest_first")
LINE_ENDS = ("required", "optional")
TRUTHS = {"true": True, "false": False}
# A day that tells day, month and year apart in any order.
PROBE = date(2026, 11, 23)
ASCII = bytes(range(1, 128))


@dataclass(frozen=True, slots=True)
class Profile:
    """How to read the files of a bank. A column that is None is not there; ``files`` is a pattern of file names.

    ``amount_column`` holds signed amounts, or with ``side_column`` amounts without sign, of which those with a side in
    ``debit_sides`` are debits; else ``credit_column`` and ``debit_column`` hold one side each. ``negate`` turns all
    signs round. The statement is proven by ``balance_column`` (after each row), or by ``opening_column`` and
    ``closing_column``. ``last_line_end`` is required: a file that ends within its last row might have been cut there.
    """

    files: str = "*"
    account: str | None = None
    account_column: str | None = "account"
    currency: str | None = None
    currency_column: str | None = "currency"
    booking_date_column: str = "booking_date"
    value_date_column: str | None = "value_date"
    date_format: str = "%Y-%m-%d"
    amount_column: str | None = "amount"
    side_column: str | None = None
    debit_sides: tuple[str, ...] = ()
    credit_sides: tuple[str, ...] = ()
    credit_column: str | None = None
    debit_column: str | None = None
    negate: bool = False
    balance_column: str | None = "balance"
    opening_column: str | None = None
    closing_column: str | None = None
    statement_column: str | None = None
    description_column: str | None = "description"
    reference_column: str | None = "reference"
    bank_reference_column: str | None = "bank_reference"
    counterparty_column: str | None = None
    type_column: str | None = None
    decimal_mark: str = "."
    thousands_mark: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    order: str = "oldest_first"
    last_line_end: str = "required"

    @property
    def needed(self) -> list[str]:
        """Columns without which a file cannot be read."""
        amounts: list[str | None] = (
            [self.amount_column] if self.amount_column else [self.credit_column, self.debit_column]
        )
        proof: list[str | None] = (
            [self.balance_column] if self.balance_column else [self.opening_column, self.closing_column]
        )
        places = [None if self.account else self.account_column, None if self.currency else self.currency_column]
        found = [self.booking_date_column, *amounts, self.side_column, *proof, *places, self.statement_column]
        return [name for name in found if name]


class _Wrong(Exception):
    def __init__(self, line_no: int, detail: str) -> None:
        super().__init__(detail)
        self.line_no = line_no
        self.detail = detail


def profile_of(source: Source) -> Profile:
    """The profile for the file: of its own folder, else of the folder above; our own column names without any.

    Raises FileRefused ``profile`` for a profile that cannot be used, or when none, or more than one, is for this file.
    """
    for folder in list(source.path.parents)[:2]:
        place = folder / NAME
        if place.is_file():
            try:
                profiles = _profiles(place.read_text("utf-8"))
            except UnicodeDecodeError as error:
                raise FileRefused(
                    "profile", f"{NAME} is no UTF-8 at byte {error.start + 1}; write it as UTF-8"
                ) from error
            except _Wrong as wrong:
                raise FileRefused("profile", f"{NAME}:{wrong.line_no}: {wrong.detail}") from wrong
            name = source.path.name
            found = [profile for profile in profiles if fnmatchcase(name, profile.files)]
            if len(found) != 1:
                patterns = ", ".join(profile.files for profile in found or profiles)
                which = "none" if not found else "more than one"
                raise FileRefused(
                    "profile", f"{NAME}: {which} of its profiles is for {name} ({patterns}); set `files` of one to it"
                )
            return found[0]
    return Profile()


def _profiles(text: str) -> list[Profile]:
    """Every profile of the file. Raises _Wrong."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _Wrong(mark.line + 1 if mark else 1, f"no YAML: {getattr(error, 'problem', error)}") from error
    if isinstance(root, yaml.MappingNode):
        return [_profile(root)]
    if isinstance(root, yaml.SequenceNode) and root.value:
        return [_profile(node) for node in root.value]
    raise _Wrong(1, "a profile is a set of `key: value`, or a list of such sets")


def _profile(node: yaml.Node) -> Profile:
    if not isinstance(node, yaml.MappingNode):
        raise _Wrong(_line(node), "a profile is a set of `key: value`")
    known = {field.name for field in fields(Profile)}
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
            raise _Wrong(_line(key), f"unknown key {name!r}; {hint}")
        if name in found:
            raise _Wrong(_line(key), f"{name!r} stands twice; remove one")
        lines[name] = _line(value)
        found[name] = _value(name, value)
    # one way to say an amount, and one way to prove, takes the place of the other
    if found.get("credit_column") or found.get("debit_column"):
        found.setdefault("amount_column", None)
    if found.get("opening_column") or found.get("closing_column"):
        found.setdefault("balance_column", None)
    profile = Profile(**found)
    _rules(profile, lines, _line(node))
    return profile


def _value(name: str, node: yaml.Node) -> Any:
    if name.endswith("_sides"):
        values = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(_scalar(name, value).strip().lower() for value in values)
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
        return None
    value = _scalar(name, node)
    if name == "negate":
        if value.lower() not in TRUTHS:
            raise _Wrong(_line(node), f"negate is true or false, not {value!r}")
        return TRUTHS[value.lower()]
    if not value:
        raise _Wrong(_line(node), f"{name!r} is empty; write null for what the bank does not deliver")
    check = CHECKS.get(name)
    return check(node, value) if check else value


def _scalar(name: str, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _Wrong(_line(node), f"{name!r} is a single value")
    return str(node.value)


def _rules(profile: Profile, lines: dict[str, int], start: int) -> None:
    """What no single key shows."""
    if profile.amount_column and (profile.credit_column or profile.debit_column):
        raise _Wrong(
            lines.get("credit_column", start), "either amount_column, or credit_column with debit_column; not both"
        )
    if not profile.amount_column and not (profile.credit_column and profile.debit_column):
        raise _Wrong(start, "credit_column and debit_column go together; name both, or amount_column alone")
    if bool(profile.side_column) != bool(profile.debit_sides and profile.credit_sides):
        raise _Wrong(
            lines.get("side_column", start), "side_column needs debit_sides and credit_sides: what stands in it"
        )
    if profile.side_column and not profile.amount_column:
        raise _Wrong(lines["side_column"], "side_column tells the sign of amount_column; name that too")
    if set(profile.debit_sides) & set(profile.credit_sides):
        raise _Wrong(lines["debit_sides"], "a value is in debit_sides and in credit_sides; remove it from one")
    if not profile.balance_column and not (profile.opening_column and profile.closing_column):
        raise _Wrong(
            start,
            "a statement is proven by balance_column (after each row), or by opening_column with closing_column; "
            "name what the bank delivers",
        )
    if profile.thousands_mark == profile.decimal_mark:
        raise _Wrong(lines["thousands_mark"], "thousands_mark and decimal_mark are the same; correct one")
    for one, other in (("account", "account_column"), ("currency", "currency_column")):
        if not getattr(profile, one) and not getattr(profile, other):
            raise _Wrong(lines.get(other, start), f"neither {one} nor {other}; say one")


def _currency(node: yaml.Node, value: str) -> str:
    if not re.fullmatch("[A-Za-z]{3}", value):
        raise _Wrong(_line(node), f"{value!r} is no currency such as EUR")
    return value


def _date_format(node: yaml.Node, value: str) -> str:
    try:
        if datetime.strptime(PROBE.strftime(value), value).date() == PROBE:  # noqa: DTZ007  a day has no zone
            return value
    except ValueError:
        pass
    raise _Wrong(_line(node), f"{value!r} does not tell day, month and year; write for example '%d.%m.%Y'")


def _encoding(node: yaml.Node, value: str) -> str:
    try:
        if ASCII.decode(value) == ASCII.decode("ascii"):  # lines are told apart before they are decoded
            return codecs.lookup(value).name
    except (LookupError, UnicodeDecodeError):
        pass
    raise _Wrong(_line(node), f"{value!r} is no encoding such as utf-8, cp1252 or latin-1")


def _delimiter(node: yaml.Node, value: str) -> str:
    if value not in DELIMITERS:
        raise _Wrong(_line(node), f"{value!r} is no delimiter; write one of , ; | or tab")
    return DELIMITERS[value]


def _one_of(*choices: str) -> Callable[[yaml.Node, str], str]:
    def check(node: yaml.Node, value: str) -> str:
        if value not in choices:
            raise _Wrong(_line(node), f"{value!r} is none of {', '.join(map(repr, choices))}")
        return value

    return check


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


CHECKS: dict[str, Callable[[yaml.Node, str], str]] = {
    "currency": _currency,
    "date_format": _date_format,
    "encoding": _encoding,
    "delimiter": _delimiter,
    "decimal_mark": _one_of(*MARKS),
    "thousands_mark": _one_of(".", ",", " ", "'", "\u00a0", "\u202f"),
    "order": _one_of(*ORDERS),
    "last_line_end": _one_of(*LINE_ENDS),
}

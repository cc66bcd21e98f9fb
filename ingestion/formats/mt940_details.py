"""The text of a movement (``:86:``): structured by ``?20``, by ``/EREF/``, or free."""

from __future__ import annotations

import re
from dataclasses import dataclass

FULL_LINE = 65
SUBFIELDS = re.compile(r"(?P<code>[0-9]{3})(?P<mark>[?>~])(?=[0-9]{2})")
# Words that a bank puts before a reference: as a code word (/EREF/), or inside the purpose (EREF+ or EREF:).
END_TO_END = re.compile(r"(?:/EREF/|EREF[+:] ?)(.+?)(?=/[A-Z]{4}/|(?:[A-Z]{4}\+)|\?[0-9]{2}|/$|$)")
NAME = re.compile(r"/(?:NAME|ORDP|BENM)/(?:/NAME/)?([^/]+)")
CREDITOR_REFERENCE = re.compile(r"\bRF[0-9]{2}[0-9A-Z]{1,21}\b")
PURPOSE = [*range(20, 30), *range(60, 64)]
ACCOUNT, NAMES = 31, (32, 33)


@dataclass(frozen=True, slots=True)
class Details:
    """What the text says; ``code`` is the bank's own code of the business (the German GVC)."""

    text: str
    code: str | None = None
    end_to_end_id: str | None = None
    creditor_reference: str | None = None
    counterparty: str | None = None
    counterparty_account: str | None = None


def details(content: str) -> Details:
    """The parts of a ``:86:`` as it stands in the file, its lines joined."""
    text = _joined(content)
    head = SUBFIELDS.match(text)
    if head is not None:
        return _by_subfields(text, head)
    end_to_end, name = END_TO_END.search(text), NAME.search(text)
    creditor = CREDITOR_REFERENCE.search(text)
    return Details(
        text=text,
        end_to_end_id=end_to_end.group(1).strip() if end_to_end else None,
        creditor_reference=creditor.group(0) if creditor else None,
        counterparty=name.group(1).strip() if name else None,
    )


def _by_subfields(text: str, head: re.Match[str]) -> Details:
    pieces = re.split(rf"{re.escape(head['mark'])}(?=[0-9]{{2}})", text[len(head["code"]) + 1 :])
    fields: dict[int, str] = {}
    for piece in pieces:
        fields[int(piece[:2])] = fields.get(int(piece[:2]), "") + piece[2:]
    purpose = "".join(fields.get(number, "") for number in PURPOSE)  # a word goes on in the next subfield
    end_to_end, creditor = END_TO_END.search(purpose), CREDITOR_REFERENCE.search(purpose)
    return Details(
        text=text,
        code=head["code"],
        end_to_end_id=end_to_end.group(1).strip() if end_to_end else None,
        creditor_reference=creditor.group(0) if creditor else None,
        counterparty="".join(fields.get(number, "") for number in NAMES).strip() or None,
        counterparty_account=fields.get(ACCOUNT, "").strip() or None,
    )


def _joined(content: str) -> str:
    """A full line of 65 characters goes on in the next without a blank, a shorter one with one."""
    joined = ""
    previous = 0
    for index, line in enumerate(content.split("\n")):
        filled = previous >= FULL_LINE - (len(":86:") if index == 1 else 0)
        structured = line.startswith(("?", "/")) or joined.endswith("/")
        joined += line if filled or structured or not joined else f" {line}"
        previous = len(line)
    return joined.strip()

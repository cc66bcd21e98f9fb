"""Elements of ISO 20022 messages, read by paths without namespace; amounts exactly as they stand."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from ingestion.records import BadRecord
from ingestion.timestamps import day, instant

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,5})?")
RATE = re.compile(r"[0-9]{1,11}(\.[0-9]{1,10})?")
COUNT = re.compile(r"[0-9]{1,15}")
CURRENCY = re.compile(r"[A-Z]{3}")
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class Node:
    """An element whose children are named without their namespace, in paths such as ``Acct/Id/IBAN``."""

    def __init__(self, element: Element, space: str) -> None:
        """``space`` is the namespace in braces, as ElementTree writes it before every name."""
        self.element = element
        self._space = space

    def all(self, path: str) -> list[Node]:
        """Every element at ``path``."""
        return [Node(found, self._space) for found in self.element.findall(self._path(path))]

    def one(self, path: str) -> Node | None:
        """The first element at ``path``."""
        found = self.element.find(self._path(path))
        return None if found is None else Node(found, self._space)

    def text(self, *paths: str) -> str | None:
        """Text of the first of ``paths`` that is there and not empty."""
        for path in paths:
            found = self.element.find(self._path(path))
            if found is not None and found.text and found.text.strip():
                return found.text.strip()
        return None

    def texts(self, path: str) -> list[str]:
        """All texts at ``path`` that are not empty."""
        return [node.element.text.strip() for node in self.all(path) if node.element.text and node.element.text.strip()]

    def flag(self, path: str) -> bool | None:
        """A yes or no, None when it is not there. Raises BadRecord ``bad_value``."""
        text = self.text(path)
        if text is None:
            return None
        if text not in TRUTHS:
            raise BadRecord("bad_value", f"{path} is true or false, not {text!r}")
        return TRUTHS[text]

    def count(self, path: str) -> int | None:
        """A whole number, None when it is not there. Raises BadRecord ``bad_number``."""
        text = self.text(path)
        if text is None:
            return None
        if not COUNT.fullmatch(text):
            raise BadRecord("bad_number", f"{path} is a whole number, not {text!r}")
        return int(text)

    def number(self, path: str) -> Decimal | None:
        """A decimal without currency, None when it is not there. Raises BadRecord ``bad_amount``."""
        text = self.text(path)
        if text is None:
            return None
        if not AMOUNT.fullmatch(text):
            raise BadRecord("bad_amount", f"{path} is a sum, not {text!r}")
        return Decimal(text)

    def amount(self, name: str = "Amt") -> tuple[Decimal, str]:
        """Amount without sign and lower-case currency of the child ``name``. Raises BadRecord ``bad_amount``."""
        found = self.one(name)
        text = (found.element.text or "").strip() if found is not None else ""
        currency = found.element.get("Ccy", "") if found is not None else ""
        if not AMOUNT.fullmatch(text) or not CURRENCY.fullmatch(currency):
            raise BadRecord("bad_amount", f"{text!r} {currency!r} is no amount with its currency")
        return Decimal(text), currency.lower()

    def sign(self) -> int:
        """1 for a credit, -1 for a debit. Raises BadRecord ``bad_amount`` when the side is not said."""
        side = self.text("CdtDbtInd")
        if side not in ("CRDT", "DBIT"):
            raise BadRecord("bad_amount", f"an amount is CRDT or DBIT, not {side}")
        return 1 if side == "CRDT" else -1

    def date(self, path: str) -> str | None:
        """ISO day of ``path/Dt``, or of ``path/DtTm``: the local day as the bank writes it, whatever its zone."""
        text = self.text(f"{path}/Dt", f"{path}/DtTm", path)
        if text is None:
            return None
        if len(text) > len("2026-10-28"):
            # a date may carry its zone too (2026-10-28Z), and a time is checked as a whole
            instant(text if "T" in text else f"{text[:10]}T00:00:00{text[10:]}")
        return day(text[:10]).isoformat()

    def _path(self, path: str) -> str:
        return "/".join(self._space + step for step in path.split("/"))

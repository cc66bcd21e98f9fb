"""What must not be stored: card numbers and keys, for which a record is set aside, and personal values, left out of it.

Card numbers are runs of 13 to 19 digits, plain or in a card's own groups, that an issuer gives out and that pass the
Luhn check. Keys are known by their prefixes. E-mail addresses are taken out wherever they stand, and the fields of
PERSONAL_FIELDS with their values. Nothing here says or returns what it found, only what kind of thing it was.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.formats import strict_json
from ingestion.objects import ObjectSpec
from ingestion.records import BadRecord

CARD, SECRET, EMAIL = "card_number", "secret", "email_address"
REMOVED = {CARD: "[card number removed]", SECRET: "[key removed]", EMAIL: "[e-mail withheld]"}
REMEDIES = {
    CARD: "holds a card number; remove it at the source (keep the brand and the last four digits) and deliver again",
    SECRET: "holds a key or token; revoke it, remove it at the source and deliver again",
    EMAIL: "is an e-mail address; send a pseudonymous id instead and deliver again",
}
# Names of fields, in lower case, that hold a person's data and that no model needs.
PERSONAL_FIELDS = frozenset(
    {
        *(
            "email",
            "e_mail",
            "emailaddress",
            "email_address",
            "personemail",
            "customer_email",
            "receipt_email",
            "altemail",
            "altemailaddress",
        ),
        *(
            "phone",
            "customer_phone",
            "support_phone",
            "mobilephone",
            "mobile_phone",
            "homephone",
            "otherphone",
            "altphone",
            "telephone",
            "fax",
        ),
        *(
            "line1",
            "line2",
            "street",
            "billingstreet",
            "shippingstreet",
            "mailingstreet",
            "addr1",
            "addr2",
            "addr3",
            "addressee",
        ),
        *("ip", "ip_address", "client_ip", "remote_ip", "user_agent", "useragent", "customer_purchase_ip"),
        *(
            "firstname",
            "first_name",
            "lastname",
            "last_name",
            "middlename",
            "middle_name",
            "birthdate",
            "birthday",
            "date_of_birth",
            "dob",
            "ssn",
        ),
        *("client_secret", "password", "passwd"),
    }
)
# Fields of acquirers' and schemes' own numbers, which look like a card's now and then.
REFERENCE_FIELDS = frozenset(
    {"network_transaction_id", "acquirer_reference_number", "retrieval_reference_number", "arn", "trace_id"}
)

PLAIN = re.compile(r"(?<![\w.+])[0-9]{13,19}(?![^\W_]|\.[0-9])")
GROUPED = re.compile(
    r"(?<!\w)(?:[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})(?![^\W_])"
)
SPOKEN_OF = re.compile(
    r"\b(?:card|credit ?card|karte|kreditkarte|pan|visa|master ?card|amex)\b[^0-9\n]{0,20}[0-9]", re.IGNORECASE
)
IBAN = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
KEYS = (
    r"(?<![A-Za-z0-9])(?:sk|rk)_(?:live|test)_[A-Za-z0-9_]{6,}",
    r"(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/=_]{6,}",
    r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)",
    r"\b[Bb]earer +[A-Za-z0-9._~+/-]{16,}=*",
    r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,}",
    r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}",
    r"(?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{10,}",
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}",
)
KEY = re.compile("|".join(KEYS))
ADDRESS = re.compile(r"[\w.%+'-]{0,64}[\w%+-]@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# A text without any of these holds nothing that is looked for; finding one costs a fraction of looking.
NEEDLES = (
    *("_live_", "_test_", "whsec_", "AKIA", "ASIA", "PRIVATE KEY", "earer "),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "eyJ", "AIza"),
)
# Each with the one of its signs that is rarest in ids.
BYTE_NEEDLES = {
    needle.encode(): next(sign.encode() for sign in "@_ KVSJIx" if sign in needle) for needle in ("@", *NEEDLES)
}
SIGNS = frozenset(BYTE_NEEDLES.values())
DIGITS = bytes(ord("0") if code in b"0123456789" else ord("-") if code in b" -" else ord("x") for code in range(256))
LONG_RUN, GROUPS = b"0" * 13, (b"0000-0000-0000-0", b"0000-000000-0000")
ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([2-7][0-9a-fA-F])")
PERSONAL_PAIR = re.compile(
    rf'("(?:{"|".join(sorted(PERSONAL_FIELDS))})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}}\]"]+)', re.IGNORECASE
)
NULL = "null"
COARSE_NUMBER = "[0-9]{13}|[0-9]{4}[ -][0-9]{4,6}[ -][0-9]{4}"


@dataclass(slots=True)
class Screened:
    """A document without what must not be stored; ``withheld`` counts the personal values that were taken out."""

    fields: dict[str, Any]
    payload: str
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Signs:
    """Of what kind of thing a text bears a sign; without one there is nothing to look for."""

    address: bool
    key: bool
    number: bool

    def __bool__(self) -> bool:
        return self.address or self.key or self.number


@dataclass(slots=True)
class _Walk:
    """A walk through one document."""

    contextual: bool
    needed: frozenset[str]
    signs: Signs
    withheld: int = field(default=0)


def kind_of(text: str, *, contextual: bool = False, signs: Signs | None = None) -> str | None:
    """``card_number``, ``secret`` or ``email_address`` when ``text`` holds one, in this order of weight.

    With ``contextual`` a plain run of digits counts as a card number only where the text speaks of a card: bank
    references and account numbers are as long. ``signs`` are those of a text around this one, if they are known.
    """
    signs = signs or signs_of(text)
    if signs.number and next(_cards(text, contextual=contextual), None) is not None:
        return CARD
    if signs.key and KEY.search(text):
        return SECRET
    return EMAIL if signs.address and "@" in text and ADDRESS.search(text) else None


def signs_of(text: str) -> Signs:
    """A look at the whole text that costs a fraction of a search."""
    return Signs("@" in text, any(needle in text for needle in NEEDLES), _has_numbers(text.encode("utf-8", "replace")))


def redacted(text: str) -> str:
    """``text`` with everything taken out of it that must not be stored; for messages and what quarantine keeps."""
    if "\\u00" in text:
        text = ESCAPED.sub(_unescaped, text)
    if '":' in text or '" :' in text:
        text = PERSONAL_PAIR.sub(lambda found: found[1] + NULL, text)
    if not signs_of(text):
        return text
    pieces, end = [], 0
    for start, stop in _cards(text, contextual=False):
        pieces += [text[end:start], REMOVED[CARD]]
        end = stop
    text = "".join([*pieces, text[end:]])
    text = KEY.sub(REMOVED[SECRET], text)
    return ADDRESS.sub(REMOVED[EMAIL], text)


def was_redacted(text: str) -> bool:
    """Whether a card number or key was taken out of ``text``, so that it is no longer what was delivered."""
    return REMOVED[CARD] in text or REMOVED[SECRET] in text


def screened(spec: ObjectSpec, record_id: str, fields: dict[str, Any], payload: str) -> Screened:
    """The document as it may be stored. ``payload`` is the JSON text of ``fields`` and stays as written if it can.

    Raises BadRecord ``card_number`` or ``secret``, naming the field, and ``email_address`` when the record is known by
    one: it cannot be taken out without taking the record for another.
    """
    if kind_of(record_id, contextual=True) == EMAIL:
        raise BadRecord(EMAIL, f"the id of the record {REMEDIES[EMAIL]}")
    # an escape may hide a sign, so the text is looked at without any
    text = json.dumps(fields, ensure_ascii=False, default=str) if "\\u" in payload else payload
    signs = signs_of(text)
    if not signs and PERSONAL_FIELDS.isdisjoint(text.lower().split('"')):
        return Screened(fields, payload)
    walk = _Walk(spec.system == "bank", frozenset(spec.columns), signs)
    kept = _object(walk, fields, top=True)
    if not walk.withheld:
        return Screened(fields, payload)
    return Screened(kept, strict_json.dump(kept), walk.withheld)


def sensitive_rows(events: pa.Table) -> tuple[pa.BooleanArray | None, dict[int, str]]:
    """Of usage events: a mask of the rows that hold what must not be stored, and the kind by row; None for no row.

    Ids of events are searched for keys and addresses alone: of long numbers, one in fifty would pass for a card.
    """
    kinds: dict[int, str] = {}
    for name in ("source", "event_type", "subject", "dimensions"):
        encoded = events.column(name).combine_chunks().dictionary_encode()
        for place, kind in _found_in(encoded.dictionary, numbers=True):
            for row in pc.indices_nonzero(pc.equal(encoded.indices, place)).to_pylist():
                kinds.setdefault(row, kind)
    for row, kind in _found_in(events.column("event_id").combine_chunks(), numbers=False):
        kinds.setdefault(row, kind)
    if not kinds:
        return None, kinds
    mask = np.zeros(events.num_rows, bool)
    mask[list(kinds)] = True
    return pa.array(mask), kinds


def _found_in(texts: pa.Array, *, numbers: bool) -> Iterator[tuple[int, str]]:
    """Place and kind of every text that holds something. All texts are first looked at as one run of bytes."""
    data = texts.buffers()[2] if len(texts) else None
    if data is None:
        return
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :][: len(texts) + 1]
    content = memoryview(data)[offsets[0] : offsets[-1]].tobytes()
    # one sign of each is looked for first, which goes ten times as fast
    signs = {sign for sign in SIGNS if sign in content}
    masks = [
        pc.match_substring(texts, needle.decode())
        for needle, sign in BYTE_NEEDLES.items()
        if sign in signs and needle in content
    ]
    if numbers and _has_numbers(content):
        masks.append(pc.match_substring_regex(texts, COARSE_NUMBER))
    places = {place for mask in masks for place in pc.indices_nonzero(mask).to_pylist()}
    for place in sorted(places):
        kind = kind_of(texts[place].as_py(), contextual=not numbers)
        if kind is not None:
            yield place, kind


def _has_numbers(content: bytes) -> bool:
    shape = content.translate(DIGITS)
    return LONG_RUN in shape or any(group in shape for group in GROUPS)


def _cards(text: str, *, contextual: bool) -> Iterator[tuple[int, int]]:
    """Where card numbers stand in ``text``, in order; what is part of an IBAN is none."""
    ibans = [found.span() for found in IBAN.finditer(text) if _is_iban(found[0])]
    found = [match.span() for match in GROUPED.finditer(text)]
    if not contextual or SPOKEN_OF.search(text):
        found += [match.span() for match in PLAIN.finditer(text)]
    for start, stop in sorted(found):
        digits = re.sub("[ -]", "", text[start:stop])
        inside = any(first < stop and start < last for first, last in ibans)
        if not inside and _is_issued(digits) and _passes_luhn(digits):
            yield start, stop


def _is_issued(digits: str) -> bool:
    """Whether cards of this length are issued under these first digits."""
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    ranges = (
        (digits[0] == "4", (13, 16, 19)),
        (51 <= two <= 55 or 2221 <= four <= 2720, (16,)),  # noqa: PLR2004  Mastercard
        (two in {34, 37}, (15,)),
        (300 <= three <= 305 or two in {36, 38, 39}, (14,)),  # noqa: PLR2004  Diners Club
        (four == 6011 or 644 <= three <= 649 or two in {62, 65} or 3528 <= four <= 3589, range(16, 20)),  # noqa: PLR2004  Discover, UnionPay, JCB
        (four in {5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763} or 2200 <= four <= 2204, range(13, 20)),  # noqa: PLR2004  Maestro, Mir
    )
    return any(is_of_range and length in lengths for is_of_range, lengths in ranges)


def _passes_luhn(digits: str) -> bool:
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(value // 10 + value % 10 for value in doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _object(walk: _Walk, fields: dict[str, Any], *, top: bool = False) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        is_needed = top and name in walk.needed
        if value is not None and not is_needed and _is_personal(name):
            before = walk.withheld
            _any(walk, name, value)  # a card number in it still sets the record aside
            walk.withheld = before + 1
            continue
        kept[_key(walk, name) if walk.signs else name] = _any(walk, name, value, is_needed=is_needed)
    return kept


def _any(walk: _Walk, name: str, value: Any, *, is_needed: bool = False) -> Any:
    if isinstance(value, dict):
        return _object(walk, value)
    if isinstance(value, list):
        return [_any(walk, name, inner) for inner in value]
    if not walk.signs or value is None or isinstance(value, bool):
        return value
    return _value(walk, name, value, is_needed=is_needed)


@functools.cache
def _is_personal(name: str) -> bool:
    return name.lower() in PERSONAL_FIELDS


def _key(walk: _Walk, name: str) -> str:
    kind = kind_of(name, contextual=walk.contextual, signs=walk.signs)
    if kind in {CARD, SECRET}:
        raise BadRecord(kind, f"the name of a field {REMEDIES[kind]}")
    if kind is None:
        return name
    walk.withheld += 1
    return ADDRESS.sub(REMOVED[EMAIL], name)


def _value(walk: _Walk, name: str, value: Any, *, is_needed: bool = False) -> Any:
    """``value``, or what may be stored of it: an address alone leaves null, one within a text a remark."""
    text = value if isinstance(value, str) else str(value)
    contextual = walk.contextual or name.lower() in REFERENCE_FIELDS
    kind = kind_of(text, contextual=contextual, signs=walk.signs)
    if kind in {CARD, SECRET}:
        raise BadRecord(kind, f"the field {redacted(name)!r} {REMEDIES[kind]}")
    if kind is None:
        return value
    walk.withheld += 1
    if not is_needed and ADDRESS.fullmatch(text.strip()):
        return None
    return ADDRESS.sub(REMOVED[EMAIL], text)


def _unescaped(found: re.Match[str]) -> str:
    r"""A ``\u00xx`` of a JSON text as the character it stands for, but for the two that would end or bend the text."""
    sign = chr(int(found[2], 16))
    return found[0] if sign in {'"', "\\", "\x7f"} else found[1] + sign

"""Seeded substreams and identifiers: every entity has its own stream, so adding one never moves another."""

from __future__ import annotations

from hashlib import sha256
from random import Random

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def substream(seed: int, *names: object) -> Random:
    """A generator of its own for the named entity. Independent of hash() order and of every other stream."""
    return Random(int.from_bytes(_digest(seed, *names)[:16], "big"))  # noqa: S311 - a world, not a secret


def identifier(seed: int, prefix: str, length: int, *names: object) -> str:
    """`prefix` and `length` base-62 characters, a function of the seed and the names only."""
    number = int.from_bytes(_digest(seed, prefix, *names), "big")
    text = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        text += _BASE62[digit]
    return prefix + text


def _digest(seed: int, *names: object) -> bytes:
    return sha256("|".join([str(seed), *map(str, names)]).encode()).digest()

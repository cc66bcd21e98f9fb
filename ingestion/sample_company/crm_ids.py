"""Salesforce ids."""

from __future__ import annotations

from ingestion.sample_company.randomness import identifier

CASES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def crm_id(seed: int, prefix: str, *names: object) -> str:
    """A Salesforce id of 18 characters: 15 case-sensitive ones and the checksum that makes them case-safe."""
    short = prefix + "5g0000" + identifier(seed, "", 6, "crm", prefix, *names)
    return short + checksum(short)


def checksum(short: str) -> str:
    """Three characters that encode which of the 15 are upper-case letters, five bits each."""
    return "".join(
        CASES[sum(1 << i for i, char in enumerate(short[block : block + 5]) if "A" <= char <= "Z")]
        for block in (0, 5, 10)
    )

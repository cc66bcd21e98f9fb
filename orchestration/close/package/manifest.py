"""The manifest of a close package: every file with its size and hash, and the digests of the books it was made from."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.close.closing import CloseRefused
from orchestration.close.package.recorded import ClosedMonth, closing_of
from orchestration.close.package.workbook import Workbook

NAME = "manifest.json"
FORMAT = 1
DIGESTS = ("event_no", "event_hash", "chain_head", "trial_balance_sha256", "line_count")


def manifest_of(month: ClosedMonth, files: dict[str, tuple[int, str]], workbook: Workbook) -> bytes:
    """The manifest of files given by name, with size in bytes and SHA-256 in hex."""
    closing = month.closing
    manifest = {
        "format": FORMAT,
        "entity": month.entity,
        "period": f"{month.period:%Y-%m}",
        "closing": {
            **{name: closing[name] for name in DIGESTS},
            "reports_sha256": closing["evidence"]["reports"]["sha256"],
            "preparer": closing["preparer"],
            "approver": closing["approver"],
            "happened_at": closing["happened_at"].isoformat(),
            "code_version": closing["code_version"],
        },
        "checks": {"cells": workbook.checks, "not_zero": sum(workbook.not_zero.values())},
        "files": [
            {"name": name, "size_bytes": size, "sha256": digest} for name, (size, digest) in sorted(files.items())
        ],
    }
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def problems_of(folder: Path) -> list[str]:
    """What of a package is not as its manifest says, file by file. Raises CloseRefused when there is no manifest."""
    manifest = _read(folder)
    named = {entry["name"]: entry for entry in manifest["files"]}
    problems = [
        f"{path.name}: not in the manifest" for path in sorted(folder.iterdir()) if path.name not in {NAME, *named}
    ]
    for name, entry in named.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            problems.append(f"{name}: missing")
        elif (path.stat().st_size, digest_of(path)) != (entry["size_bytes"], entry["sha256"]):
            problems.append(f"{name}: its bytes are not those that were packaged")
    return problems


def problems_against_books(folder: Path) -> list[str]:
    """What of a package's manifest is not what the books say of that closing."""
    manifest = _read(folder)
    stated = manifest["closing"]
    period = date.fromisoformat(f"{manifest['period']}-01")
    booked = closing_of(manifest["entity"], period, stated["event_no"])
    if booked is None or booked["event"] != "closed":
        return [f"the books have no closing {stated['event_no']} of {manifest['period']} of {manifest['entity']}"]
    return [
        f"{name}: the package says {stated[name]}, the books say {booked[name]}"
        for name in DIGESTS
        if stated[name] != booked[name]
    ]


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        complete = manifest["format"] == FORMAT and {*DIGESTS} <= manifest["closing"].keys()
        entries = [(entry["name"], entry["size_bytes"], entry["sha256"]) for entry in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CloseRefused(f"{path} is not the manifest of a close package: {error}") from error
    if not complete or not entries:
        raise CloseRefused(f"{path} is not the manifest of a close package that this version can check.")
    return manifest

"""Where the result of a measurement goes: never over what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from riis_physical.errors import OutputError
from riis_physical.system.documents import read_bounded
from riis_physical.system.files import check_writable, write_text

FORMAT = 1
"""Of the layout of all results."""
_MOST_BYTES = 1_000_000_000


def check_result(output: Path | None, *, force: bool) -> None:
    """Refuse a place for a result and the journal beside it, before any work.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written; or it, or its
            journal with `force`, is something else than a measurement left.
    """
    if output is None:
        return
    check_writable(output, force=force)
    if force:
        _check_kind(output, _kind_of_result)
        _check_kind(output.with_suffix(".jsonl"), _kind_of_journal)


def write_result(
    output: Path | None, kind: str, figures: dict[str, Any], *, force: bool
) -> dict[str, Any]:
    """Write a result and return it; only return it where `output` is None.

    Args:
        figures: `environment` among them.

    Raises:
        OutputError: as :func:`check_result`.
    """
    result = {"kind": kind, "format": FORMAT, **figures}
    if output is not None:
        check_result(output, force=force)
        text = json.dumps(result, indent=1, ensure_ascii=False)
        write_text(output, text + "\n", force=force)
    return result


def _check_kind(path: Path, kind: Any) -> None:
    if not path.exists():
        return
    try:
        found = kind(read_bounded(path, _MOST_BYTES, OutputError).decode("utf-8"))
    except ValueError:
        found = "no JSON"
    if found is not None:
        raise OutputError(
            f"{path} is {found}: --force overwrites results of measurements alone, choose "
            "another name"
        )


def _kind_of_result(text: str) -> str | None:
    """What a file is that is no result; None for a result."""
    values = json.loads(text)
    keys = set(values) if isinstance(values, dict) else set()
    if {"kind", "environment"} <= keys:
        return None
    if {"config", "sha256"} <= keys:
        return f"the record of the model {values.get('name')!r}"
    shown = ", ".join(sorted(map(str, keys))[:4]) or "none"
    return f"no result of a measurement (its keys: {shown})"


def _kind_of_journal(text: str) -> str | None:
    """The same of a journal, by its head; a stop may have cut off any other line."""
    head = json.loads(text.partition("\n")[0]) if text else {"settings": {}}
    is_journal = isinstance(head, dict) and "settings" in head
    return None if is_journal else "no journal of a measurement"

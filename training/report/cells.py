"""Figures as cells of Markdown tables; what was not measured says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NOT_MEASURED = "not measured"
#: At least so many captures for a rate that is stated.
ENOUGH = 300
Json = dict[str, Any]


def rate(found: Json | None) -> str:
    if found is None:
        return NOT_MEASURED
    return (
        f"{100 * found['rate']:.1f} % ({100 * found['low']:.1f} to {100 * found['high']:.1f})"
        f"{'' if found['trials'] >= ENOUGH else ', n = ' + str(found['trials'])}"
    )


def interval(found: Json | None) -> str:
    """A rate for tables that have a column with the number of captures."""
    if found is None:
        return NOT_MEASURED
    rate, low, high = (100 * found[part] for part in ("rate", "low", "high"))
    return f"{rate:.1f} % ({low:.1f} to {high:.1f})"


def difference(found: Json) -> str:
    """Of two rates, with its interval."""
    apart, low, high = (100 * found[part] for part in ("difference", "low", "high"))
    return f"{apart:+.1f} % ({low:+.1f} to {high:+.1f})"


def number(found: Json | None, key: str, form: str, part: str | None = None) -> str:
    value = (found or {}).get(key)
    if part is not None:
        value = (value or {}).get(part)
    return NOT_MEASURED if value is None else form.format(value)


def share(found: Json | None, key: str, part: str) -> str:
    value = ((found or {}).get(key) or {}).get(part)
    return NOT_MEASURED if value is None else f"{100 * value:.2f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)

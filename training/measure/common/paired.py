"""Two rates of the same captures, compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from riis_physical.metrics import wilson_interval


def paired_difference(one: Sequence[bool], other: Sequence[bool]) -> dict[str, Any] | None:
    """Rate of `one` minus rate of `other`, with Newcombe's 95 % interval for pairs.

    Newcombe 1998, Statistics in Medicine 17, 2635-2650, method 10: Wilson's
    intervals of both rates, combined under the correlation of the pairs.

    Returns:
        hits of both, how often one alone held, difference, low, high; None without
        any pair.

    Raises:
        ValueError: different lengths.
    """
    pairs = list(zip(one, other, strict=True))
    if not pairs:
        return None
    n = len(pairs)
    both = sum(a and b for a, b in pairs)
    first, second = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    p1, p2 = first / n, second / n
    low1, high1 = wilson_interval(first, n)
    low2, high2 = wilson_interval(second, n)
    phi = _correlation(both, first, second, n)
    down = _combined(p1 - low1, high2 - p2, phi)
    up = _combined(high1 - p1, p2 - low2, phi)
    return {
        "both": both,
        "first_only": first - both,
        "second_only": second - both,
        "difference": round(p1 - p2, 4),
        "low": round(p1 - p2 - down, 4),
        "high": round(p1 - p2 + up, 4),
    }


def _combined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))


def _correlation(both: int, first: int, second: int, n: int) -> float:
    """Newcombe's corrected phi; 0 where one rate is 0 or 1."""
    neither = n - first - second + both
    product = first * second * (n - first) * (n - second)
    if product == 0:
        return 0.0
    plain = float(both * neither - (first - both) * (second - both))
    if plain > 0:
        plain = max(0.0, plain - n / 2)
    return plain / math.sqrt(product)

"""How much a grid of soft values looks like a QR code at all, before reading it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.structure import LEVELS, BoolGrid, grid_size, known_modules

FINDER_SIZE = 8
"""Modules along the side of a finder pattern with its separator."""


@cache
def function_modules(version: int) -> tuple[BoolGrid, BoolGrid]:
    """Modules that are the same for every message and level: mask and values, (N, N)."""
    grids = [known_modules(version, level) for level in LEVELS]
    mask = grids[0][0] & np.all([values == grids[0][1] for _, values in grids], axis=0)
    values = grids[0][1] & mask
    mask.setflags(write=False)
    values.setflags(write=False)
    return mask, values


def contrast(soft: NDArray[np.floating], dark: BoolGrid) -> float:
    """Agreement of soft values with expected modules, both of any one shape.

    The difference between the means over dark and over light modules, as a fraction
    of what it would be if every value had the expected sign: 1 for perfect agreement,
    -1 for an inverted grid, about 0 for unrelated values and for constant ones.
    """
    value = soft.astype(np.float64)
    size = np.abs(value)
    scale = size[dark].mean() + size[~dark].mean()
    if not np.isfinite(scale) or scale <= 0:
        return 0.0
    return float((value[dark].mean() - value[~dark].mean()) / scale)


def presence_score(logits: NDArray[np.floating], version: int) -> float:
    """Agreement in [-1, 1] of soft values (N, N) with all that a code's grid must hold.

    Finder, timing and alignment patterns, dark module and version bits count; format
    bits do not, where they depend on the level.

    Raises:
        ValueError: the grid has not the version's size.
    """
    size = grid_size(version)
    if logits.shape != (size, size):
        raise ValueError(f"logits {logits.shape}: expected ({size}, {size}) for version {version}")
    mask, values = function_modules(version)
    return contrast(logits[mask], values[mask])


def finder_score(logits_topleft: NDArray[np.floating]) -> float:
    """Agreement in [-1, 1] of the top-left 8 x 8 modules with a finder pattern.

    Args:
        logits_topleft: (>= 8, >= 8) soft values of the grid's top-left corner, which
            may hold more of the grid.

    Raises:
        ValueError: fewer than 8 x 8 values.
    """
    if logits_topleft.ndim != 2 or min(logits_topleft.shape) < FINDER_SIZE:
        raise ValueError(f"logits {logits_topleft.shape}: expected at least (8, 8)")
    part = slice(0, FINDER_SIZE)
    return contrast(logits_topleft[part, part], known_modules(1, "H")[1][part, part])

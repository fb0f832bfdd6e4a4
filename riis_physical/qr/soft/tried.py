"""What was read in vain, so that it is not read again."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.structure import BoolGrid

ALIKE = 0.99
"""Share of modules of the same sign from which two grids are one to a reader: what is wrong in
one is wrong in the other. In hard captures no grid was read whose like had not been."""


class Tried:
    """Grids of one photo that did not read, and what they have cost.

    Args:
        most_lists: of words of blocks, after which none is weighed as text any more; nearly
            all of a reader's time goes there, some 25 ms a list.

    Attributes:
        lists: that were made in vain, since something was read.
    """

    def __init__(self, most_lists: float = math.inf) -> None:
        self.lists = 0
        self._most_lists = most_lists
        self._grids: list[tuple[BoolGrid, bool]] = []

    @property
    def left(self) -> bool:
        """Whether another list may be made."""
        return self.lists < self._most_lists

    def like(self, grid: NDArray[np.floating], *, thorough: bool) -> bool:
        """Whether one much like `grid` (N, N), positive for dark, was read in vain.

        Args:
            thorough: only one that was read thoroughly counts.
        """
        dark = grid > 0
        return any(
            other.shape == dark.shape and bool((other == dark).mean() >= ALIKE)
            for other, deeply in self._grids
            if deeply or not thorough
        )

    def add(self, grid: NDArray[np.floating], *, thorough: bool) -> None:
        """Remember a grid that did not read."""
        self._grids.append((grid > 0, thorough))

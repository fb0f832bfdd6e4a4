"""Large black or white areas: half of every wave is cut off there, unless they are moved a little.

Lifting black by a few levels (and lowering white) gives the wave room. It changes the tone of
those areas by less than a printer's own black differs from a screen's, and is always told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import UInt8Image

LIFT_LEVELS = 5
"""Levels of 255 by which pure black is raised, or pure white lowered."""
LARGE_SHARE = 0.2
"""Share of the picture that counts as large."""

_NEAR = 6  # levels from black or white within which a wave is cut off
_REACH = 4  # the lift falls to nothing at so many times its own size


@dataclass(frozen=True)
class Lift:
    """A change of tone at the ends of the range.

    Attributes:
        black: levels by which 0 is raised. white: by which 255 is lowered.
        black_share, white_share: of the picture, how much is nearly black or white.
    """

    black: int
    white: int
    black_share: float
    white_share: float

    def __str__(self) -> str:
        parts = []
        if self.black:
            parts.append(f"black raised by {self.black} of 255 ({self.black_share:.0%} is black)")
        if self.white:
            parts.append(f"white lowered by {self.white} of 255 ({self.white_share:.0%} is white)")
        return ", ".join(parts)


def needed_lift(host: UInt8Image, levels: int = LIFT_LEVELS) -> Lift | None:
    """The lift that would help a host (H, W, 3); None where no large area is black or white."""
    luma = metrics.luma_of(host)
    black, white = float((luma < _NEAR).mean()), float((luma > 255 - _NEAR).mean())
    if max(black, white) < LARGE_SHARE:
        return None
    return Lift(
        black=levels if black >= LARGE_SHARE else 0,
        white=levels if white >= LARGE_SHARE else 0,
        black_share=black,
        white_share=white,
    )


def lifted(host: UInt8Image, lift: Lift) -> UInt8Image:
    """The host with its ends moved; levels stay in order, mid-tones stay as they are."""
    level = np.arange(256, dtype=np.float64)
    moved = level + _shift(level, lift.black) - _shift(255 - level, lift.white)
    return np.rint(moved).astype(np.uint8)[host]


def _shift(distance: np.ndarray, levels: int) -> np.ndarray:
    """By how much a level at a distance from the end moves away from it."""
    if not levels:
        return np.zeros_like(distance)
    return levels * np.clip(1 - distance / (_REACH * levels), 0, 1) ** 2

"""Pictures of any size through a network of one: overlapping tiles, blended.

Neighbouring tiles share OVERLAP pixels. The outer third of it, where a tile lacks its
surroundings, counts for nothing; in the middle third one tile fades into the other. Tiles begin at
multiples of GRID, so that JPEG's blocks lie in them as they lay in training. Floats are kept of
one row of tiles only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from riis_physical.artifacts import FloatArray

TILE = 512
OVERLAP = 96
GRID = 16
_TOLD_FROM = 8  # tiles: fewer are done before anybody wonders

UInt8Planes = NDArray[np.uint8]


@dataclass(frozen=True)
class Span:
    """Where a tile lies along one axis, and how much each of its pixels counts there."""

    start: int
    stop: int
    weight: FloatArray

    @property
    def where(self) -> slice:
        """The tile's pixels."""
        return slice(self.start, self.stop)


def spans(length: int, tile: int = TILE, overlap: int = OVERLAP) -> list[Span]:
    """Tiles along an axis of so many pixels.

    Args:
        tile, overlap: multiples of GRID, overlap at most half a tile.
    """
    step = tile - overlap
    starts = [0]
    while starts[-1] + tile < length:
        starts.append(starts[-1] + step)
    found = []
    for start in starts:
        stop = min(start + tile, length)
        place = np.arange(stop - start, dtype=np.float32) + 0.5
        weight = np.ones(stop - start, np.float32)
        if start > 0:
            weight *= _fade(place, overlap)
        if stop < length:
            weight *= _fade(place[::-1], overlap)
        found.append(Span(start, stop, weight))
    return found


def _fade(distance: FloatArray, overlap: int) -> FloatArray:
    """0 in the outer third of an overlap, 1 from its last third on."""
    third = overlap / 3
    return np.clip((distance - third) / third, 0, 1).astype(np.float32)


def blended(
    size: tuple[int, int],
    channels: int,
    compute: Callable[[Span, Span], FloatArray],
    *,
    tile: int = TILE,
    overlap: int = OVERLAP,
    progress: str = "",
) -> UInt8Planes:
    """A picture (H, W, C) of 8 bits from what each tile gives.

    Args:
        size: (h, w) of the whole.
        compute: rows and columns to (h, w, C) float32 in [0, 1].
        progress: what a bar says on standard error; empty for none.
    """
    height, width = size
    across = spans(width, tile, overlap)
    down = spans(height, tile, overlap)
    out = np.empty((height, width, channels), np.uint8)
    above = np.zeros((0, width, channels), np.float32)
    tiles = len(down) * len(across)
    hidden = not progress or tiles < _TOLD_FROM
    with tqdm(total=tiles, unit="tile", desc=progress, disable=hidden) as bar:
        for number, rows in enumerate(down):
            band = np.zeros((rows.stop - rows.start, width, channels), np.float32)
            band[: len(above)] = above
            for columns in across:
                share = np.outer(_part(rows, down), _part(columns, across))[:, :, None]
                band[:, columns.where] += compute(rows, columns) * share
                bar.update()
            end = down[number + 1].start if number + 1 < len(down) else height
            ready, above = band[: end - rows.start], band[end - rows.start :].copy()
            np.rint(np.clip(ready, 0, 1) * 255, out=ready)
            out[rows.start : end] = ready
    return out


def _part(span: Span, others: list[Span]) -> FloatArray:
    """How much of each pixel along an axis a tile gives; all tiles add up to one."""
    total = np.zeros(span.stop - span.start, np.float32)
    for other in others:
        low, high = max(span.start, other.start), min(span.stop, other.stop)
        if low < high:
            total[low - span.start : high - span.start] += other.weight[
                low - other.start : high - other.start
            ]
    return span.weight / total

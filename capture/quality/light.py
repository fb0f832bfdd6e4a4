"""Light on a container: exposure, glare and unevenness."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import homography
from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

GRID = 120  # samples along a side
CELL = 5  # samples along a side of a cell, in which the darkest colour is sought
WHITE, BLACK = 250, 20  # levels from which, and up to which, detail is gone
# A veil of reflected light lifts even the darkest colours and leaves little contrast.
GLARE_FLOOR = 140.0  # least level of the darkest channel in a cell
GLARE_RISE = 70.0  # of that level above the container's median
GLARE_CONTRAST = 14.0  # most standard deviation of luma in a cell, levels
GLARE_LEAST = 0.03  # share of the container

_ROWS = ("upper", "", "lower")
_COLUMNS = ("left", "", "right")


@dataclass(frozen=True)
class Light:
    """See :class:`riis_physical.artifacts.CaptureQuality` for the meanings."""

    level: float
    clipped: float
    dark: float
    glare: float
    glare_place: str | None
    uneven: float


def measure_light(photo: UInt8Image, corners: NDArray[np.floating]) -> Light:
    """Measure exposure, glare and unevenness on a grid of samples of the container.

    Args:
        photo: uint8 RGB (H, W, 3).
        corners: xy (4, 2) outer corners.
    """
    to_photo = homography(corners, (GRID, GRID))
    steps = np.arange(GRID, dtype=np.float32)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 1, 2)
    xy = cv2.perspectiveTransform(grid, to_photo)[:, 0].reshape(GRID, GRID, 2)
    height, width = photo.shape[:2]
    places = np.rint(xy).astype(np.intp)
    x, y = np.clip(places[..., 0], 0, width - 1), np.clip(places[..., 1], 0, height - 1)
    colours = photo[y, x].astype(np.float32)
    luma = np.asarray(colours @ np.array([0.299, 0.587, 0.114]), np.float32)
    glare, place = _glare(
        colours.min(-1), luma, np.asarray(xy, np.float32), np.asarray(corners, np.float32)
    )
    return Light(
        level=float(luma.mean() / 255),
        clipped=float((colours.min(-1) >= WHITE).mean()),
        dark=float((colours.max(-1) <= BLACK).mean()),
        glare=glare,
        glare_place=place,
        uneven=_unevenness(luma),
    )


def _cells(values: FloatArray) -> FloatArray:
    """(n, n, CELL * CELL) samples by cell."""
    n = GRID // CELL
    return values.reshape(n, CELL, n, CELL).transpose(0, 2, 1, 3).reshape(n, n, CELL * CELL)


def _glare(
    lowest: FloatArray, luma: FloatArray, xy: FloatArray, corners: FloatArray
) -> tuple[float, str | None]:
    """Share of the largest bright, washed-out patch, and its place in the photo."""
    floor = np.quantile(_cells(lowest), 0.1, axis=-1)
    contrast = _cells(luma).std(axis=-1)
    veiled = (
        (floor >= GLARE_FLOOR)
        & (floor >= float(np.median(floor)) + GLARE_RISE)
        & (contrast <= GLARE_CONTRAST)
    )
    _, labels, stats, _ = cv2.connectedComponentsWithStats(veiled.astype(np.uint8))
    if len(stats) < 2:
        return 0.0, None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    inside = labels == largest
    share = float(inside.mean())
    if share < GLARE_LEAST:
        return 0.0, None
    middle = xy[CELL // 2 :: CELL, CELL // 2 :: CELL][inside].mean(0)
    return share, _place(middle, corners)


def _place(point: FloatArray, corners: FloatArray) -> str:
    """One of nine names for a point within a quadrilateral, as seen in the photo."""
    low, high = corners.min(0), corners.max(0)
    column, row = np.clip((3 * (point - low) / np.maximum(high - low, 1)).astype(int), 0, 2)
    return " ".join(filter(None, (_ROWS[row], _COLUMNS[column]))) or "middle"


def _unevenness(luma: FloatArray) -> float:
    """1 minus the ratio of the bright tones of the darkest and of the brightest quarter."""
    half = GRID // 2
    quarters = [luma[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
    bright = [float(((np.quantile(q, 0.9) + 1) / 256) ** 2.2) for q in quarters]
    return 1 - min(bright) / max(bright)

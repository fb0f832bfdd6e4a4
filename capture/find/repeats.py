"""A picture repeated all over a photo, as on wallpaper: one of the whole ones.

Shifted by its own width or height such a photo agrees with itself. Where the picture begins
shows in the seams, edges that all rows or columns have at the same places.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

#: Seams of photos with longer sides are sought on a copy of half the size, or a third.
MOST_PX = 4096
#: The photo is compared with itself on a copy this long.
COPY_PX = 512
#: Sizes of details that are compared, as sigma in pixels of the copy.
DETAIL_PX = 6.0
#: Below this, as standard deviation in levels, there is no detail to compare.
LEAST_DETAIL = 1.0
#: Shifts that are tried, as shares of the photo's side, and how far off the axis.
SHORTEST, LONGEST, ASIDE_PX = 0.12, 0.75, 2
#: Agreement from which a photo repeats, and such a share of the best for a shorter shift.
REPEATS, AS_GOOD = 0.6, 0.9
#: Seams that are tried in each direction, such a share of the period from each other.
SEAMS, APART = 2, 0.01
#: Steps of brightness count up to this, so that an edge within the picture weighs no more.
LARGEST_STEP = 12.0


def repeated(photo: UInt8Image) -> list[FloatArray]:
    """Places where a picture that repeats may begin, by how evident the seams are; or none.

    Args:
        photo: uint8 RGB (H, W, 3).

    Returns:
        xy (4, 2) each, clockwise from the upper left, within the photo.
    """
    shifts = _coarse(photo)
    if shifts is None:
        return []
    step = -(-max(photo.shape[:2]) // MOST_PX)
    small = cv2.resize(photo, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    turned = np.ascontiguousarray(gray.T)
    height, width = gray.shape
    reach = 1.5 * max(1.0, max(height, width) / COPY_PX)
    across = _refined(gray, shifts[0] * width, reach)
    down = _refined(turned, shifts[1] * height, reach)
    places = [
        (score_x + score_y, _middle_one(x, across, width), _middle_one(y, down, height))
        for score_x, x in _seams(gray, across)
        for score_y, y in _seams(turned, down)
    ]
    places.sort(key=lambda place: -place[0])
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    size = np.array([across, down], np.float32)
    return [
        np.asarray((unit * size + np.array([left, top], np.float32)) * step - 0.5, np.float32)
        for _, left, top in places
        if left is not None and top is not None
    ]


def _coarse(photo: UInt8Image) -> tuple[float, float] | None:
    """Width and height of what repeats, as shares of the photo's; None where nothing does."""
    height, width = photo.shape[:2]
    scale = min(1.0, COPY_PX / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    fine = small.astype(np.float32)
    fine -= cv2.GaussianBlur(fine, (0, 0), DETAIL_PX)
    agreement = _agreement(fine)
    found = []
    for field, length in (
        (agreement[: 2 * ASIDE_PX + 1, ASIDE_PX:], size[0]),
        (agreement[ASIDE_PX:, : 2 * ASIDE_PX + 1].T, size[1]),
    ):
        low, high = round(SHORTEST * length), round(LONGEST * length)
        line = field.max(0)[: high + 1]
        best = float(line[low:].max()) if len(line) > low + 2 else 0.0
        peaks = [
            shift
            for shift in range(low, high)
            if line[shift] >= AS_GOOD * best
            and line[shift] == line[max(0, shift - 3) : shift + 4].max()
        ]
        if best < REPEATS or not peaks:
            return None
        found.append(peaks[0] / length)
    return found[0], found[1]


def _agreement(fine: FloatArray) -> FloatArray:
    """Correlation of a picture with itself, shifted right and down from -ASIDE_PX on, -1 to 1."""
    height, width = fine.shape
    shifts = np.ix_(np.arange(-ASIDE_PX, height), np.arange(-ASIDE_PX, width))
    size = (cv2.getOptimalDFTSize(2 * height), cv2.getOptimalDFTSize(2 * width))

    def correlated(one: FloatArray, other: FloatArray) -> FloatArray:
        product = np.fft.rfft2(one, size) * np.conj(np.fft.rfft2(other, size))
        return np.asarray(np.fft.irfft2(product, size)[shifts], np.float32)

    energy, ones = fine**2, np.ones_like(fine)
    here, there = correlated(energy, ones), correlated(ones, energy)
    least = 0.05 * max(float(energy.sum()), LEAST_DETAIL**2 * fine.size)
    return np.asarray(correlated(fine, fine) / np.sqrt(np.maximum(here * there, least**2)))


def _refined(gray: FloatArray, period: float, reach: float) -> float:
    """The period along rows that leaves the least difference, to a fraction of a pixel."""
    last = min(int(period + reach) + 2, gray.shape[1])
    shifts = np.arange(min(max(1, int(period - reach)), last - 1), last)
    rows = gray[:: max(1, len(gray) // 200)]
    off = [float(np.abs(rows[:, shift:] - rows[:, :-shift]).mean()) for shift in shifts]
    best = int(np.argmin(off))
    if not 0 < best < len(off) - 1:
        return float(shifts[best])
    left, middle, right = off[best - 1 : best + 2]
    bend = left + right - 2 * middle
    return float(shifts[best] + (0.5 * (left - right) / bend if bend > 0 else 0.0))


def _seams(gray: FloatArray, period: float) -> list[tuple[float, float]]:
    """Columns, counted from the left within a period, where seams may lie; the evident first."""
    steps = np.minimum(np.abs(np.diff(gray, axis=1)), LARGEST_STEP).mean(0)
    near = np.pad(steps, 1, mode="edge")
    sharp = steps - 0.5 * (near[:-2] + near[2:])
    count = int(np.ceil(period))
    place = np.floor((np.arange(len(sharp)) + 1) % period).astype(int) % count
    sums = np.bincount(place, sharp, count) / np.maximum(np.bincount(place, minlength=count), 1)
    seams: list[tuple[float, float]] = []
    for at in np.argsort(-sums):
        away = [abs(at - other) for _, other in seams]
        if all(min(one, period - one) > APART * period for one in away):
            seams.append((float(sums[at]), float(at)))
        if len(seams) == SEAMS:
            break
    return seams


def _middle_one(seam: float, period: float, length: int) -> float | None:
    """Where the whole period nearest to the middle begins; None where none is whole."""
    starts = seam + period * np.arange(np.ceil(length / period))
    whole = starts[starts + period <= length + 1]
    if not len(whole):
        return None
    return float(whole[np.abs(whole + (period - length) / 2).argmin()])

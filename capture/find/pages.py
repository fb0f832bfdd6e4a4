"""Pictures on a flat page, such as a contact sheet's own file, by the even lines about them.

A page is cut along rows and columns that show one colour from side to side, and its parts
again, until no such line is left within one (a recursive X-Y cut).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]
Sums = NDArray[np.float64]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels; the last two lie beyond it."""

#: Pixels this far from a margin's colour are none of it, and lines with such a share of them.
MARGIN_LEVELS, MARGIN_SHARE = 24, 0.1
#: What lies within a margin is such a share of the photo.
LEAST_WITHIN, MOST_WITHIN = 0.2, 0.98
#: A margin narrower than this share of the widest one is a bright or dark rim of the picture.
RIM = 0.5
#: Margins of photos with longer sides are sought on every second pixel, or third.
MOST_PX = 4096
#: Pages are cut on a copy of at most so many pixels a side.
COPY_PX = 1600
#: A line whose brightness varies by more, as its standard deviation, is no part of a gap.
GAP_LEVELS = 3.0
#: Parts are cut so often, and are pictures from such a share of the page's sides on, if no side
#: is so many times the other.
DEEPEST, LEAST_SIDE, MOST_ASPECT = 4, 0.06, 4.0
#: Pictures whose sides differ less than this are of one size; such a share of a grid tells it.
ALIKE, MOST_OF_GRID = 0.15, 0.6


def within_margin(photo: UInt8Image) -> FloatArray | None:
    """The rectangle within an even margin that a file has at some of its sides; None without one.

    Args:
        photo: uint8 RGB (H, W, 3).

    Returns:
        xy (4, 2), clockwise from the upper left.
    """
    whole_height, whole_width = photo.shape[:2]
    step = -(-max(whole_height, whole_width) // MOST_PX)
    photo = np.ascontiguousarray(photo[::step, ::step])
    height, width = photo.shape[:2]
    edges = np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]])
    margin = np.median(edges, axis=0)
    low, high = np.clip(margin - MARGIN_LEVELS, 0, 255), np.clip(margin + MARGIN_LEVELS, 0, 255)
    other = cv2.bitwise_not(cv2.inRange(photo, low, high))
    share_of = [cv2.reduce(other, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F) for axis in (1, 0)]
    rows, columns = (np.flatnonzero(one.ravel() > 255 * MARGIN_SHARE) for one in share_of)
    if not len(rows) or not len(columns):
        return None
    wide = [columns[0], rows[0], width - 1 - columns[-1], height - 1 - rows[-1]]
    left, top, right, bottom = (0 if side < RIM * max(wide) else int(side) for side in wide)
    box = (left, top, width - right, height - bottom)
    share = (box[2] - box[0]) * (box[3] - box[1]) / (height * width)
    if not LEAST_WITHIN < share < MOST_WITHIN:
        return None
    whole = (whole_width, whole_height) * 2
    return _corners(tuple(min(end * step, most) for end, most in zip(box, whole, strict=True)))


def pictures_on_page(photo: UInt8Image) -> list[FloatArray]:
    """Pictures of about one size that even lines divide, row by row; or none.

    Args:
        photo: uint8 RGB (H, W, 3).

    Returns:
        xy (4, 2) each, clockwise from the upper left; two or more.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, COPY_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    sums, squares = cv2.integral2(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    both = np.asarray(sums, np.float64), np.asarray(squares, np.float64)
    cut = _cut(both, (0, 0, size[0], size[1]), 0, LEAST_SIDE * max(size))
    found = _of_one_size([box for box in cut if _is_picture(box, size)])
    ratio = np.array([width / size[0], height / size[1]], np.float32)
    return [(_corners(box) + np.float32(0.5)) * ratio - np.float32(0.5) for box in found]


def _cut(sums: tuple[Sums, Sums], box: Box, depth: int, least: float) -> Iterator[Box]:
    """The parts of a box that no even line divides, row by row; none with a shorter side."""
    left, top, right, bottom = box
    if min(right - left, bottom - top) < least:
        return
    rows, columns = _runs(_uneven(sums, box, 1)), _runs(_uneven(sums, box, 0))
    parts = [
        (left + x[0], top + y[0], left + x[1], top + y[1])
        for y in rows
        for x in (columns if len(rows) == 1 else [(0, right - left)])
    ]
    if parts == [box]:
        yield box
    elif depth < DEEPEST:
        for one in parts:
            yield from _cut(sums, one, depth + 1, least)


def _uneven(sums: tuple[Sums, Sums], box: Box, axis: int) -> NDArray[np.bool_]:
    """Which lines of a box show more than one colour: rows where `axis` is 1, columns where 0."""
    left, top, right, bottom = box
    first, second = (
        np.diff(one[top : bottom + 1, [left, right]][:, 1] - one[top : bottom + 1, left])
        if axis
        else np.diff(one[bottom, left : right + 1] - one[top, left : right + 1])
        for one in sums
    )
    count = right - left if axis else bottom - top
    variance = second / count - (first / count) ** 2
    return np.asarray(variance > GAP_LEVELS**2, np.bool_)


def _runs(uneven: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where runs of such lines begin and end."""
    steps = np.diff(np.concatenate([[0], uneven.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _of_one_size(boxes: Sequence[Box]) -> list[Box]:
    """Those of about the usual size, and where most of a grid is there, all of it; two or more.

    What is bright in a picture melts into a white gap, so that a box may be too small or missing;
    others in its row and column tell how far it goes.
    """
    if len(boxes) < 2:
        return []
    sides = np.array([(box[2] - box[0], box[3] - box[1]) for box in boxes], np.float32)
    usual = np.median(sides, axis=0)
    alike = (np.abs(np.log(sides / usual)) < ALIKE).all(1)
    kept = [box for box, one in zip(boxes, alike, strict=True) if one]
    columns = _lines([(box[0], box[2]) for box in kept], float(usual[0]))
    rows = _lines([(box[1], box[3]) for box in kept], float(usual[1]))
    grid = [(x[0], y[0], x[1], y[1]) for y in rows for x in columns]
    if len(kept) >= MOST_OF_GRID * len(grid):
        kept = grid
    return kept if len(kept) > 1 else []


def _lines(ends: Sequence[tuple[int, int]], usual: float) -> list[tuple[int, int]]:
    """The columns that begin and end so, or rows: those about the same middle are one."""
    lines: list[tuple[int, int]] = []
    for low, high in sorted(ends):
        if lines and low + high - sum(lines[-1]) < usual:
            lines[-1] = (min(lines[-1][0], low), max(lines[-1][1], high))
        else:
            lines.append((low, high))
    return lines


def _is_picture(box: Box, size: tuple[int, int]) -> bool:
    across, down = box[2] - box[0], box[3] - box[1]
    least = LEAST_SIDE * max(size)
    return min(across, down) >= least and max(across, down) <= MOST_ASPECT * min(across, down)


def _corners(box: Box) -> FloatArray:
    left, top, right, bottom = box
    ends = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return np.array(ends, np.float32) - np.float32(0.5)

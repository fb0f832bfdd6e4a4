"""Quadrilaterals in a photo: how much of two is the same place, parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class Placed(Protocol):
    """What has a place in a photo."""

    @property
    def corners(self) -> FloatArray:
        """Of shape (4, 2), xy."""


Some = TypeVar("Some", bound=Placed)

#: Places that share less than this of the smaller one are two containers.
OVERLAP = 0.2


def overlap(one: FloatArray, other: FloatArray) -> float:
    """Common area of two convex quadrilaterals (4, 2) as a share of the smaller one, 0 to 1."""
    common, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    areas = [abs(float(cv2.contourArea(q.astype(np.float32)))) for q in (one, other)]
    return float(common) / max(min(areas), 1e-6)


def apart(placed: Sequence[Some], share: float) -> list[Some]:
    """Those whose corners no earlier one has, all within a share of the size."""
    kept: list[Some] = []
    for one in placed:
        sides = one.corners - np.roll(one.corners, -1, 0)
        size = float(np.linalg.norm(sides, axis=1).mean())
        if all(np.abs(one.corners - other.corners).max() > share * size for other in kept):
            kept.append(one)
    return kept


def part_of(corners: FloatArray, box: tuple[float, float, float, float]) -> FloatArray:
    """The part of a quadrilateral seen in perspective, or what lies beyond it.

    Args:
        corners: xy (4, 2), clockwise.
        box: left, top, right and bottom in units of its sides, 0 to 1 within it.

    Returns:
        xy (4, 2), in the order of `corners`.
    """
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(unit, np.asarray(corners, np.float32))
    left, top, right, bottom = box
    ends = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return np.asarray(cv2.perspectiveTransform(ends[None], matrix)[0], np.float32)


def outside_share(corners: FloatArray, size: tuple[int, int]) -> float:
    """The share of a quadrilateral that lies beyond a photo of (h, w)."""
    height, width = size
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    area = abs(float(cv2.contourArea(corners.astype(np.float32))))
    common, _ = cv2.intersectConvexConvex(corners.astype(np.float32), frame)
    share = 1 - float(common) / max(area, 1e-6)
    return share if share >= 0.002 else 0.0  # below that, corners are no surer

"""Closed outlines: sheets, bezels and pictures that stand out by their brightness.

Straight lines get lost where a wall or a table is full of them. A sheet of paper
or a dark bezel is then still one blob of its own brightness: its outer contour is
the sheet, the contour of the hole in it is the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.refine import refine_quad
from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

COARSE_PX = 800
# Shares of the photo's area.
LEAST_AREA, MOST_AREA = 0.01, 0.9
# Area of a contour as a share of its quadrilateral's.
LEAST_FILL = 0.93
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
RETURNED = 4


def contour_quads(photo: UInt8Image) -> list[FloatArray]:
    """Quadrilaterals (4, 2) around blobs of one brightness, largest first, refined.

    Args:
        photo: uint8 RGB (H, W, 3), upright.

    Returns:
        at most RETURNED outlines, xy clockwise from the top-left.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, COARSE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([width / size[0], height / size[1]], np.float32)
    found: list[FloatArray] = []
    for corners in _coarse(small):
        if all(np.abs(corners - other).max() > 4 for other in found):
            found.append(corners)
    found.sort(key=lambda c: -cv2.contourArea(c))
    reach = 3.0 * float(ratio.max())
    refined = [
        refine_quad(photo, (corners + 0.5) * ratio - 0.5, 0, reach) for corners in found[:RETURNED]
    ]
    return [fit.corners for fit in refined]


def _coarse(small: UInt8Image) -> Iterator[FloatArray]:
    gray = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (0, 0), 1.2)
    otsu, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    levels = {round(float(otsu)), *(round(float(q)) for q in np.quantile(gray, QUANTILES))}
    whole = gray.size
    for level in sorted(levels):
        _, binary = cv2.threshold(gray, level, 255, cv2.THRESH_BINARY)
        binary = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        contours, _ = cv2.findContours(binary, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            area = cv2.contourArea(contour)
            if not LEAST_AREA * whole < area < MOST_AREA * whole:
                continue
            hull = cv2.convexHull(contour)
            corners = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)
            if len(corners) != 4:
                continue
            quad_area = cv2.contourArea(corners)
            if area >= LEAST_FILL * quad_area:
                yield _ordered(corners[:, 0].astype(np.float32))


def _ordered(corners: FloatArray) -> FloatArray:
    """Clockwise in the picture, from the corner nearest to the top-left."""
    centre = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    turned = corners[np.argsort(angles)]
    return np.roll(turned, -int(turned.sum(axis=1).argmin()), axis=0)

"""Where a picture must be inside a border whose inner edge cannot be seen.

A night scene on a dark bezel shows no edge of its own, only the bezel's. The
border is equally wide all round, so that a few usual widths are worth a try.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import frame_corners

FloatArray = NDArray[np.float32]

# Shares of the picture's width.
USUAL_MARGINS = (0.04, 0.06, 0.08)
# A candidate of less area than this share of the border's is another picture.
LEAST_SHARE = 0.5


def inset_quads(outlines: Sequence[FloatArray]) -> list[FloatArray]:
    """Outlines (4, 2) inside the best of `outlines`, if no other candidate lies there."""
    if not outlines or any(_is_inside(other, outlines[0]) for other in outlines[1:]):
        return []
    return [inset(outlines[0], margin) for margin in USUAL_MARGINS]


def inset(outline: FloatArray, margin: float) -> FloatArray:
    """The picture (4, 2) inside a border's outline (4, 2).

    Args:
        outline: xy outer corners of the border, in perspective.
        margin: width of the border on each side, as a share of the picture's
            width. The sides' lengths in the photo stand for the true ones.
    """
    sides = np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1)
    x = margin / (1 + 2 * margin)
    y = min(0.3, x * float(sides[[0, 2]].sum() / sides[[1, 3]].sum()))
    unit = frame_corners((1, 1))
    to_photo = cv2.getPerspectiveTransform(unit, outline.astype(np.float32))
    inner = unit * np.array([1 - 2 * x, 1 - 2 * y], np.float32)
    return np.asarray(cv2.perspectiveTransform(inner[None], to_photo)[0], np.float32)


def _is_inside(inner: FloatArray, outer: FloatArray) -> bool:
    """Whether a quadrilateral lies in another and fills most of it."""
    contour = outer.astype(np.float32).reshape(-1, 1, 2)
    within = all(cv2.pointPolygonTest(contour, (float(x), float(y)), False) > 0 for x, y in inner)
    return within and cv2.contourArea(inner) > LEAST_SHARE * cv2.contourArea(contour)

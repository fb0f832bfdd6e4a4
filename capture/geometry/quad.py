"""Quadrilaterals in a photo: how much of two is the same place."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: Places that share less than this of the smaller one are two containers.
OVERLAP = 0.2


def overlap(one: FloatArray, other: FloatArray) -> float:
    """Common area of two convex quadrilaterals (4, 2) as a share of the smaller one, 0 to 1."""
    common, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    areas = [abs(float(cv2.contourArea(q.astype(np.float32)))) for q in (one, other)]
    return float(common) / max(min(areas), 1e-6)

"""Where a picture went from one frame to the next, by the flow of its details."""

from __future__ import annotations

import cv2
import numpy as np

from capture.geometry.rectify import validate_corners
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import RectificationError

LONG_PX = 640  # frames are compared at this size
FEATURES, LEAST = 120, 20
NEAR_PX = 2.0


class Track:
    """A picture's corners in the frame before, and that frame."""

    def __init__(self, pixels: UInt8Image, corners: FloatArray) -> None:
        """`pixels` uint8 RGB (H, W, 3), `corners` xy (4, 2)."""
        self._grey, self._scale = _small(pixels)
        self._corners = corners

    def moved(self, pixels: UInt8Image) -> FloatArray | None:
        """The corners xy (4, 2) in the next frame; None where it cannot be followed."""
        grey, scale = _small(pixels)
        if grey.shape != self._grey.shape:
            return None
        before = (self._corners + 0.5) * self._scale - 0.5
        mask = np.zeros_like(self._grey)
        cv2.fillConvexPoly(mask, np.rint(before).astype(np.int32), 255)
        points = cv2.goodFeaturesToTrack(self._grey, FEATURES, 0.01, 5, mask=mask)
        if points is None or len(points) < LEAST:
            return None
        after, good, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
            self._grey, grey, points, None
        )
        kept = good.ravel() == 1
        if kept.sum() < LEAST:
            return None
        matrix, inliers = cv2.findHomography(points[kept], after[kept], cv2.USAC_MAGSAC, NEAR_PX)
        if matrix is None or int(inliers.sum()) < LEAST:
            return None
        moved = cv2.perspectiveTransform(before[None].astype(np.float32), matrix)[0]
        try:
            return validate_corners((moved + 0.5) / scale - 0.5)
        except RectificationError:
            return None


def _small(pixels: UInt8Image) -> tuple[UInt8Image, float]:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    scale = min(1.0, LONG_PX / max(grey.shape))
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), scale

"""Corners of a container without a border, from a detector's to a pixel's accuracy.

Where a picture lies straight on a table or hangs on a wall, the edge along a
side may be bright to dark here and dark to bright there, and vanish in between.
Any step of any colour counts, then, if it lies on one slightly bowed line with
the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.refine import Refined, refine_quad

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]

# The second fit looks this far, as a share of the first one's reach.
SECOND_REACH = 0.35
LEAST_REACH_PX = 3.0


def snap_quad(photo: UInt8Image, corners: NDArray[np.floating], reach_px: float) -> Refined:
    """Fit the sides of a container, with a border or without one, near to where it may be.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2) in the photo, right to within reach_px.
        reach_px: how far a side may move, 1 to 3 % of the width.

    Returns:
        the fit; corners at which no edge was found stay where they were.
    """
    start = np.asarray(corners, np.float32)
    coarse = refine_quad(photo, start, 0, reach_px)
    fine = refine_quad(photo, coarse.corners, 0, max(LEAST_REACH_PX, SECOND_REACH * reach_px))
    return fine if fine.support.mean() >= coarse.support.mean() else coarse

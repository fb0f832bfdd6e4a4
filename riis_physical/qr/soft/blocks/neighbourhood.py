"""Gaussian-weighted means over the neighbourhood of each module."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_REACH = 4.0  # sigmas


def near_mean(grid: NDArray[np.floating], sigma: float, *, zero_outside: bool) -> NDArray[Any]:
    """A grid (N, N) smoothed with a Gaussian of `sigma` modules.

    Args:
        zero_outside: outside the grid lie zeros; otherwise the values at its rim go on.
    """
    side = 2 * int(_REACH * sigma + 0.5) + 1
    border = cv2.BORDER_CONSTANT if zero_outside else cv2.BORDER_REPLICATE
    return cv2.GaussianBlur(grid, (side, side), sigma, borderType=border)

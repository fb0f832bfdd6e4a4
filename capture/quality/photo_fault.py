"""What is wrong with a photo as a whole, where no container was found in it."""

from __future__ import annotations

import cv2
import numpy as np

from riis_physical.artifacts import UInt8Image

# Of simulated containers 180 px wide 2 of 5 were read, neither of two at 150 and 120 px.
SMALLEST_PX = 150
LONG_PX = 512  # the size at which the rest is judged
BLACK, DARK, WHITE = 24, 22, 240  # brightest place, mean, darkest place; levels
FLAT = 12  # difference between the brightest and the darkest place, levels
# Strongest second differences, levels. None of 70 sharp photographs stays below; with a
# blur of 1 % of the long side 32 of them do.
SHARP = 5.0


def photo_fault(photo: UInt8Image) -> str | None:
    """One line for people about a photo that can show no container; None if it could.

    Args:
        photo: uint8 RGB (H, W, 3).
    """
    height, width = photo.shape[:2]
    if max(height, width) < SMALLEST_PX:
        return f"the photo is {width} px wide: send it at its full size"
    skip = max(1, max(height, width) // LONG_PX)
    small = cv2.cvtColor(np.ascontiguousarray(photo[::skip, ::skip]), cv2.COLOR_RGB2GRAY)
    half = (max(1, small.shape[1] // 2), max(1, small.shape[0] // 2))
    small = cv2.resize(small, half, interpolation=cv2.INTER_AREA)
    low, high = np.quantile(small, (0.005, 0.995))
    if high <= BLACK:
        return "the photo is black: uncover the lens, add light"
    if low >= WHITE:
        return "the photo is white: use less light"
    if high - low <= FLAT:
        return "the photo shows one even area: photograph the whole print"
    if float(small.mean()) <= DARK:
        return "the photo is very dark: add light"
    bends = np.abs(cv2.Laplacian(small, cv2.CV_32F))
    if float(np.quantile(bends, 0.995)) <= SHARP:
        return "the photo is very blurred: hold still and focus on the print"
    return None

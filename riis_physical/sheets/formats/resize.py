"""Any rows of a resized picture, the same pixels as in the whole one."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image

_SHARPNESS = -0.75  # of the cubic kernel, OpenCV's


def resized_rows(pixels: UInt8Image, size: tuple[int, int], first: int, last: int) -> UInt8Image:
    """Rows `first` to before `last` of a picture resized to (w, h).

    By area where it gets smaller, bicubically where it gets larger. Columns are resized
    first; each row then is a sum in a fixed order.

    Args:
        pixels: uint8 (H, W, 3).

    Returns:
        uint8 (last - first, w, 3).
    """
    height, width = pixels.shape[:2]
    smaller = size[0] < width
    taps, weights = (_area if smaller else _cubic)(np.arange(first, last), height / size[1])
    taps = np.clip(taps, 0, height - 1)
    low, high = int(taps.min()), int(taps.max()) + 1
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    source = pixels[low:high].astype(np.float32)  # not rounded and cut off between the two ways
    wide = np.asarray(cv2.resize(source, (size[0], high - low), interpolation=way))
    total = np.zeros((last - first, size[0], 3), np.float32)
    for tap, weight in zip(taps.T - low, weights.T, strict=True):
        total += weight[:, None, None] * wide[tap]
    return np.clip(np.rint(total), 0, 255).astype(np.uint8)


def _area(rows: NDArray[np.int_], step: float) -> tuple[NDArray[np.int_], NDArray[np.float32]]:
    """Rows of the source that each row covers (n, taps), and how much of it each has."""
    taps = np.floor(rows * step).astype(int)[:, None] + np.arange(math.ceil(step) + 1)
    top, bottom = (rows * step)[:, None], ((rows + 1) * step)[:, None]
    covered = np.clip(np.minimum(taps + 1, bottom) - np.maximum(taps, top), 0, 1)
    return taps, (covered / covered.sum(axis=1, keepdims=True)).astype(np.float32)


def _cubic(rows: NDArray[np.int_], step: float) -> tuple[NDArray[np.int_], NDArray[np.float32]]:
    """The four rows of the source about each row (n, 4), and their weights."""
    centre = ((rows + 0.5) * step - 0.5)[:, None]
    taps = np.floor(centre).astype(int) + np.arange(-1, 3)
    x, a = np.abs(centre - taps), _SHARPNESS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return taps, np.where(x < 1, near, far).astype(np.float32)

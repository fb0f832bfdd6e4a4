"""Between a picture of any size and the model frame: averaged down, the residual enlarged.

The network works on the model frame, a square of `module_px` pixels for each QR
module whatever the host's size and aspect. Only the residual, container minus host, is carried
back to the host's full resolution, so that a poster keeps its own detail. The
work goes in horizontal strips and stays small next to the picture itself.
"""

from __future__ import annotations

import cv2
import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import FloatArray, UInt8Image

_LARGE_PX = 16_000_000


def to_frame(pixels: UInt8Image, side: int) -> FloatArray:
    """Average a picture into the model frame: (side, side, 3) float32 in [0, 1]."""
    height, width = pixels.shape[:2]
    if height * width > _LARGE_PX and min(height, width) > side:
        # Columns first, strip by strip: floats of all of it would take four times its memory.
        columns = np.empty((height, side, 3), np.float32)
        for rows in metrics.strips(height):
            strip = pixels[rows].astype(np.float32)
            size = (side, len(strip))
            columns[rows] = cv2.resize(strip, size, interpolation=cv2.INTER_AREA)
    else:
        columns = pixels.astype(np.float32)
    frame = cv2.resize(columns, (side, side), interpolation=cv2.INTER_AREA)
    return frame / np.float32(255)


def add_residual(pixels: UInt8Image, residual: FloatArray) -> UInt8Image:
    """Add a frame residual, enlarged bicubically, and round to 8 bits.

    Args:
        pixels: uint8 (H, W, 3).
        residual: float32 (side, side, 3), in units of a [0, 1] range.

    Returns:
        uint8 (H, W, 3), clamped.
    """
    height, width = pixels.shape[:2]
    rows_in, columns_in = residual.shape[:2]
    across = resampling_matrix(width, columns_in)
    down = resampling_matrix(height, rows_in)
    # Columns first: (rows_in, W, 3) is small; rows then strip by strip, each
    # from the few frame rows that reach it.
    wide = np.einsum("wc,rck->rwk", across, residual * np.float32(255), optimize=True)
    wide = np.ascontiguousarray(wide, dtype=np.float32).reshape(rows_in, width * 3)
    container = np.empty_like(pixels)
    for rows in metrics.strips(height):
        weights = down[rows]
        used = np.flatnonzero(weights.any(axis=0))
        reach = slice(int(used[0]), int(used[-1]) + 1)
        change = (weights[:, reach] @ wide[reach]).reshape(-1, width, 3)
        cv2.add(pixels[rows], change, dst=container[rows], dtype=cv2.CV_8U)
    return container


def resampling_matrix(size_out: int, size_in: int) -> FloatArray:
    """Weights of a bicubic (Keys, a = -0.5) resize, (size_out, size_in).

    Pixel edges are aligned; rows sum to 1; the kernel widens when shrinking, so
    that nothing aliases.
    """
    ratio = size_in / size_out
    support = max(ratio, 1.0)
    centres = (np.arange(size_out) + 0.5) * ratio - 0.5
    distance = np.abs(np.arange(size_in)[None, :] - centres[:, None]) / support
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)

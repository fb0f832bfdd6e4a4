"""JPEG quality from the pixels: compression leaves DCT coefficients at multiples of its steps.

It shows the last compression of a picture that was not resized since, also where the
file was converted or saved again at a finer quality, as by a screenshot or an editor.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image
from riis_physical.images import luma_steps

Matrix = NDArray[np.float64]

BLOCK = 8
BLOCKS = 200  # that are looked at
LOW = 6  # coefficients u + v < LOW
LEAST = 2.5  # smaller coefficients say nothing
ROUNDING = 0.7  # standard deviation of a coefficient by rounding to 8 bits and colour
WORST = -3.0  # log likelihood ratio of a coefficient off the lattice
LEAST_EVIDENCE = 0.25  # mean log likelihood ratio of a coefficient
FEWEST = 60  # coefficients
QUALITIES = np.arange(10, 99)


def pixel_jpeg_quality(photo: UInt8Image, corners: NDArray[np.floating]) -> float | None:
    """Quality (10 to 98) of the compression that the pixels show, None without a trace.

    Args:
        photo: uint8 RGB (H, W, 3), on its file's own pixel grid.
        corners: xy (4, 2) of the part that is looked at.
    """
    centre = corners.mean(0)
    inner = centre + 0.7 * (np.asarray(corners, np.float64) - centre)
    size = np.array(photo.shape[1::-1])
    low = np.clip(np.ceil(inner.min(0) / BLOCK), 0, None).astype(int)
    high = np.minimum(np.floor(inner.max(0) / BLOCK), size // BLOCK).astype(int)
    if (high - low < 2).any():
        return None
    columns, rows = high - low
    every = np.linspace(0, columns * rows - 1, min(BLOCKS, columns * rows)).astype(int)
    y, x = BLOCK * (low[1] + every // columns), BLOCK * (low[0] + every % columns)
    views = np.lib.stride_tricks.sliding_window_view(photo, (BLOCK, BLOCK), axis=(0, 1))
    luma = np.einsum("ncyx,c->nyx", views[y, x].astype(np.float64), [0.299, 0.587, 0.114])
    basis, chosen = _dct()
    coefficients = (basis @ (luma - 128) @ basis.T)[:, chosen]
    block, place = np.nonzero(np.abs(coefficients) > LEAST)
    if len(block) < FEWEST:
        return None
    values = coefficients[block, place][None]
    steps = luma_steps(QUALITIES)[:, chosen][:, place]
    off = values - steps * np.round(values / steps)
    # Against coefficients that lie anywhere between two multiples.
    ratio = np.log(steps / (ROUNDING * np.sqrt(2 * np.pi))) - 0.5 * (off / ROUNDING) ** 2
    evidence = np.maximum(ratio, WORST).mean(1)
    best = int(np.argmax(evidence))
    return float(QUALITIES[best]) if evidence[best] >= LEAST_EVIDENCE else None


@lru_cache(maxsize=1)
def _dct() -> tuple[Matrix, NDArray[np.bool_]]:
    """Orthonormal DCT (8, 8), and which coefficients are looked at (8, 8)."""
    k, n = np.mgrid[0:BLOCK, 0:BLOCK]
    basis = np.sqrt(2 / BLOCK) * np.cos(np.pi * (2 * n + 1) * k / (2 * BLOCK))
    basis[0] /= np.sqrt(2)
    return basis, (k + n < LOW) & (k + n > 0)

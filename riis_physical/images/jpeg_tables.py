"""Quantisation tables of JPEG: the quality that a file was stored with, and its steps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

# The example luminance and chrominance tables of ITU-T T.81 annex K, row by row.
_LUMA_TABLE = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 "
    "62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 "
    "98 112 100 103 99"
)
_CHROMA_TABLE = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 "
    "99 " + "99 " * 32
)


def jpeg_quality(image: Image.Image) -> float | None:
    """Quality (1 to 100) whose IJG tables lie nearest to the file's own.

    Least squares between logarithms over both tables, so that cameras with
    tables of their own get the quality of equal strength. None for a picture
    that was not opened from a JPEG.
    """
    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    known = _ijg_tables()
    cost = np.zeros(100)
    for number in (0, 1):
        if number in tables and len(tables[number]) == 64:
            own = np.log(np.maximum(np.asarray(tables[number], float), 1))
            cost += ((known[number] - own) ** 2).sum(axis=1)
    return float(np.argmin(cost) + 1)


def luma_steps(qualities: np.ndarray) -> np.ndarray:
    """Quantisation steps (n, 8, 8) of libjpeg's luma at qualities 1 to 100, lowest first."""
    return np.exp(_ijg_tables()[0, np.asarray(qualities, int) - 1]).reshape(-1, 8, 8)


@lru_cache(maxsize=1)
def _ijg_tables() -> np.ndarray:
    """Logarithms of libjpeg's luma and chroma tables: (2, 100 qualities, 64)."""
    base = np.array([_LUMA_TABLE.split(), _CHROMA_TABLE.split()], int)
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables = (base[:, None, :] * scale[None, :, None] + 50) // 100
    return np.log(np.clip(tables, 1, 255))

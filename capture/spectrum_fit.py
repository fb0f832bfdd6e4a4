"""Blur and noise from spectra, by a regression that training/fit_quality.py fits."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.spectrum import band_powers

FloatArray = NDArray[np.float32]

FILE = Path(__file__).with_name("spectrum_fit.json")
REFERENCE_PX = 512.0


def features(fine: FloatArray, coarse: FloatArray, width_px: float) -> FloatArray:
    """What the regression works on (k,).

    Args:
        fine: spectra of tiles in the photo's own pixels.
        coarse: spectra in pixels of a container at most 512 px wide.
        width_px: of the container in the photo.
    """
    size = float(np.log2(width_px / REFERENCE_PX))
    own, frame = band_powers(fine), band_powers(coarse)
    parts = [[size, size * size], own.ravel(), frame.ravel(), size * own[0], frame[1] ** 2]
    return np.concatenate(parts).astype(np.float32)


def blur_and_noise(fine: FloatArray, coarse: FloatArray, width_px: float) -> tuple[float, float]:
    """Sigma of blur in px of a container 512 px wide, and of noise in sRGB units of [0, 1]."""
    offset, slope, low, high = _fit()
    values = offset + slope @ features(fine, coarse, width_px)
    blur, noise = np.exp(np.clip(values, low, high))
    return float(blur), float(noise)


@lru_cache(maxsize=1)
def _fit() -> tuple[NDArray[np.float64], ...]:
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(np.array(stored[key], np.float64) for key in ("offset", "slope", "low", "high"))

"""Blur and noise from spectra, by a kernel regression fitted by training.detector.fit_quality."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.quality.spectrum import band_powers

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]

FILE = Path(__file__).with_name("spectrum_fit.npz")
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
    fitted = _fit()
    place = (features(fine, coarse, width_px) - fitted["centre"]) / fitted["spread"]
    blur, noise = np.exp(predict(fitted, place[None])[0])
    return float(blur), float(noise)


def predict(fitted: dict[str, Array], places: Array) -> Array:
    """Logarithms (m, 2) of blur and noise at standardised features (m, k)."""
    near = kernel(places, fitted["places"], float(fitted["reach"]))
    return np.clip(near @ fitted["weights"] + fitted["mean"], fitted["low"], fitted["high"])


def kernel(one: Array, other: Array, reach: float) -> Array:
    """Similarity (m, n) of places (m, k) and (n, k), 1 where they are the same."""
    apart = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * one @ other.T
    return np.asarray(np.exp(-np.maximum(apart, 0) / (2 * reach**2)))


@lru_cache(maxsize=1)
def _fit() -> dict[str, Array]:
    with np.load(FILE) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}

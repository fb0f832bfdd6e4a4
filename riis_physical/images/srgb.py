"""sRGB and linear light (IEC 61966-2-1) of NumPy values; light of 1 is white."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

DARKEST = 1e-4  # light below which the slope no longer rises


def to_linear(srgb: ArrayLike) -> Floats:
    """Linear light of sRGB values from 0 on, beyond 1 too."""
    x = np.asarray(srgb, np.float64)
    return np.where(x <= 0.04045, x / 12.92, ((np.maximum(x, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(light: ArrayLike) -> Floats:
    """sRGB values of linear light from 0 on, beyond 1 too."""
    x = np.asarray(light, np.float64)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 0) ** (1 / 2.4) - 0.055)


def slope(srgb: ArrayLike) -> Floats:
    """Derivative of sRGB by linear light, at sRGB values 0 to 1."""
    x = np.asarray(srgb, np.float64)
    power = 1.055 / 2.4 * np.maximum(to_linear(x), DARKEST) ** (1 / 2.4 - 1)
    return np.where(x <= 0.04045, 12.92, power)

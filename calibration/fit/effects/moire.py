"""Moire of a photographed screen, from ripples of the white between the patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.chart.find import SeenChart
from calibration.chart.layout import COLUMNS, ROWS, TILE_MM
from calibration.fit.effects.light import LightField
from riis_physical.images.srgb import to_linear
from riis_physical.sheets.pages import Box

STEP_MM = 1.5
SPOT_MM = 1.2
SAMPLES_PER_MM = 4.0
CLEAR_MM = 3.0  # of the dots

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moire:
    """Ripples of one photo.

    Attributes:
        amplitude: relative light, mean of the colours, as the channel's `moire`.
        colour: share of it that differs between the colours.
        places: (N, 2) mm. ripple: (N, 3) relative light there, about 0.
    """

    amplitude: float
    colour: float
    places: Array
    ripple: Array


def measure_moire(seen: SeenChart, light: LightField) -> Moire:
    """Read the white along the chart's lines, and how much it varies beyond noise."""
    places = _lines(seen)
    means, noise = [], []
    for x, y in places:
        spot = Box(x - SPOT_MM / 2, y - SPOT_MM / 2, SPOT_MM, SPOT_MM)
        read = to_linear(seen.sample(spot, SAMPLES_PER_MM)).reshape(-1, 3)
        means.append(read.mean(axis=0))
        # Pixels, not samples, are independent.
        pixels = min(len(read), max(1.0, (SPOT_MM * seen.px_per_mm) ** 2))
        noise.append(read.var(axis=0) / pixels)
    white = np.array(means)
    ripple = white / np.median(white, axis=0) / light.at(places)[:, None]
    ripple = ripple / np.median(ripple, axis=0) - 1
    ripple = ripple - _smooth(places, ripple, seen)
    doubt = np.mean(np.array(noise) / np.median(white, axis=0) ** 2, axis=0)
    amplitude = np.sqrt(2 * np.clip(ripple.var(axis=0) - doubt, 0, None))
    grey = ripple.mean(axis=1)
    total = float((ripple**2).mean())
    colour = float(((ripple - grey[:, None]) ** 2).mean() / total) if total > 0 else 0.0
    return Moire(float(amplitude.mean()), colour, places, ripple)


def _lines(seen: SeenChart) -> Array:
    """Places along all gutters, clear of the dots and of what covers the gutters."""
    gutters = seen.chart.gutters
    along = np.arange(-TILE_MM / 2 + CLEAR_MM, TILE_MM / 2 - CLEAR_MM + 1e-6, STEP_MM)
    upright = gutters[:, 0] % TILE_MM < 1e-6
    direction = np.where(upright[:, None], [0.0, 1.0], [1.0, 0.0])
    places = gutters[:, None] + along[None, :, None] * direction[:, None]
    inside = places.reshape(-1, 2)
    room = (inside > 1).all(axis=1) & (inside < [COLUMNS * TILE_MM - 1, ROWS * TILE_MM - 1]).all(1)
    return np.asarray(inside[room])


def _smooth(places: Array, values: Array, seen: SeenChart) -> Array:
    """A quadratic through the values: colour of the light, no moire."""
    x, y = (2 * places / seen.chart.size_mm - 1).T
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    return np.asarray(terms @ np.linalg.lstsq(terms, values, rcond=None)[0])

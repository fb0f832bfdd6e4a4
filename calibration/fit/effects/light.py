"""How the light falls on the chart, from the white between its patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.chart.find import SeenChart
from calibration.chart.layout import TILE_MM
from riis_physical.errors import CalibrationError
from riis_physical.images.srgb import to_linear
from riis_physical.sheets.pages import Box

ORDER = 4  # of the polynomial
ACROSS_MM, ALONG_MM = 1.2, 6.0  # of a bit of white that is read
SAMPLES_PER_MM = 5.0
LEAST_WHITE = 0.05  # linear light
LEAST_SHARE = 0.35  # darkest white to brightest
MOST_UNEVEN = 0.06  # rms of what the polynomial does not explain, relative

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LightField:
    """Relative light over the chart, 1 in its middle.

    Attributes:
        places: (N, 2) mm of the white that was read.
        white: (N, 3) its linear light.
        coefficients: of the polynomial, for the mean of the channels.
        rms: of what it does not explain, relative.
    """

    size_mm: tuple[float, float]
    places: Array
    white: Array
    coefficients: Array
    rms: float

    def at(self, places: Array) -> Array:
        """Relative light (...) at places (..., 2) in mm."""
        flat = np.asarray(places, np.float64).reshape(-1, 2)
        found = _terms(flat, self.size_mm) @ self.coefficients
        return np.asarray(found.reshape(np.shape(places)[:-1]))


def fit_light(seen: SeenChart) -> LightField:
    """Fit the light field.

    Raises:
        CalibrationError: too dark, or light too uneven to be told from the response.
    """
    places = seen.chart.gutters
    white = np.array([np.median(to_linear(read_white(seen, place)), axis=0) for place in places])
    mean = white.mean(axis=1)
    middle = float(np.median(mean))
    if middle < LEAST_WHITE:
        raise CalibrationError(
            f"too dark: white paper has {100 * middle:.0f} % of full light, expected "
            f"{100 * LEAST_WHITE:.0f} % or more: use more light or a longer exposure"
        )
    terms = _terms(places, seen.chart.size_mm)
    use = np.ones(len(mean), bool)
    coefficients = np.zeros(terms.shape[1])
    for _ in range(4):
        coefficients = np.linalg.lstsq(terms[use], mean[use], rcond=None)[0]
        rest = mean / (terms @ coefficients) - 1
        use = np.abs(rest) < max(0.02, 3 * float(np.median(np.abs(rest))))
    centre = float((_terms(np.array([seen.chart.size_mm]) / 2, seen.chart.size_mm)
                    @ coefficients)[0])  # fmt: skip
    relative = terms @ coefficients / centre
    share = float(relative.min() / relative.max())
    rms = float(np.sqrt(np.mean(rest**2)))
    if share < LEAST_SHARE or rms > MOST_UNEVEN:
        raise CalibrationError(
            f"uneven light: the darkest white has {100 * share:.0f} % of the brightest and "
            f"{100 * rms:.0f} % is patchy, expected {100 * LEAST_SHARE:.0f} % or more and at most "
            f"{100 * MOST_UNEVEN:.0f} %: avoid shadows and glare"
        )
    return LightField(seen.chart.size_mm, places, white, coefficients / centre, rms)


def read_white(seen: SeenChart, place: Array) -> Array:
    """Samples (N, 3), sRGB, of the bit of white in a gutter about `place`."""
    upright = place[0] % TILE_MM < 1e-6  # between two tiles of a row
    width, height = (ACROSS_MM, ALONG_MM) if upright else (ALONG_MM, ACROSS_MM)
    box = Box(place[0] - width / 2, place[1] - height / 2, width, height)
    return seen.sample(box, SAMPLES_PER_MM).reshape(-1, 3)


def _terms(places: Array, size_mm: tuple[float, float]) -> Array:
    x, y = (2 * places / size_mm - 1).T
    powers = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=1)

"""Blur from the slanted edges: edge spread, sigma and MTF (after ISO 12233).

The photo's own pixels are ordered by their distance from the edge, so that sampling
adds no blur. The edge spread of a Gaussian blur of sigma, sharpened by an unsharp mask of
amount a and radius s, is (1 + a) P(x / sigma) - a P(x / sqrt(sigma^2 + s^2)), P the
normal distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import ndtr

from calibration.chart.find import SeenChart
from calibration.fit.effects.light import LightField
from riis_physical.errors import CalibrationError
from riis_physical.images.srgb import to_linear

REFERENCE_PX = 512.0
REACH_MM = 4.5  # to either side of an edge
ALONG = 0.3  # of a side, to either side of its middle
BIN_PX = 0.25
SHARPEN_PX = 1.2  # radius of the unsharp mask; amount and radius cannot both be told
#: Variance, px^2, that pixels themselves have: area and interpolation.
PIXEL_VARIANCE = 0.25
MOST_BLUR = 3.2  # px of a chart 512 px wide
LEAST_STEP = 0.04  # of an edge, linear light
FREQUENCIES = np.linspace(0, 0.5, 51)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EdgeFit:
    """One side of a slanted square.

    Attributes:
        square: 0 to 4, the middle one first.
        across: whether the blur is that along the chart's x.
        distance, spread: (N,) px and 0 (dark) to 1 (light), the binned edge spread.
        sigma_px: of the blur in the photo. sharpen: amount. rms: of the fit.
        mtf: at FREQUENCIES, cycles per px.
    """

    square: int
    across: bool
    distance: Array
    spread: Array
    sigma_px: float
    sharpen: float
    rms: float
    mtf: Array


@dataclass(frozen=True)
class Blur:
    """Blur of one photo.

    Attributes:
        sides: all edges that were fitted.
        across_px, down_px: sigma along the chart's x and y, photo px, pixels included.
        sharpen: mean amount.
        sigma: without what pixels add, px of a chart 512 px wide.
        motion: length of the motion that would explain the difference, the same unit.
        rms: of the edges' fits.
        mtf50: cycles per px at which half of the contrast is left, mean of the sides.
    """

    sides: tuple[EdgeFit, ...]
    across_px: float
    down_px: float
    sharpen: float
    sigma: float
    motion: float
    rms: float
    mtf50: float


def measure_blur(seen: SeenChart, light: LightField) -> Blur:
    """Fit all slanted edges.

    Raises:
        CalibrationError: out of focus or moved, or no edge can be fitted.
    """
    sides = []
    for number, edge in enumerate(seen.chart.edges):
        corners = edge.corners()
        for start in range(4):
            ends = np.stack([corners[start], corners[(start + 1) % 4]])
            fitted = _fit_side(seen, light, number, ends, np.asarray(edge.centre))
            if fitted is not None:
                sides.append(fitted)
    across = [side.sigma_px for side in sides if side.across]
    down = [side.sigma_px for side in sides if not side.across]
    if len(across) < 4 or len(down) < 4:
        raise CalibrationError(
            f"{len(sides)} of {4 * len(seen.chart.edges)} slanted edges can be read: "
            "hold still, focus on the chart and avoid glare"
        )
    wide, high = float(np.median(across)), float(np.median(down))
    unit = REFERENCE_PX / seen.width_px
    total = np.sqrt(0.5 * (wide**2 + high**2)) * unit
    if total > MOST_BLUR:
        raise CalibrationError(
            f"out of focus or moved: blur of {total:.1f} px in a chart 512 px wide, expected at "
            f"most {MOST_BLUR:g}: hold still and focus on the chart"
        )
    low = max(0.0, min(wide, high) ** 2 - PIXEL_VARIANCE)
    motion = float(np.sqrt(12 * abs(wide**2 - high**2)))
    mtf = np.mean([side.mtf for side in sides], axis=0)
    return Blur(
        tuple(sides),
        wide,
        high,
        float(np.median([side.sharpen for side in sides])),
        float(np.sqrt(low)) * unit,
        motion * unit,
        float(np.sqrt(np.mean([side.rms**2 for side in sides]))),
        _half(mtf),
    )


def _fit_side(
    seen: SeenChart, light: LightField, square: int, ends: Array, centre: Array
) -> EdgeFit | None:
    """The edge between two corners in mm; None where it cannot be fitted."""
    along = ends[1] - ends[0]
    middle = ends.mean(axis=0)
    outward = middle - centre
    outward = outward / np.linalg.norm(outward)
    line = seen.to_photo(np.stack([middle - ALONG * along, middle + ALONG * along]))
    far = seen.to_photo(middle + REACH_MM * outward)
    direction = line[1] - line[0]
    length = float(np.linalg.norm(direction))
    direction = direction / length
    normal = np.array([-direction[1], direction[0]])
    start = line.mean(axis=0)
    if np.dot(far - start, normal) < 0:
        normal = -normal
    reach = float(np.dot(far - start, normal))
    box = np.array([start + a * direction * length / 2 + b * normal * reach
                    for a in (-1, 1) for b in (-1, 1)])  # fmt: skip
    low = np.floor(box.min(axis=0)).astype(int)
    high = np.ceil(box.max(axis=0)).astype(int) + 1
    if (low < 0).any() or high[0] > seen.photo.shape[1] or high[1] > seen.photo.shape[0]:
        return None
    xs, ys = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    offset = np.stack([xs, ys], axis=-1) - start
    distance, place = offset @ normal, offset @ direction
    inside = (np.abs(place) <= length / 2) & (np.abs(distance) <= reach)
    pixels = seen.photo[low[1] : high[1], low[0] : high[0]][inside].astype(np.float64) / 255
    value = to_linear(pixels) @ np.array([0.2126, 0.7152, 0.0722]) / float(light.at(middle))
    return _fit_spread(square, abs(outward[0]) > abs(outward[1]), distance[inside], value)


def _fit_spread(square: int, across: bool, distance: Array, value: Array) -> EdgeFit | None:
    number = np.rint(distance / BIN_PX).astype(int)
    number -= number.min()
    count = np.bincount(number)
    full = count >= 3
    if full.sum() < 16:
        return None
    x = (np.bincount(number, distance)[full]) / count[full]
    y = (np.bincount(number, value)[full]) / count[full]
    weight = np.sqrt(count[full] / count[full].mean())
    dark, bright = np.percentile(y, [5, 95])
    if bright - dark < LEAST_STEP:
        return None

    def model(p: Array) -> Array:
        low, step, shift, log_sigma, amount = p
        sigma = np.exp(log_sigma)
        wide = np.hypot(sigma, SHARPEN_PX)
        at = x - shift
        return np.asarray(low + step * ((1 + amount) * ndtr(at / sigma) - amount * ndtr(at / wide)))

    def gaps(p: Array) -> Array:
        # Sharpening is only believed where the edge shows it.
        return np.append(weight * (model(p) - y) / (bright - dark), 0.02 * p[4])

    found = least_squares(
        gaps,
        [dark, bright - dark, 0.0, np.log(1.5), 0.1],
        bounds=([-1, 0, -4, np.log(0.25), 0], [2, 3, 4, np.log(40), 3]),
        loss="soft_l1",
        f_scale=0.03,
    )
    low, step, shift, log_sigma, amount = found.x
    spread = (y - low) / step
    rest = model(found.x) - y
    return EdgeFit(
        square,
        bool(across),
        x - shift,
        spread,
        float(np.exp(log_sigma)),
        float(amount),
        float(np.sqrt(np.mean((rest / step) ** 2))),
        _mtf(x - shift, spread),
    )


def _mtf(distance: Array, spread: Array) -> Array:
    """Modulation at FREQUENCIES from the binned edge spread."""
    grid = np.arange(distance.min(), distance.max(), BIN_PX)
    even = np.interp(grid, distance, spread)
    line = np.diff(even)
    at = grid[:-1] + BIN_PX / 2
    line = line * np.hanning(2 * len(line) + 1)[1::2][: len(line)]
    wave = np.exp(-2j * np.pi * FREQUENCIES[:, None] * at[None]) @ line
    derivative = np.sinc(FREQUENCIES * BIN_PX)  # of the difference over one bin, twice binned
    found = np.abs(wave) / max(abs(line.sum()), 1e-9) / derivative**2
    return np.asarray(found)


def _half(mtf: Array) -> float:
    """Frequency at which a modulation first falls to half."""
    below = np.flatnonzero(mtf < 0.5)
    if len(below) == 0:
        return float(FREQUENCIES[-1])
    at = int(below[0])
    if at == 0:
        return 0.0
    share = (mtf[at - 1] - 0.5) / max(mtf[at - 1] - mtf[at], 1e-9)
    return float(FREQUENCIES[at - 1] + share * (FREQUENCIES[at] - FREQUENCIES[at - 1]))

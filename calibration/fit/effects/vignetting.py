"""Fall of light: the lens's over the photo, and what the channel calls gradient and vignette."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.chart.find import SeenChart
from calibration.fit.effects.light import LightField

LEAST_REACH = 0.55  # of the half diagonal

Array = NDArray[np.float64]


@dataclass(frozen=True)
class VignettingFit:
    """Relative light 1 + v2 r^2 + v4 r^4 about the photo's middle, r 1 at its corners.

    `rms` is relative; `reach` the farthest white that was read, in r.
    """

    v2: float
    v4: float
    rms: float
    reach: float


def fit_vignetting(photos: Sequence[tuple[SeenChart, LightField]]) -> VignettingFit | None:
    """Fit what all photos share; each has its own brightness and slope of the room's light.

    None where no white lies far enough from the middle. With a single photo, what the
    room's light does is told from the lens only as far as it is a slope.
    """
    radii, places, whites = [], [], []
    for seen, light in photos:
        height, width = seen.photo.shape[:2]
        middle = (np.array([width, height]) - 1) / 2
        offset = (seen.to_photo(light.places) - middle) / np.linalg.norm(middle)
        places.append(offset)
        radii.append((offset**2).sum(axis=1))
        mean = light.white.mean(axis=1)
        whites.append(mean / np.median(mean))
    reach = float(np.sqrt(max(square.max() for square in radii)))
    if reach < LEAST_REACH:
        return None

    def gaps(p: Array) -> Array:
        found = []
        own = p[2:].reshape(-1, 3)
        for square, at, white, (level, right, down) in zip(radii, places, whites, own, strict=True):
            fall = 1 + p[0] * square + p[1] * square**2
            found.append(level * (1 + at @ np.array([right, down])) * fall / white - 1)
        # r^4 only where the light shows it.
        return np.concatenate([*found, [0.01 * p[1]]])

    start = np.concatenate([[0.0, 0.0], np.tile([1.0, 0.0, 0.0], len(photos))])
    low = np.concatenate([[-1.5, -1.5], np.tile([0.3, -1.0, -1.0], len(photos))])
    high = np.concatenate([[1.5, 1.5], np.tile([3.0, 1.0, 1.0], len(photos))])
    found = least_squares(gaps, start, bounds=(low, high), loss="soft_l1", f_scale=0.01)
    rest = gaps(found.x)[:-1]
    return VignettingFit(
        float(found.x[0]), float(found.x[1]), float(np.sqrt(np.mean(rest**2))), reach
    )


def channel_light(light: LightField) -> tuple[float, float]:
    """Gradient and vignette of one photo, as riis_physical.channel.effects.light has them."""
    x, y = (light.places / light.size_mm - 0.5).T
    white = light.white.mean(axis=1)
    outward = 2 * (x * x + y * y)
    outward = outward / (1 + 0.2 * outward)

    def gaps(p: Array) -> Array:
        level, right, down, vignette = p
        slope = 1 + np.hypot(right, down) * np.tanh(
            (x * right + y * down) / max(float(np.hypot(right, down)), 1e-9)
        )
        return np.asarray(level * slope * (1 - vignette * outward) / white - 1)

    found = least_squares(gaps, [float(np.median(white)), 0.01, 0.01, 0.02], loss="soft_l1",
                          f_scale=0.01)  # fmt: skip
    _, right, down, vignette = found.x
    return float(np.hypot(right, down)), float(max(0.0, vignette))

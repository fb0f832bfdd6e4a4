"""Tone and colour response: what the photo shows of the chart's greys and colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from calibration.chart.find import SeenChart
from calibration.chart.layout import GREY_LEVELS
from calibration.fit.effects.light import LightField
from riis_physical.errors import CalibrationError
from riis_physical.images.srgb import to_linear, to_srgb

INSET_MM = 2.5
SAMPLES_PER_MM = 3.0
FULL, EMPTY = 253 / 255, 2 / 255
MOST_FULL = 3  # levels below white that may be as bright as can be
MOST_EMPTY = 4  # levels above black that may be as dark

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ToneSamples:
    """Greys and colours of one photo, in the light of the chart's middle.

    Attributes:
        levels: (K,) of the chart's greys.
        curve: (3, K) sRGB that the photo shows of them, never falling.
        rms: of single patches about the curve, sRGB.
        colours: (N, 3) of the chart's colours. seen: (N, 3) what the photo shows.
    """

    levels: Array
    curve: Array
    rms: float
    colours: Array
    seen: Array


def measure_tone(seen: SeenChart, light: LightField) -> ToneSamples:
    """Read all patches.

    Raises:
        CalibrationError: overexposed, underexposed, or next to no contrast.
    """
    colours, values, raw, grey = [], [], [], []
    for patch in seen.chart.patches:
        read = seen.sample(patch.box, SAMPLES_PER_MM, INSET_MM).reshape(-1, 3)
        middle = (patch.box.left + patch.box.width / 2, patch.box.top + patch.box.height / 2)
        raw.append(np.median(read, axis=0))
        values.append(to_linear(raw[-1]) / light.at(np.array(middle)))
        colours.append(patch.colour)
        grey.append(patch.kind != "colour")
    of, shown, is_grey = np.array(colours), to_srgb(np.clip(values, 0, 1)), np.array(grey)
    _check_exposure(of[is_grey, 0], np.array(raw)[is_grey])
    levels = np.array(GREY_LEVELS)
    curve = np.empty((3, len(levels)))
    gaps = []
    for channel in range(3):
        for at, level in enumerate(levels):
            own = shown[is_grey & (of[:, 0] == level), channel]
            curve[channel, at] = own.mean()
            gaps.append(own - own.mean())
        curve[channel] = isotonic_regression(curve[channel]).x
    rms = float(np.sqrt(np.mean(np.concatenate(gaps) ** 2)))
    if float((curve[:, -1] - curve[:, 0]).min()) < 0.15:
        raise CalibrationError(
            "next to no contrast between black and white: avoid glare and fog, and check the print"
        )
    return ToneSamples(levels, curve, rms, of[~is_grey], shown[~is_grey])


def _check_exposure(levels: Array, raw: Array) -> None:
    full = levels[(raw >= FULL).any(axis=1)]
    empty = levels[(raw <= EMPTY).all(axis=1)]
    step = GREY_LEVELS[1]
    if full.size and full.min() < 1 - (MOST_FULL + 0.5) * step:
        raise CalibrationError(
            f"overexposed: greys from {100 * full.min():.0f} % on are clipped to white, expected "
            f"none below {100 * (1 - MOST_FULL * step):.0f} %: expose less"
        )
    if empty.size and empty.max() > (MOST_EMPTY + 0.5) * step:
        raise CalibrationError(
            f"underexposed: greys up to {100 * empty.max():.0f} % are clipped to black, expected "
            f"none above {100 * MOST_EMPTY * step:.0f} %: expose more"
        )

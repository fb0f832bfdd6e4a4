"""The channel's own tone and colour parameters that explain what a photo shows.

The model is riis_physical.channel.effects.tone: saturation and gamut, tone curve, black lifted,
gains of light and white balance, highlight shoulder. Paper white and exposure cannot be
told apart, nor dot gain and tone: white is held, dot gain is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.fit.effects.tone import ToneSamples
from riis_physical.channel.effects import tone
from riis_physical.channel.effects.light import planckian_rgb
from riis_physical.images.srgb import to_linear

WHITE = {"print": 0.93, "screen": 1.0}
LUMA = np.array([0.2126, 0.7152, 0.0722])

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ResponseFit:
    """Parameters of one photo, named as in riis_physical.channel.ranges.

    `rms` is of greys and colours about the model, sRGB.
    """

    paper_white: float
    ink_black: float
    tone: float
    contrast: float
    media_saturation: float
    gamut: float
    gain: float
    temperature_k: float
    tint: float
    shoulder: float
    rms: float


def fit_response(samples: ToneSamples, medium: str) -> ResponseFit:
    """Fit one photo's greys and colours; `medium` is print or screen."""
    white = WHITE[medium]
    colours = np.concatenate([np.repeat(samples.levels[:, None], 3, axis=1), samples.colours])
    seen = np.concatenate([samples.curve.T, samples.seen])
    image = torch.from_numpy(colours.T.copy()).float()[None, :, None]

    def model(p: Array) -> Array:
        black, curve, contrast, saturation, gamut, shoulder = (
            torch.tensor([float(v)]) for v in p[:6]
        )
        made = tone.saturate(image, saturation, gamut).clamp(0, 1)
        made = tone.tone_curve(made, curve, contrast)
        made = tone.lift_black(made, torch.tensor([white]), black)
        lit = tone.to_linear(made) * torch.from_numpy(np.exp(p[6:])).float()[None, :, None, None]
        shown = tone.to_srgb(tone.highlight_shoulder(lit, shoulder))
        return np.asarray(shown[0, :, 0].T.numpy(), np.float64)

    top = np.log(np.maximum(to_linear(samples.curve[:, -1]) / to_linear(white), 0.05))
    found = least_squares(
        lambda p: np.append((model(p) - seen).ravel(), 0.02 * (p[5] - 0.15)),
        np.concatenate([[0.08, -0.1, 0.1, 0.9, 0.3, 0.15], np.clip(top, -2.4, 1.4)]),
        bounds=([0, -0.8, -0.7, 0.2, 0, 0.0, -2.5, -2.5, -2.5],
                [0.5, 0.6, 0.9, 1.5, 3, 0.35, 1.5, 1.5, 1.5]),
        loss="soft_l1",
        f_scale=0.03,
        diff_step=1e-3,
    )  # fmt: skip
    gains = np.exp(found.x[6:])
    gain = float(gains @ LUMA)
    temperature, tint = _cast(gains / gain)
    black, curve, contrast, saturation, gamut, shoulder = (float(v) for v in found.x[:6])
    return ResponseFit(
        white, black, curve, contrast, saturation, gamut, gain, temperature, tint, shoulder,
        float(np.sqrt(np.mean((model(found.x) - seen) ** 2))),
    )  # fmt: skip


def _cast(gains: Array) -> tuple[float, float]:
    """Temperature in K and tint that give these gains (luma 1) with no white balance."""
    neutral = planckian_rgb(torch.tensor([6500.0]))[0].numpy().astype(np.float64)

    def gaps(p: Array) -> Array:
        lamp = planckian_rgb(torch.tensor([1e6 / p[0]]))[0].numpy().astype(np.float64) / neutral
        lamp = lamp * (1 + np.array([-0.5, 1.0, -0.5]) * p[1])
        return np.asarray(np.log(lamp / (lamp @ LUMA)) - np.log(gains))

    found = least_squares(gaps, [1e6 / 6500, 0.0], bounds=([1e6 / 15000, -0.3], [1e6 / 2200, 0.3]),
                          x_scale=[50, 0.1], diff_step=1e-3)  # fmt: skip
    return 1e6 / float(found.x[0]), float(found.x[1])

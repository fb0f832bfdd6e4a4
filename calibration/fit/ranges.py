"""Ranges of the channel's parameters from what several photos show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.fit.photo import ChartPhoto

#: How far a range reaches beyond the photos to either side, and what bounds it. A few
#: photos do not show all that a device does; one photo gives a range of twice the reach.
_REACH: dict[str, tuple[float, float, float]] = {
    "paper_white": (0.03, 0.5, 1.0),
    "ink_black": (0.015, 0.0, 0.5),
    "tone": (0.05, -0.9, 0.9),
    "contrast": (0.08, -0.9, 0.9),
    "media_saturation": (0.04, 0.1, 1.6),
    "gamut": (0.1, 0.0, 3.0),
    "gain": (0.08, 0.2, 3.0),
    "temperature_k": (250.0, 2000.0, 15000.0),
    "tint": (0.01, -0.3, 0.3),
    "shoulder": (0.05, 0.0, 0.4),
    "blur_sigma": (0.15, 0.0, 10.0),
    "noise_sigma": (0.0015, 0.0, 0.2),
    "luma_sigma": (0.08, 0.0, 2.0),
    "sharpen": (0.15, 0.0, 2.5),
    "gradient": (0.03, 0.0, 0.8),
    "vignette": (0.02, 0.0, 0.5),
    "jpeg_quality": (2.0, 20.0, 100.0),
    "moire": (0.01, 0.0, 0.4),
}
MID_GREY, SLOPE_AT_MID_GREY = 0.214, 1.08  # as in riis_physical.channel.effects.sensor


def channel_ranges(photos: Sequence[ChartPhoto]) -> dict[str, tuple[float, float]]:
    """(low, high) by name of riis_physical.channel.ranges; what no photo tells is left out."""
    values: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        values.setdefault(name, []).append(value)

    for photo in photos:
        for name in (
            "paper_white", "ink_black", "tone", "contrast", "media_saturation", "gamut", "gain",
            "temperature_k", "tint", "shoulder",
        ):  # fmt: skip
            add(name, getattr(photo.response, name))
        add("blur_sigma", photo.blur.sigma)
        add("gradient", photo.gradient)
        add("vignette", photo.vignette)
        if photo.noise is not None:
            variance = photo.noise.floor + photo.noise.slope * MID_GREY
            add("noise_sigma", SLOPE_AT_MID_GREY * float(np.sqrt(variance)))
            add("luma_sigma", photo.noise.luma_sigma)
            add("sharpen", photo.noise.sharpen)
        if photo.jpeg_quality is not None:
            add("jpeg_quality", photo.jpeg_quality)
        if photo.moire is not None:
            add("moire", photo.moire.amplitude)
    found = {}
    for name, seen in values.items():
        reach, least, most = _REACH[name]
        low, high = np.clip([min(seen) - reach, max(seen) + reach], least, most)
        found[name] = (round(float(low), 5), round(float(high), 5))
    # What the fitted ones stand for as well: the whole blur, colour and tone.
    found["dot_blur"] = (0.0, 0.0)
    found["dot_gain"] = (0.0, 0.0)
    found["motion"] = (0.0, round(float(max(photo.blur.motion for photo in photos)), 5))
    found["awb_error"] = (1.0, 1.0)
    found["camera_saturation"] = (0.97, 1.03)
    return found

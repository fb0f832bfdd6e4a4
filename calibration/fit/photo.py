"""Everything that one photo of the chart tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from calibration.chart.find import SeenChart, find_chart
from calibration.fit.effects.blur import Blur, measure_blur
from calibration.fit.effects.light import LightField, fit_light
from calibration.fit.effects.moire import Moire, measure_moire
from calibration.fit.effects.noise import NoiseFit, measure_noise
from calibration.fit.effects.response import ResponseFit, fit_response
from calibration.fit.effects.tone import ToneSamples, measure_tone
from calibration.fit.effects.vignetting import channel_light
from riis_physical.images import load_host, load_photo

RIM_MM = 1.0  # of a patch that is left out, besides what blur reaches
BLUR_REACH = 3.0  # sigmas
LOWEST = {"print": 2, "screen": 3}  # moire fills the lower ones
_ORIENTATION = 274  # EXIF
_TURNED = (5, 6, 7, 8)  # orientations that swap the sides


@dataclass(frozen=True)
class ChartPhoto:
    """One photo and what was measured in it.

    Attributes:
        name: of the file.
        seen: the chart in it.
        light, tone, response, blur: see their modules.
        noise: None where the file's compression hides it.
        moire: None for prints.
        gradient, vignette: of the light, as the channel has them.
        jpeg_quality: of the file, None where it is no JPEG.
    """

    name: str
    seen: SeenChart
    light: LightField
    tone: ToneSamples
    response: ResponseFit
    blur: Blur
    noise: NoiseFit | None
    moire: Moire | None
    gradient: float
    vignette: float
    jpeg_quality: float | None


def measure_photo(path: str | Path, medium: str) -> ChartPhoto:
    """Find the chart in a photo and measure all that it shows; about 2 s for 12 megapixels.

    Args:
        path: a picture file. medium: print or screen.

    Raises:
        BadImageError: the file cannot be read.
        CalibrationError: the photo is of no use; the message says why.
    """
    loaded = load_photo(path)
    seen = find_chart(loaded.pixels)
    light = fit_light(seen)
    tone = measure_tone(seen, light)
    blur = measure_blur(seen, light)
    # JPEG's own numbers are those of the file's own colours.
    own = load_host(path).pixels
    inset = RIM_MM + BLUR_REACH * max(blur.across_px, blur.down_px) / seen.px_per_mm
    noise = measure_noise(replace(seen, photo=own), _steps(Path(path)), inset, LOWEST[medium])
    gradient, vignette = channel_light(light)
    return ChartPhoto(
        Path(path).name,
        seen,
        light,
        tone,
        fit_response(tone, medium),
        blur,
        noise,
        measure_moire(seen, light) if medium == "screen" else None,
        gradient,
        vignette,
        loaded.jpeg_quality,
    )


def _steps(path: Path) -> NDArray[np.float64] | None:
    """Luma steps (8, 8) of a JPEG as it stands upright; None for other files.

    A picture whose sides are no multiples of 8 has its blocks elsewhere once it is turned;
    then every step counts as 1.
    """
    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return None
    with Image.open(path) as image:
        tables = getattr(image, "quantization", None)
        turned = image.getexif().get(_ORIENTATION, 1)
        size = image.size
    if not tables or 0 not in tables or len(tables[0]) != 64:
        return None
    if turned != 1 and (size[0] % 8 or size[1] % 8):
        return None
    steps = np.asarray(tables[0], np.float64).reshape(8, 8)
    return steps.T if turned in _TURNED else steps

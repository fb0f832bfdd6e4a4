"""A device profile from photos of the chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from calibration.fit.effects.lens import LensFit, fit_lens
from calibration.fit.effects.noise import NoiseFit
from calibration.fit.effects.vignetting import VignettingFit, fit_vignetting
from calibration.fit.photo import ChartPhoto, measure_photo
from calibration.fit.ranges import channel_ranges
from riis_physical.camera import CameraProfile, PhotoReport, RefusedPhoto
from riis_physical.errors import BadImageError, CalibrationError
from riis_physical.profile import DeviceProfile, Noise, Response, Vignetting

Medium = Literal["print", "screen"]
Base = Literal["easy", "normal", "hard"]


@dataclass(frozen=True)
class Calibration:
    """A profile and what it was fitted to.

    Attributes:
        profile: the result.
        photos: those that were of use.
        refused: name and reason of the others.
        lens, vignetting: None where the photos do not tell.
        notes: what could not be fitted, and why.
    """

    profile: DeviceProfile
    photos: tuple[ChartPhoto, ...]
    refused: tuple[tuple[str, str], ...]
    lens: LensFit | None
    vignetting: VignettingFit | None
    notes: tuple[str, ...]


def fit_profile(
    paths: Sequence[str | Path],
    name: str,
    *,
    medium: Medium = "print",
    base: Base = "normal",
    tell: Callable[[str], None] = lambda line: None,
) -> Calibration:
    """Fit a profile to photos of one chart, all of one printer or screen and one camera.

    Args:
        paths: picture files; unusable ones are refused with the reason.
        name: of the profile.
        medium: what shows the chart.
        base: preset of the channel for what a chart cannot tell.
        tell: takes a line about each photo, and notes.

    Raises:
        CalibrationError: no photo is of use; the message has all reasons.
    """
    photos: list[ChartPhoto] = []
    refused: list[tuple[str, str]] = []
    for path in paths:
        label = Path(path).name
        try:
            photo = measure_photo(path, medium)
            _same_chart(photo, photos)
        except (BadImageError, CalibrationError) as error:
            refused.append((label, str(error)))
            tell(f"{label}: refused: {error}")
            continue
        photos.append(photo)
        tell(
            f"{label}: chart {photo.seen.chart.number}, {photo.seen.width_px:.0f} px wide, blur "
            f"{photo.blur.sigma:.2f} px of 512, tone within {photo.response.rms:.3f}"
        )
    if not photos:
        reasons = "; ".join(f"{label}: {reason}" for label, reason in refused)
        raise CalibrationError(f"no photo can be used ({reasons})" if reasons else "no photos")
    notes: list[str] = []
    size = Counter(photo.seen.photo.shape[:2] for photo in photos).most_common(1)[0][0]
    group = [photo for photo in photos if photo.seen.photo.shape[:2] == size]
    if len(group) < len(photos):
        notes.append(
            f"lens and vignetting are from {len(group)} of {len(photos)} photos: the others "
            "have another size or were held another way"
        )
    lens = fit_lens([photo.seen for photo in group])
    if lens is None:
        notes.append("the lens is not fitted: let the chart fill more of the photo")
    vignetting = fit_vignetting([(photo.seen, photo.light) for photo in group])
    if vignetting is None:
        notes.append("vignetting is not fitted: let the chart fill more of the photo")
    noise = [photo.noise for photo in photos if photo.noise is not None]
    if not noise:
        notes.append(
            "noise is not fitted: compression hides it; give the camera's own files "
            "(JPEG quality 90 or more)"
        )
    for note in notes:
        tell(f"note: {note}")
    profile = _profile(photos, refused, name, medium, base, lens, vignetting, noise)
    return Calibration(profile, tuple(photos), tuple(refused), lens, vignetting, tuple(notes))


def _same_chart(photo: ChartPhoto, others: Sequence[ChartPhoto]) -> None:
    number = photo.seen.chart.number
    if others and number != others[0].seen.chart.number:
        raise CalibrationError(
            f"another chart: number {number}, {others[0].name} shows "
            f"{others[0].seen.chart.number}; fit one printer or screen at a time"
        )


def _profile(
    photos: Sequence[ChartPhoto],
    refused: Sequence[tuple[str, str]],
    name: str,
    medium: Medium,
    base: Base,
    lens: LensFit | None,
    vignetting: VignettingFit | None,
    noise: Sequence[NoiseFit],
) -> DeviceProfile:
    report = PhotoReport(
        used=len(photos),
        refused=tuple(RefusedPhoto(photo=label, reason=reason) for label, reason in refused),
    )
    curves = np.clip(np.mean([photo.tone.curve for photo in photos], axis=0), 0, 1)
    red, green, blue = (tuple(float(v) for v in curve) for curve in curves)
    saturation = float(np.mean([photo.response.media_saturation for photo in photos]))
    qualities = [q for photo in photos if (q := photo.jpeg_quality) is not None]
    fit = {
        "tone_repeat_rms_srgb": _rms([photo.tone.rms for photo in photos]),
        "tone_model_rms_srgb": _rms([photo.response.rms for photo in photos]),
        "light_rms_relative": _rms([photo.light.rms for photo in photos]),
        "edge_spread_rms_relative": _rms([photo.blur.rms for photo in photos]),
    }
    if noise:
        fit["noise_rms_relative"] = _rms([one.rms for one in noise])
    if lens is not None:
        fit["lens_rms_px"] = lens.rms_px
    if vignetting is not None:
        fit["vignetting_rms_relative"] = vignetting.rms
    return DeviceProfile(
        name=name,
        origin="fitted",
        description=f"Fitted to {len(photos)} photos of calibration chart "
        f"{photos[0].seen.chart.number}.",
        medium=medium,
        base=base,
        channel=channel_ranges(photos),
        response=Response(
            levels=tuple(float(v) for v in photos[0].tone.levels),
            red=red,
            green=green,
            blue=blue,
            saturation=float(np.clip(saturation, 0.06, 3)),
        ),
        blur_sigma=float(np.mean([photo.blur.sigma for photo in photos])),
        noise=Noise(
            floor=float(np.mean([one.floor for one in noise])),
            slope=float(np.mean([one.slope for one in noise])),
        )
        if noise
        else None,
        jpeg_quality=float(np.mean(qualities)) if qualities else None,
        lens=_camera(lens, report) if lens is not None else None,
        vignetting=Vignetting(v2=vignetting.v2, v4=vignetting.v4) if vignetting else None,
        fit={key: round(value, 6) for key, value in fit.items()},
        photos=report,
    )


def _camera(lens: LensFit, report: PhotoReport) -> CameraProfile:
    height, width = lens.size
    return CameraProfile(
        image_size=lens.size,
        matrix=(
            (lens.focal_px, 0.0, (width - 1) / 2),
            (0.0, lens.focal_px, (height - 1) / 2),
            (0.0, 0.0, 1.0),
        ),
        distortion=(lens.k1, lens.k2, 0.0, 0.0, 0.0),
        rms_px=lens.rms_px,
        focal_error_px=lens.focal_px,  # not fitted
        photos=report,
    )


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))

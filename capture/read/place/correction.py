"""What a device profile lets a scan undo: tone, fall of light, lens. And the condition.

The tone of a rectified frame is undone by the inverse of the profile's response, after its
exposure was set to that of the response: what is brightest in the frame is taken for the
response's white. The gain is limited, so that noise where the response is flat does not
swamp the rest. Saturation is left as it is: to undo it brings more noise than signal and
reads fewer modules.

A profile may be wrong for a photo. The search therefore reads corrected frames first and
untouched ones where these do not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.read.place.probe import RevealedLike, RevealerLike
from riis_physical.artifacts import Condition, UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.errors import ConfigError
from riis_physical.images.srgb import to_linear, to_srgb
from riis_physical.profile import DeviceProfile, Noise, Response, Vignetting

FloatArray = NDArray[np.float32]
Floats = NDArray[np.float64]

MOST_GAIN = 2.0
"""Of the inverse response; 4 reads no better and is noisier."""
WHITE_SHARE = 0.98  # quantile of the brightest channel that counts as the frame's white
LEAST_EXPOSURE, MOST_EXPOSURE = 0.6, 1.6  # factors on linear light
ENDS = (0.002, 0.998)  # quantiles of a corrected frame that must fit into 0 to 1
STEPS = 1024
STRIP_PX = 256
LINEAR_STEPS = 1 << 14
DARKEST_FIELD, BRIGHTEST_FIELD = 0.25, 4.0
CENTRED = 0.001  # of the width, for the middle of a lens that may be turned
MID_GREY = 0.214  # linear light of sRGB 0.5
SLOPE_AT_MID_GREY = 1.08  # d sRGB / d linear there


@dataclass(frozen=True)
class Correction:
    """What is taken from a profile; parts that it does not hold are None.

    Attributes:
        name: of the profile.
        response: whose tone curves are undone.
        blur: sigma, px of a container 512 px wide.
        noise: by brightness.
        jpeg_quality: of photos that do not say theirs.
        vignetting: undone on the photo.
        lens: taken out, unless a camera is given.
    """

    name: str
    response: Response | None = None
    blur: float | None = None
    noise: Noise | None = None
    jpeg_quality: float | None = None
    vignetting: Vignetting | None = None
    lens: CameraProfile | None = None

    @classmethod
    def of(cls, profile: DeviceProfile) -> Correction | None:
        """The correction that a profile's measurements give; None where it holds none."""
        if not profile.is_measured:
            return None
        return cls(
            name=profile.name,
            response=profile.response,
            blur=profile.blur_sigma,
            noise=profile.noise,
            jpeg_quality=profile.jpeg_quality,
            vignetting=profile.vignetting,
            lens=profile.lens,
        )

    def lens_of(self, size: tuple[int, int]) -> CameraProfile | None:
        """The lens for a photo of (h, w), held either way; None where it was cropped.

        What was cropped, by a messenger perhaps, has its middle who knows where.
        """
        if self.lens is None:
            return None
        for lens in (self.lens, _turned(self.lens)):
            try:
                return None if lens is None else lens.scaled_to(size)
            except ConfigError:
                continue
        return None

    def vignetting_of(self, size: tuple[int, int]) -> Vignetting | None:
        """The fall of light for a photo of (h, w); None where it is known to be cropped."""
        cropped = self.lens is not None and self.lens_of(size) is None
        return None if cropped else self.vignetting

    @property
    def is_of_frames(self) -> bool:
        """Whether frames are revealed otherwise than without the profile."""
        parts = (self.response, self.blur, self.noise, self.jpeg_quality)
        return any(part is not None for part in parts)

    def condition(self, estimate: Condition, jpeg_quality: float | None) -> Condition:
        """An estimate with the profile's figures: of each the worse, as photos add to them.

        Args:
            estimate: of the photo; its scale stays.
            jpeg_quality: of the photo's file; where it is known, so is the estimate's.
        """
        blur, noise, quality = estimate.blur, estimate.noise, estimate.jpeg_quality
        if self.blur is not None:
            blur = max(blur, self.blur)
        if self.noise is not None:
            variance = self.noise.floor + self.noise.slope * MID_GREY
            noise = max(noise, SLOPE_AT_MID_GREY * float(np.sqrt(variance)))
        if self.jpeg_quality is not None and jpeg_quality is None:
            quality = min(quality, self.jpeg_quality)
        return Condition(blur, noise, quality, estimate.scale_px)


@dataclass(frozen=True)
class CorrectedRevealer:
    """A revealer of frames of one container, which corrects them first.

    Attributes:
        plain: reveals what was corrected.
        correction: of the frames' condition.
        table: (3, STEPS) float32, corrected values of evenly spaced levels; None where
            the tone stays.
    """

    plain: RevealerLike
    correction: Correction
    table: FloatArray | None

    @classmethod
    def fitted(
        cls, plain: RevealerLike, correction: Correction, frame: FloatArray
    ) -> CorrectedRevealer:
        """For the container of a frame (h, w, 3) in [0, 1], which says how it was exposed."""
        response = correction.response
        table = None if response is None else tone_table(response, frame)
        return cls(plain, correction, table)

    @property
    def name(self) -> str:
        """Of the model."""
        return self.plain.name

    def reveal(self, frames: FloatArray, conditions: Sequence[Condition | None]) -> RevealedLike:
        """Reveal (B, h, w, 3) frames as photographed."""
        if self.table is not None:
            frames = apply_table(frames, self.table)
        return self.plain.reveal(frames, conditions)

    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        """Distortion level of a frame (h, w, 3) as photographed, and of the profile."""
        estimated = self.plain.estimate(frame, jpeg_quality, scale_px)
        return self.correction.condition(estimated, jpeg_quality)


def _turned(lens: CameraProfile) -> CameraProfile | None:
    """A lens about the photo's middle after a quarter turn; None where the way would matter."""
    (fx, _, cx), (_, fy, cy), last = lens.matrix
    height, width = lens.image_size
    off = max(abs(cx - (width - 1) / 2), abs(cy - (height - 1) / 2))
    if off > CENTRED * width or any(lens.distortion[2:4]):
        return None
    matrix = ((fy, 0.0, cy), (0.0, fx, cx), last)
    return lens.model_copy(update={"image_size": (width, height), "matrix": matrix})


def tone_table(response: Response, frame: FloatArray) -> FloatArray:
    """The container's values (3, STEPS) for evenly spaced levels 0 to 1 of a frame.

    Args:
        response: of medium and camera.
        frame: (h, w, 3) in [0, 1], the whole container: gives the exposure.
    """
    curves = response.curves()
    white = float(np.quantile(frame.max(axis=-1), WHITE_SHARE))
    exposure = to_linear(curves[:, -1].max()) / np.maximum(to_linear(white), 1e-4)
    exposure = np.clip(exposure, LEAST_EXPOSURE, MOST_EXPOSURE)
    levels = to_srgb(to_linear(np.linspace(0.0, 1.0, STEPS)) * exposure)
    table = np.stack([_inverse(response.levels, curve, levels) for curve in curves])
    # What lies beyond black and white is squeezed in, not cut off: it holds modules too.
    low, high = np.quantile(apply_table(frame, table.astype(np.float32)), ENDS)
    low, high = min(float(low), 0.0), max(float(high), 1.0)
    return np.clip((table - low) / (high - low), 0.0, 1.0).astype(np.float32)


def apply_table(frames: FloatArray, table: FloatArray) -> FloatArray:
    """Values (..., 3) in [0, 1] through the table (3, STEPS) of their channel."""
    steps = np.linspace(0.0, 1.0, table.shape[1])
    channels = [np.interp(frames[..., c], steps, table[c]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _inverse(levels: Sequence[float], curve: Floats, values: Floats) -> Floats:
    """Levels that a rising curve takes to the values, by a slope of MOST_GAIN at most.

    The middle level stays where it is; beyond the ends the slope is 1.
    """
    known = np.asarray(levels)
    rises = np.maximum(np.diff(curve), np.diff(known) / MOST_GAIN)
    limited = np.concatenate([[0.0], np.cumsum(rises)])
    limited += np.interp(0.5, known, curve) - np.interp(0.5, known, limited)
    seen = np.concatenate([[limited[0] - 1], limited, [limited[-1] + 1]])
    return np.interp(values, seen, np.concatenate([[-1.0], known, [2.0]]))


def even_light(photo: UInt8Image, vignetting: Vignetting) -> UInt8Image:
    """A photo (H, W, 3) with its corners as bright as its middle; some 0.5 s for 12 megapixels."""
    height, width = photo.shape[:2]
    across = ((np.arange(width, dtype=np.float32) - (width - 1) / 2) ** 2)[None, :, None]
    corner = ((width - 1) ** 2 + (height - 1) ** 2) / 4
    linear = to_linear(np.arange(256) / 255).astype(np.float32)
    steps = np.linspace(0.0, 1.0, LINEAR_STEPS)
    srgb = np.rint(255 * to_srgb(steps)).astype(np.uint8)
    even = np.empty_like(photo)
    for top in range(0, height, STRIP_PX):
        rows = np.arange(top, min(top + STRIP_PX, height), dtype=np.float32)
        square = (across + ((rows - (height - 1) / 2) ** 2)[:, None, None]) / np.float32(corner)
        field = 1 + square * (vignetting.v2 + square * vignetting.v4)
        light = linear[photo[top : top + STRIP_PX]]
        light /= np.clip(field, DARKEST_FIELD, BRIGHTEST_FIELD)
        places = np.minimum(light * (LINEAR_STEPS - 1) + 0.5, LINEAR_STEPS - 1)
        even[top : top + STRIP_PX] = srgb[places.astype(np.uint16)]
    return even

"""Simulated photos of the calibration chart whose every parameter is known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from calibration.chart.draw import draw_chart
from calibration.chart.layout import Chart
from riis_physical.artifacts import UInt8Image
from riis_physical.camera import CameraProfile, PhotoReport
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import light, sensor, tone
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph

PX_PER_MM = 8.0
WIDTH_PX = 2000.0  # of the chart in the photo
SIZE = (2000, 2600)
MOST_GAIN = 1.0  # so that no grey is clipped
QUALITY = (90.0, 97.0)  # of a camera's own files

Array = NDArray[np.float64]


@dataclass(frozen=True)
class KnownPhoto:
    """A simulated photo and what it was made with.

    Attributes:
        image: (H, W, 3) uint8 RGB. jpeg: the same as a file.
        params: of the channel.
    """

    image: UInt8Image
    jpeg: bytes
    params: ChannelParams

    def curve(self, levels: Array) -> Array:
        """What the photo shows (3, K) of greys, sRGB, where the relative light is 1."""
        params = self.params
        grey = torch.from_numpy(levels).float()[None, None, None].expand(1, 3, 1, -1)
        lit = tone.to_linear(tone.medium_response(grey, params)) * light.white_gains(params)
        shown = sensor.to_ycc(tone.to_srgb(tone.highlight_shoulder(lit, params.shoulder)))
        shown = torch.cat([shown[:, :1], shown[:, 1:] * params.camera_saturation], dim=1)
        return np.asarray(sensor.to_rgb(shown).clamp(0, 1)[0, :, 0].numpy(), np.float64)

    @property
    def blur(self) -> float:
        """Sigma of medium and lens, px of a chart 512 px wide."""
        return float(torch.hypot(self.params.blur_sigma, self.params.dot_blur)[0])

    @property
    def noise(self) -> float:
        """Sigma at mid-grey, sRGB."""
        return float(self.params.noise_sigma[0])


def photograph_chart(
    preset: str, medium: str, seed: int, chart: Chart | None = None, **fixed: float
) -> KnownPhoto:
    """A photo as one takes it of a chart: no shadow, glare or motion, the camera's own file.

    Args:
        fixed: parameters of the channel with given values.
    """
    params = sample_params(preset, 1, torch.Generator().manual_seed(seed), medium)
    low, high = QUALITY
    params = params.override(
        container_width_px=WIDTH_PX,
        glare=0.0,
        shadow=0.0,
        motion=0.0,
        second_mix=0.0,
        gain=min(float(params.gain), MOST_GAIN),
        jpeg_quality=round(low + (high - low) * float(np.random.default_rng(seed).random())),
    ).override(**fixed)
    drawn = draw_chart(chart or Chart(), PX_PER_MM)
    taken = photograph(drawn, params, size=SIZE, margin=0.04, seed=seed)
    return KnownPhoto(taken.image, taken.jpeg, taken.params)


def camera(k1: float, k2: float, size: tuple[int, int] = SIZE) -> CameraProfile:
    """A lens of known distortion about the photo's middle."""
    height, width = size
    focal = float(max(size))
    return CameraProfile(
        image_size=size,
        matrix=((focal, 0.0, (width - 1) / 2), (0.0, focal, (height - 1) / 2), (0.0, 0.0, 1.0)),
        distortion=(k1, k2, 0.0, 0.0, 0.0),
        rms_px=0.0,
        focal_error_px=0.0,
        photos=PhotoReport(used=1),
    )


def through_lens(photo: UInt8Image, lens: CameraProfile) -> UInt8Image:
    """The photo as that lens shows it."""
    height, width = photo.shape[:2]
    ys, xs = np.mgrid[:height, :width].astype(np.float64)
    straight = lens.undistort_points(np.stack([xs, ys], axis=-1)).astype(np.float32)
    bent = cv2.remap(
        photo, straight[..., 0], straight[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(bent, np.uint8)


def lens_error(fitted: CameraProfile, true: CameraProfile, dots: Array) -> Array:
    """By how many px (N,) the fitted lens bends what the true one leaves straight.

    A homography between both is no error: it is part of every pose.
    """
    straight = true.undistort_points(dots)
    found = fitted.undistort_points(dots)
    homography, _ = cv2.findHomography(found, straight, 0)
    moved = cv2.perspectiveTransform(found[None], homography)[0]
    return np.asarray(np.linalg.norm(moved - straight, axis=1))

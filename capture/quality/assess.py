"""How good a capture is.

Every figure comes from the best simple estimator: width, scale and angle from the
geometry, blur and noise from the spectrum (:mod:`capture.quality.spectrum`), motion from
its direction, JPEG quality from the file's own quantisation tables and the traces of
compression in the pixels, light from samples of the container. How well each agrees
with the simulation's truth is in `results/quality-print-1.json`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import validate_corners
from capture.quality.advice import advice
from capture.quality.lattice import pixel_jpeg_quality
from capture.quality.light import measure_light
from capture.quality.motion import motion_vector
from capture.quality.spectrum import tile_power
from capture.quality.spectrum_fit import blur_and_noise
from capture.quality.viewing import viewing_angle
from riis_physical.artifacts import CaptureQuality, Condition, UInt8Image
from riis_physical.images import jpeg_quality

__all__ = ["advice", "assess", "container_width_px", "jpeg_quality"]

REFERENCE_PX = 512.0
# Motion counts from here on; below, content and defocus look like it. Of 6 mild
# simulated captures of 600 px none passes without motion, 4 of 6 with 5 px of motion
# (in a container 512 px wide), 5 of 6 with 9 px.
LEAST_EXPLAINED = 0.25
LEAST_MOTION_PX, MOST_MOTION_PX = 3.5, 20.0  # px of the tiles


def assess(
    photo: UInt8Image,
    corners: NDArray[np.floating],
    condition: Condition,
    jpeg_quality: float | None,
) -> CaptureQuality:
    """Measure how well a container was captured; some 30 ms of one core for 12 megapixels.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2) outer corners in the photo, clockwise.
        condition: the network's estimate, of which the scale is used: the other
            figures of shipped models say next to nothing about a capture.
        jpeg_quality: from the file's tables, None where there are none.

    Raises:
        RectificationError: the corners are those of no rectangle.
    """
    checked = validate_corners(corners)
    width = container_width_px(checked)
    step = max(1.0, width / REFERENCE_PX)
    fine = tile_power(photo, checked, 1.0)
    coarse = fine if step == 1.0 else tile_power(photo, checked, step)
    blur, noise = blur_and_noise(fine, coarse, width)
    length, direction, explained = motion_vector(coarse)
    moved = explained >= LEAST_EXPLAINED and LEAST_MOTION_PX <= length < MOST_MOTION_PX
    light = measure_light(photo, checked)
    seen = [q for q in (jpeg_quality, pixel_jpeg_quality(photo, checked)) if q is not None]
    return CaptureQuality(
        width_px=width,
        module_px=condition.scale_px,
        blur=blur,
        blur_px=blur * width / REFERENCE_PX,
        motion_px=length * step if moved else None,
        motion_deg=direction if moved else None,
        noise=noise,
        file_jpeg_quality=jpeg_quality,
        jpeg_quality=min(seen, default=100.0),
        level=light.level,
        clipped=light.clipped,
        dark=light.dark,
        glare=light.glare,
        glare_place=light.glare_place,
        angle_deg=viewing_angle(checked, (photo.shape[0], photo.shape[1])),
        uneven=light.uneven,
    )


def container_width_px(corners: NDArray[np.floating]) -> float:
    """Mean length of the upper and the lower side, photo px."""
    points = np.asarray(corners, np.float64)
    sides = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    return float(sides[[0, 2]].mean())

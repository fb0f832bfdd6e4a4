"""A picture around a pillar, unrolled.

Seen along its axis a pillar shows a point at angle a from the middle at sin a: what lies near
the sides is narrow. Seen from above or below, the upper and the lower side of the picture bow
the same way, one outwards and the other inwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.warp import Warp
from riis_physical.artifacts import FloatArray, UInt8Image

# Half of the angle that a picture covers; what lies between two of them is near enough.
HALF_ANGLES_DEG = (28.0, 36.0, 44.0)
# Bows of this much, as a share of the side, are of a pillar and not of a flat sheet.
LEAST_BOW = 0.004
# So much is seen around the outline, in units of its sides.
AROUND = 0.05


@dataclass(frozen=True)
class Unrolled:
    """The part of a photo about an outline, as if flat.

    Attributes:
        pixels: uint8 RGB (H, W, 3).
        corners: xy (4, 2) of the outline there.
        half_angle: of the pillar that the outline covers, radians.
        warp: of the outline in the photo.
    """

    pixels: UInt8Image
    corners: FloatArray
    half_angle: float
    warp: Warp

    def in_photo(self, xy: NDArray[np.floating]) -> FloatArray:
        """Points (..., 2) of the flat picture in the photo."""
        height, width = self.warp.size
        share = (np.asarray(xy, np.float64) - self.corners[0]) / (self.corners[2] - self.corners[0])
        return _seen(self.warp, share * (width, height), self.half_angle)


def is_around_a_pillar(bows: NDArray[np.floating] | None) -> bool:
    """Whether the upper and the lower one of four sides bow the same way."""
    if bows is None:
        return False
    upper, lower = float(bows[0]), float(bows[2])
    return upper * lower < 0 and min(abs(upper), abs(lower)) >= LEAST_BOW


def unroll(photo: UInt8Image, corners: FloatArray, bows: FloatArray, half_angle: float) -> Unrolled:
    """Make the surroundings of an outline flat.

    Args:
        photo: uint8 RGB (H, W, 3).
        corners: xy (4, 2) checked outer corners, clockwise from the upper left.
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`.
        half_angle: of the pillar that the outline covers, radians, between 0 and pi / 2.
    """
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    wide = max(sides[0], sides[2]) * half_angle / np.sin(half_angle)
    height, width = max(8, round(float(max(sides[1], sides[3])))), max(8, round(float(wide)))
    warp = Warp.of(corners, (height, width), bows)
    left, top = round(AROUND * width), round(AROUND * height)
    flat = np.stack(
        np.meshgrid(np.arange(-left, width + left), np.arange(-top, height + top)), axis=-1
    )
    x, y = cv2.split(_seen(warp, flat + 0.5, half_angle))
    pixels = cv2.remap(photo, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    first, last = np.array([left, top]), np.array([left + width, top + height])
    ends = np.array([first, [last[0], first[1]], last, [first[0], last[1]]], np.float32)
    return Unrolled(np.asarray(pixels, np.uint8), ends - np.float32(0.5), half_angle, warp)


def _seen(warp: Warp, flat: NDArray[np.floating], half_angle: float) -> FloatArray:
    """Photo points of flat ones (..., 2), whose outline runs from (0, 0) to (width, height)."""
    height, width = warp.size
    angle = np.clip((2 * flat[..., 0] / width - 1) * half_angle, -np.pi / 2, np.pi / 2)
    across = width * (0.5 + np.sin(angle) / (2 * np.sin(half_angle)))
    frame = np.stack([across, np.broadcast_to(flat[..., 1], across.shape)], axis=-1) - 0.5
    return np.ascontiguousarray(warp.points(frame), np.float32)

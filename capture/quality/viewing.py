"""The angle under which a container is seen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import homography

# Focal length as a share of the photo's longer side: a phone's main camera has the
# angle of a 26 mm lens on 36 x 24 mm film. Crops and zooms have more.
USUAL_FOCAL = 26 / 36
SHORTEST_FOCAL, LONGEST_FOCAL = 0.5, 3.0


def viewing_angle(corners: NDArray[np.floating], photo_size: tuple[int, int]) -> float:
    """Angle in degrees, 0 to 90, between the line of sight and the container's normal.

    The directions of both pairs of sides follow from where they would meet, for a
    camera that looks through the middle of the photo. Where they would not come
    out at right angles to each other, the focal length that makes them so is taken
    in place of the usual one, as far as it is a plausible one.

    Args:
        corners: xy (4, 2) outer corners in the photo.
        photo_size: (h, w) of the photo.
    """
    to_photo = homography(corners, (2, 2))
    h, w = photo_size
    middle = np.array([[1, 0, -(w - 1) / 2], [0, 1, -(h - 1) / 2], [0, 0, 1]], np.float64)
    centred = middle @ to_photo
    across, down = centred[:, 0], centred[:, 1]
    focal = _focal(across, down, float(max(h, w)))
    rays = np.diag([1 / focal, 1 / focal, 1.0])
    normal = np.cross(rays @ across, rays @ down)
    centre = rays @ (centred @ np.array([0.5, 0.5, 1.0]))
    cosine = abs(float(normal @ centre)) / float(np.linalg.norm(normal) * np.linalg.norm(centre))
    return math.degrees(math.acos(min(1.0, cosine)))


def _focal(across: NDArray[np.float64], down: NDArray[np.float64], long_side: float) -> float:
    """Focal length in pixels that makes both directions perpendicular, or the usual one."""
    usual = USUAL_FOCAL * long_side
    lift = across[2] * down[2]
    flat = float(across[:2] @ down[:2])
    if lift == 0 or -flat / lift <= 0:
        return usual
    focal = math.sqrt(-flat / lift)
    return focal if SHORTEST_FOCAL * long_side <= focal <= LONGEST_FOCAL * long_side else usual

"""Width, angle and distance of a container, from its corners and its known size on paper."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.quality.viewing import viewing_angle
from capture.study.photos.exif import FILM_DIAGONAL_MM


@dataclass(frozen=True)
class Pose:
    """How a container stood before the camera.

    Attributes:
        width_px: mean of its upper and lower side in the photo.
        angle_deg: between the line of sight and its normal, 0 to 90.
        distance_m: to its middle; None where the focal length is not known.
    """

    width_px: float
    angle_deg: float
    distance_m: float | None


def measure(
    corners: NDArray[np.floating],
    size_mm: tuple[float, float],
    photo_px: tuple[int, int],
    focal_mm35: float | None,
) -> Pose:
    """Measure a container in a photo.

    Args:
        corners: xy (4, 2) outer corners, clockwise from the printed top-left.
        size_mm: (width, height) on paper or screen.
        photo_px: (width, height) of the upright photo; the lens looks at its middle.
        focal_mm35: from the photo's file.
    """
    xy = np.asarray(corners, np.float64)
    width_px = float(np.linalg.norm(xy[1] - xy[0]) + np.linalg.norm(xy[2] - xy[3])) / 2
    if focal_mm35 is None:
        return Pose(width_px, viewing_angle(xy, (photo_px[1], photo_px[0])), None)
    focal = focal_in_px(focal_mm35, photo_px)
    camera = np.array(
        [[focal, 0, (photo_px[0] - 1) / 2], [0, focal, (photo_px[1] - 1) / 2], [0, 0, 1]]
    )
    half = np.array(size_mm) / 2
    paper = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * np.array([*half, 0])
    done, turn, place = cv2.solvePnP(paper, xy, camera, None, flags=cv2.SOLVEPNP_IPPE)
    if not done:
        return Pose(width_px, viewing_angle(xy, (photo_px[1], photo_px[0])), None)
    normal = cv2.Rodrigues(turn)[0][:, 2]
    away = float(np.linalg.norm(place))
    cosine = min(1.0, abs(float(normal @ place.ravel())) / away)
    return Pose(width_px, math.degrees(math.acos(cosine)), away / 1000)


def focal_in_px(focal_mm35: float, photo_px: tuple[int, int]) -> float:
    """Focal length in px, from that for film of the same diagonal (CIPA DCG-001)."""
    return focal_mm35 * math.hypot(*photo_px) / FILM_DIAGONAL_MM

"""From frame pixels to photo pixels, by a homography, bowed sides and a lens.

Curled paper and a lens bend the sides of a container between its corners. A
*bow* is how far the middle of a side lies outside the straight line between its
corners, as a share of that line's length: positive outwards, one a side, in the
order top, right, bottom, left of the corners. Between the sides the bend is
interpolated (a Coons patch); what opposite sides share is a lens, which also
pulls points along the sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.camera import CameraProfile

FloatArray = NDArray[np.float32]
Matrix = NDArray[np.float64]

# Bows under this share of a side move no module by a twentieth of its width.
LEAST_BOW = 0.001
NO_BOWS = np.zeros(4, np.float32)
NO_BOWS.setflags(write=False)


@dataclass(frozen=True)
class Warp:
    """Where the photo shows the pixels of a frame.

    Attributes:
        to_plane: homography (3, 3) of frame pixels to the ideal camera's pixels.
        size: (h, w) of the frame.
        bows_px: (4,) bows of the sides in frame pixels.
        camera: the lens, None for a camera without distortion.
    """

    to_plane: Matrix
    size: tuple[int, int]
    bows_px: Matrix
    camera: CameraProfile | None = None

    @classmethod
    def of(
        cls,
        corners: NDArray[np.floating],
        size: tuple[int, int],
        bows: NDArray[np.floating] | None = None,
        camera: CameraProfile | None = None,
    ) -> Warp:
        """The warp of a frame.

        Args:
            corners: xy (4, 2) checked outer corners in the photo.
            size: (h, w) of the frame.
            bows: (4,) as seen in the photo; None or small ones are not followed.
            camera: of the photo's own size.
        """
        seen = np.asarray(corners, np.float64)
        ideal = seen if camera is None else camera.undistort_points(seen)
        to_plane = np.asarray(
            cv2.getPerspectiveTransform(frame_corners(size), ideal.astype(np.float32)), np.float64
        )
        share = np.zeros(4) if bows is None else np.asarray(bows, np.float64)
        if camera is None and np.abs(share).max() < LEAST_BOW:
            return cls(to_plane, size, np.zeros(4))
        middles = bow_middles(seen, share)
        if camera is not None:
            middles = camera.undistort_points(middles)
        own = _project(
            np.asarray(np.linalg.inv(to_plane), np.float64), np.asarray(middles, np.float64)
        )
        h, w = size
        u, v = (own[:, 0] + 0.5) / w, (own[:, 1] + 0.5) / h
        beyond = np.array([-v[0] * h, (u[1] - 1) * w, (v[2] - 1) * h, -u[3] * w])
        along = np.clip(np.array([u[0], v[1], u[2], v[3]]), 0.1, 0.9)
        bows_px = beyond / (4 * along * (1 - along))
        if np.abs(bows_px / (w, h, w, h)).max() < LEAST_BOW:
            bows_px = np.zeros(4)
        return cls(to_plane, size, bows_px, camera)

    @property
    def straight(self) -> bool:
        """Whether the homography alone says it all."""
        return self.camera is None and not self.bows_px.any()

    def points(self, frame_xy: NDArray[np.floating]) -> Matrix:
        """Photo points (..., 2) of frame points (..., 2)."""
        bent = np.asarray(frame_xy, np.float64)
        if self.bows_px.any():
            bent = bent + self._bend(bent)
        ideal = _project(self.to_plane, bent)
        return ideal if self.camera is None else self.camera.distort_points(ideal)

    def _bend(self, xy: Matrix) -> Matrix:
        h, w = self.size
        top, right, bottom, left = self.bows_px
        u, v = (xy[..., 0] + 0.5) / w, (xy[..., 1] + 0.5) / h
        arch_u, arch_v = 4 * u * (1 - u), 4 * v * (1 - v)
        # A lens that bows top and bottom by a share of the height draws the points
        # on them towards their ends by the same share of the width.
        stretch_x = 0.5 * (top + bottom) * w / h
        stretch_y = 0.5 * (left + right) * h / w
        dx = arch_v * (u * right - (1 - u) * left) + stretch_x * (2 * u - 1) * arch_u
        dy = arch_u * (v * bottom - (1 - v) * top) + stretch_y * (2 * v - 1) * arch_v
        return np.stack([dx, dy], axis=-1)


def frame_corners(size: tuple[int, int]) -> FloatArray:
    """Outer corners xy (4, 2) of a frame of (h, w) pixels."""
    h, w = size
    low, right, bottom = -0.5, w - 0.5, h - 0.5
    return np.array([[low, low], [right, low], [right, bottom], [low, bottom]], np.float32)


def bow_middles(corners: NDArray[np.floating], bows: NDArray[np.floating]) -> Matrix:
    """The middles xy (4, 2) of bowed sides."""
    start = np.asarray(corners, np.float64)
    side = np.roll(start, -1, axis=0) - start
    outwards = np.stack([side[:, 1], -side[:, 0]], axis=1)
    return start + side / 2 + np.asarray(bows, np.float64)[:, None] * outwards


def _project(matrix: Matrix, points: Matrix) -> Matrix:
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:])

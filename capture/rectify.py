"""A photographed container warped back onto its own pixel grid.

Corners are OUTER corners: with pixel centres at integers, a frame of (h, w)
pixels has its corners at (-0.5, -0.5), (w - 0.5, -0.5), (w - 0.5, h - 0.5) and
(-0.5, h - 0.5), so that frames of any size share one set of photo corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.errors import RectificationError

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]

MODULE_PX = 8
# Below this many photo pixels a side, nothing is left to read.
SHORTEST_SIDE_PX = 16.0
MOST_SUPERSAMPLING = 4


@dataclass(frozen=True)
class Rectified:
    """A container on its own grid.

    Attributes:
        image: float32 RGB (h, w, 3) in [0, 1].
        scale_px: photo pixels per module (8 frame pixels) along the shorter
            axis, as in :class:`riis_physical.artifacts.Condition`.
    """

    image: FloatArray
    scale_px: float


def frame_corners(size: tuple[int, int]) -> FloatArray:
    """Outer corners xy (4, 2) of a frame of (h, w) pixels."""
    h, w = size
    low, right, bottom = -0.5, w - 0.5, h - 0.5
    return np.array([[low, low], [right, low], [right, bottom], [low, bottom]], np.float32)


def homography(corners: NDArray[np.floating], size: tuple[int, int]) -> Matrix:
    """frame_to_photo (3, 3): pixel coordinates of a frame (h, w) to those of the photo.

    Raises:
        RectificationError: the corners cross, turn the wrong way or are nearly
            collinear.
    """
    checked = validate_corners(corners)
    return np.asarray(cv2.getPerspectiveTransform(frame_corners(size), checked), np.float64)


def validate_corners(corners: NDArray[np.floating]) -> FloatArray:
    """The corners as float32 (4, 2), if a camera can see a rectangle like that.

    Raises:
        RectificationError: otherwise; the message says why.
    """
    points = np.asarray(corners, np.float64)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise RectificationError(
            f"corners are of shape {points.shape}: give four finite points x,y, "
            "clockwise from the printed top-left"
        )
    edges = np.roll(points, -1, axis=0) - points
    length = np.linalg.norm(edges, axis=1)
    if length.min() < SHORTEST_SIDE_PX:
        raise RectificationError(
            f"the shortest side has {length.min():.1f} px, expected at least "
            f"{SHORTEST_SIDE_PX:.0f}: take the photo from closer"
        )
    after = np.roll(edges, -1, axis=0)
    sine = (edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]) / (length * np.roll(length, -1))
    if (sine < 0).all():
        raise RectificationError(
            "the corners run counter-clockwise: give them clockwise from the printed top-left"
        )
    if (sine < 0.05).any():
        raise RectificationError(
            "the corners cross or lie on one line: give them clockwise from the printed top-left"
        )
    return points.astype(np.float32)


def rectify(photo: UInt8Image, corners: NDArray[np.floating], size: tuple[int, int]) -> Rectified:
    """Warp the photographed container back onto its own pixel grid.

    Where the photo has more pixels than the frame, the frame is sampled two to
    four times as finely (from a reduced copy of the region, where even that is
    coarser than the photo) and averaged down.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2) outer corners, clockwise from the printed top-left.
        size: (h, w) of the result in pixels.

    Raises:
        RectificationError: the corners are those of no rectangle, or lie
            outside the photo.
    """
    return Region.cut(photo, corners).rectify(size)


@dataclass(frozen=True)
class Region:
    """The part of a photo around a container, reduced copies made once.

    Attributes:
        levels: uint8 RGB crops, each half the size of the one before.
        origin: xy of the first crop's first pixel in the photo.
        corners: xy (4, 2) outer corners in the photo, checked.
    """

    levels: tuple[UInt8Image, ...]
    origin: FloatArray
    corners: FloatArray

    @classmethod
    def cut(
        cls, photo: UInt8Image, corners: NDArray[np.floating], finest_px: int = MODULE_PX * 21
    ) -> Region:
        """Crop a photo to a container and reduce the crop for frames of finest_px or more."""
        checked = validate_corners(corners)
        height, width = photo.shape[:2]
        pad = 4 + 0.02 * float(np.ptp(checked, axis=0).max())
        low = np.clip(np.floor(checked.min(0) - pad), 0, (width, height)).astype(int)
        high = np.clip(np.ceil(checked.max(0) + pad), 0, (width, height)).astype(int)
        if (high - low < 2).any():
            raise RectificationError(
                f"the corners lie outside the photo of {width} x {height} px: "
                "give them in pixels of the upright photo"
            )
        crop = photo[low[1] : high[1], low[0] : high[0]]
        levels = [crop]
        sides = _side_lengths(checked)
        most = MOST_SUPERSAMPLING * finest_px
        while sides.max() / 2 ** (len(levels) - 1) > most and min(levels[-1].shape[:2]) >= 8:
            last = levels[-1]
            even = last[: last.shape[0] // 2 * 2, : last.shape[1] // 2 * 2]
            half = (even.shape[1] // 2, even.shape[0] // 2)
            levels.append(np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA)))
        return cls(tuple(levels), low.astype(np.float32), checked)

    def rectify(
        self,
        size: tuple[int, int],
        *,
        corners: NDArray[np.floating] | None = None,
        window: tuple[int, int, int, int] | None = None,
    ) -> Rectified:
        """Rectify the region, or a window of the frame.

        Args:
            size: (h, w) of the whole frame.
            corners: other corners than the region's own, close to them.
            window: (top, left, height, width) in frame pixels; all by default.
        """
        given = self.corners if corners is None else corners
        to_photo = homography(given, size)
        top, left, h, w = window or (0, 0, *size)
        sides = _side_lengths(np.asarray(given, np.float32))
        along = np.array([sides[[0, 2]].mean() / size[1], sides[[1, 3]].mean() / size[0]])
        dense = max(sides[[0, 2]].max() / size[1], sides[[1, 3]].max() / size[0])
        # The level at which the photo is at most MOST_SUPERSAMPLING / 2 to
        # MOST_SUPERSAMPLING times as fine as the frame.
        level = 0
        while dense / 2**level > MOST_SUPERSAMPLING and level + 1 < len(self.levels):
            level += 1
        times = int(np.clip(np.ceil(dense / 2**level), 1, MOST_SUPERSAMPLING))
        reduce = 2.0**-level
        to_level = np.array(
            [
                [reduce, 0, -self.origin[0] * reduce + (reduce - 1) / 2],
                [0, reduce, -self.origin[1] * reduce + (reduce - 1) / 2],
                [0, 0, 1],
            ]
        )
        fine = np.array(
            [
                [1 / times, 0, left + (1 / times - 1) / 2],
                [0, 1 / times, top + (1 / times - 1) / 2],
                [0, 0, 1],
            ]
        )
        warped = cv2.warpPerspective(
            self.levels[level],
            to_level @ to_photo @ fine,
            (w * times, h * times),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)
        if times > 1:
            warped = np.asarray(
                cv2.resize(warped, (w, h), interpolation=cv2.INTER_AREA), np.float32
            )
        image = np.asarray(warped, np.float32)
        return Rectified(image / np.float32(255), float(MODULE_PX * along.min()))


def _side_lengths(corners: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1), np.float32)

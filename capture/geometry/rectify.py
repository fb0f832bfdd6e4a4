"""A photographed container warped back onto its own pixel grid.

Corners are OUTER corners: with pixel centres at integers, a frame of (h, w)
pixels has its corners at (-0.5, -0.5), (w - 0.5, -0.5), (w - 0.5, h - 0.5) and
(-0.5, h - 0.5), so that frames of any size share one set of photo corners.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.warp import NO_BOWS, Warp, frame_corners
from riis_physical.camera import CameraProfile
from riis_physical.errors import RectificationError

__all__ = [
    "MODULE_PX",
    "Rectified",
    "Region",
    "frame_corners",
    "homography",
    "rectify",
    "validate_corners",
]

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]

MODULE_PX = 8
# Below this many photo pixels a side, nothing is left to read.
SHORTEST_SIDE_PX = 16.0
MOST_SUPERSAMPLING = 4
# Bends are smooth: between points this far apart in the frame they are linear.
NODE_PX = 8


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


def rectify(
    photo: UInt8Image,
    corners: NDArray[np.floating],
    size: tuple[int, int],
    *,
    bows: NDArray[np.floating] | None = None,
    camera: CameraProfile | None = None,
) -> Rectified:
    """Warp the photographed container back onto its own pixel grid.

    Where the photo has more pixels than the frame, the frame is sampled two to
    four times as finely (from a reduced copy of the region, where even that is
    coarser than the photo) and averaged down.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2) outer corners, clockwise from the printed top-left.
        size: (h, w) of the result in pixels.
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`.
        camera: profile of the photo's camera, for a photo of any size.

    Raises:
        RectificationError: the corners are those of no rectangle, or lie
            outside the photo.
        ConfigError: the camera's pictures have another aspect.
    """
    return Region.cut(photo, corners, bows=bows, camera=camera).rectify(size)


@dataclass(frozen=True)
class Region:
    """The part of a photo around a container, reduced copies made once.

    Attributes:
        levels: uint8 RGB crops, each half the size of the one before.
        origin: xy of the first crop's first pixel in the photo.
        corners: xy (4, 2) outer corners in the photo, checked.
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`.
        camera: profile at the photo's size, None for an ideal camera.
    """

    levels: tuple[UInt8Image, ...]
    origin: FloatArray
    corners: FloatArray
    bows: FloatArray = field(default_factory=NO_BOWS.copy)
    camera: CameraProfile | None = None

    @classmethod
    def cut(
        cls,
        photo: UInt8Image,
        corners: NDArray[np.floating],
        finest_px: int = MODULE_PX * 21,
        *,
        bows: NDArray[np.floating] | None = None,
        camera: CameraProfile | None = None,
    ) -> Region:
        """Crop a photo to a container and reduce the crop for frames of finest_px or more."""
        checked = validate_corners(corners)
        height, width = photo.shape[:2]
        profile = None if camera is None else camera.scaled_to((height, width))
        share = NO_BOWS if bows is None else np.asarray(bows, np.float32)
        extent = float(np.ptp(checked, axis=0).max())
        pad = 4 + (0.02 + float(np.abs(share).max())) * extent
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
        return cls(tuple(levels), low.astype(np.float32), checked, share, profile)

    def turned_bows(self, corners: NDArray[np.floating]) -> FloatArray:
        """The region's bows in the order of the sides of `corners`, its own turned or moved."""
        given = np.asarray(corners, np.float64)
        apart = [np.abs(np.roll(self.corners, -k, axis=0) - given).sum() for k in range(4)]
        return np.roll(self.bows, -int(np.argmin(apart)))

    def rectify(
        self,
        size: tuple[int, int],
        *,
        corners: NDArray[np.floating] | None = None,
        window: tuple[int, int, int, int] | None = None,
        bows: NDArray[np.floating] | None = None,
        supersampling: int = MOST_SUPERSAMPLING,
    ) -> Rectified:
        """Rectify the region, or a window of the frame.

        Args:
            size: (h, w) of the whole frame.
            corners: other corners than the region's own, close to them, or its
                own from another one on: the bows turn with them.
            window: (top, left, height, width) in frame pixels; all by default.
            bows: others than the region's own, in the order of `corners`.
            supersampling: samples a pixel and side at most; the rest is averaged before.
        """
        given = validate_corners(self.corners if corners is None else corners)
        bent = self.turned_bows(given) if bows is None else bows
        warp = Warp.of(given, size, bent, self.camera)
        top, left, h, w = window or (0, 0, *size)
        sides = _side_lengths(given)
        along = np.array([sides[[0, 2]].mean() / size[1], sides[[1, 3]].mean() / size[0]])
        dense = max(sides[[0, 2]].max() / size[1], sides[[1, 3]].max() / size[0])
        # The level at which the photo is supersampling / 2 to supersampling times as fine as
        # the frame, where there is one.
        level = 0
        while dense / 2**level > supersampling and level + 1 < len(self.levels):
            level += 1
        times = int(np.clip(np.ceil(dense / 2**level), 1, MOST_SUPERSAMPLING))
        reduce = 2.0**-level
        shift = -self.origin.astype(np.float64) * reduce + (reduce - 1) / 2
        place = (left + (1 / times - 1) / 2, top + (1 / times - 1) / 2)
        sample = _sample_straight if warp.straight else _sample_bent
        warped = sample(
            self.levels[level], warp, (w * times, h * times), place, times, reduce, shift
        )
        if times > 1:
            warped = np.asarray(
                cv2.resize(warped, (w, h), interpolation=cv2.INTER_AREA), np.float32
            )
        image = np.asarray(warped, np.float32)
        return Rectified(image / np.float32(255), float(MODULE_PX * along.min()))


def _sample_straight(
    level: UInt8Image,
    warp: Warp,
    size: tuple[int, int],
    place: tuple[float, float],
    times: int,
    reduce: float,
    shift: Matrix,
) -> FloatArray:
    """Fine pixels (w, h) of a frame, the first of them at `place`, by the homography."""
    to_level = np.array([[reduce, 0, shift[0]], [0, reduce, shift[1]], [0, 0, 1]])
    fine = np.array([[1 / times, 0, place[0]], [0, 1 / times, place[1]], [0, 0, 1]])
    return cv2.warpPerspective(
        level,
        to_level @ warp.to_plane @ fine,
        size,
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)


def _sample_bent(
    level: UInt8Image,
    warp: Warp,
    size: tuple[int, int],
    place: tuple[float, float],
    times: int,
    reduce: float,
    shift: Matrix,
) -> FloatArray:
    """As :func:`_sample_straight`, bent: places every NODE_PX frame pixels, linear between."""
    step = NODE_PX * times
    nodes = [-(-length // step) + 2 for length in size]
    across, down = (
        ((np.arange(n) - 1) * step + (step - 1) / 2) / times + start
        for n, start in zip(nodes, place, strict=True)
    )
    coarse = warp.points(np.stack(np.meshgrid(across, down), axis=-1)) * reduce + shift
    whole = (nodes[0] * step, nodes[1] * step)
    # resize, unlike remap, interpolates between nodes in full precision.
    fine = cv2.resize(coarse.astype(np.float32), whole, interpolation=cv2.INTER_LINEAR)
    at = np.ascontiguousarray(fine[step : step + size[1], step : step + size[0]], np.float32)
    x, y = cv2.split(at)
    return cv2.remap(
        level,
        x,
        y,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)


def _side_lengths(corners: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1), np.float32)

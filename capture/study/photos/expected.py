"""Where a sheet may lie in a photo, as the plan has it: its distances and angles, the lens.

Far off and seen askew, a marker's cells and a picture's details are smaller than what is found
without knowing what to look for. The plan knows: how wide each picture can be, and how narrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from capture.find.reference import AGREEMENT, Reference
from capture.geometry.registration import register
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import RectificationError

#: Poses nearer to each other than these are one.
DISTANCE_STEP, ANGLE_STEP = 1.12, 10.0
#: How much wider or narrower than planned a marker may be for a pose to be tried.
OFF_PLAN = 1.5
MOST_TRIED = 6  # poses about a marker
TEMPLATE_PX = 40  # long side at which a picture is looked for
LEAST_TEMPLATE_PX = 8
LEAST_LIKENESS = 0.4  # normalised correlation at that size, 1 for the same picture
PEAKS = 2  # places for each pose, and those of all that are looked at closely
MOST_PEAKS = 10
PAPER = 0.06  # of the picture's long side, that is white around it
RIM = 0.025  # of it, that nothing is printed on
FRAME_PX = 120  # long side at which places are compared
#: Correlation with picture and paper from which it is there. In simulated photos it is 0.95
#: and more where the picture is, and 0.83 at most elsewhere.
ALIKE = 0.88
#: And from which nothing better is looked for.
SURE = 0.93
_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


@dataclass(frozen=True)
class Pose:
    """How a sheet may stand: `yaw_deg` about its upright axis, either way."""

    distance_m: float
    yaw_deg: float


def poses_of(rows: Iterable[tuple[float, float]]) -> list[Pose]:
    """The poses of rows (distance in m, angle in degrees), without what is nearly the same."""
    found: dict[tuple[int, int], Pose] = {}
    for distance, angle in rows:
        step = (round(math.log(distance, DISTANCE_STEP)), round(angle / ANGLE_STEP))
        found.setdefault(step, Pose(distance, angle))
    return list(found.values())


def quad(size_mm: tuple[float, float], pose: Pose, focal_px: float) -> FloatArray:
    """Corners xy (4, 2) of a picture about its middle, in px of the photo."""
    return _seen(_SQUARE * np.array(size_mm, np.float32), size_mm, pose, focal_px)


def _seen(
    points_mm: FloatArray, size_mm: tuple[float, float], pose: Pose, focal_px: float
) -> FloatArray:
    """Points xy (N, 2) off the picture's top-left corner, in px off its middle."""
    off = np.asarray(points_mm, np.float64) - np.array(size_mm) / 2
    yaw, away = math.radians(pose.yaw_deg), 1000 * pose.distance_m
    depth = away + off[:, 0] * math.sin(yaw)
    return np.asarray(
        focal_px * np.stack([off[:, 0] * math.cos(yaw), off[:, 1]], 1) / depth[:, None], np.float32
    )


def about_marker(
    marker: FloatArray,
    place_mm: Sequence[float],
    size_mm: tuple[float, float],
    poses: Sequence[Pose],
    focal_px: float,
) -> list[FloatArray]:
    """Corners that a picture may have whose marker was found, the likeliest first.

    Args:
        marker: xy (4, 2) of the marker in the photo.
        place_mm: of the marker: left, top, side, off the picture's top-left corner.
        size_mm: of the picture.
    """
    left, top, side = place_mm
    own = _SQUARE * np.float32(side) + np.array([left, top], np.float32)
    found: list[tuple[float, FloatArray]] = []
    for pose in _both_ways(poses):
        expected = _seen(own, size_mm, pose, focal_px)
        move, _ = cv2.estimateAffinePartial2D(expected, marker)
        if move is None:
            continue
        scale = math.hypot(float(move[0, 0]), float(move[1, 0]))
        if not 1 / OFF_PLAN < scale < OFF_PLAN:
            continue
        off = float(np.abs(cv2.transform(expected[None], move)[0] - marker).max())
        corners = cv2.transform(quad(size_mm, pose, focal_px)[None], move)[0]
        found.append((off, np.asarray(corners, np.float32)))
    found.sort(key=lambda one: one[0])
    return [corners for _, corners in found[:MOST_TRIED]]


def _both_ways(poses: Iterable[Pose]) -> Iterator[Pose]:
    for pose in poses:
        yield pose
        if pose.yaw_deg:
            yield Pose(pose.distance_m, -pose.yaw_deg)


def placed(
    grey: UInt8Image, picture: UInt8Image, tries: Iterable[FloatArray]
) -> list[tuple[float, FloatArray]]:
    """Where a picture lies, of several places: likeness and corners xy (4, 2), the best first.

    Places where the registered picture does not agree are left out. A dark picture without
    much in it agrees at many; the white of its paper says which it is.
    """
    found = []
    for corners in tries:
        try:
            at = register(grey, picture, corners)
        except (RectificationError, np.linalg.LinAlgError):
            continue
        if at.agreement >= AGREEMENT:
            ways = [at.corners, corners]
            ways += [
                with_rim for way in ways if (with_rim := _by_rim(grey, picture, way)) is not None
            ]
            rated = [(on_paper(grey, picture, way), way) for way in ways]
            found.append(max(rated, key=lambda one: one[0]))
    return sorted(found, key=lambda one: -one[0])


def _by_rim(grey: UInt8Image, picture: UInt8Image, corners: FloatArray) -> FloatArray | None:
    """Corners by the picture and a rim of its paper, which even an empty picture has."""
    framed = _framed(picture, RIM)
    room = (framed.shape[1] - picture.shape[1]) / 2
    own = _SQUARE * np.array(picture.shape[::-1], np.float32)
    outer = _SQUARE * np.array(framed.shape[::-1], np.float32) - np.float32(room)
    to_photo = cv2.getPerspectiveTransform(own, corners.astype(np.float32))
    about = np.asarray(cv2.perspectiveTransform(outer[None], to_photo)[0], np.float32)
    try:
        at = register(grey, framed, about).corners
    except (RectificationError, np.linalg.LinAlgError):
        return None
    back = cv2.getPerspectiveTransform(outer, at.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(own[None], back)[0], np.float32)


def _framed(picture: UInt8Image, share: float = PAPER) -> UInt8Image:
    """A picture with some of the white around it, a share of its long side."""
    room = max(1, round(share * max(picture.shape)))
    return np.pad(picture, room, constant_values=255)


def on_paper(grey: UInt8Image, picture: UInt8Image, corners: FloatArray) -> float:
    """Correlation of photo and picture with the white around it, -1 to 1."""
    scale = FRAME_PX / max(picture.shape)
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    framed = _framed(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8))
    room = (framed.shape[1] - size[0]) // 2
    own = _SQUARE * np.array(size, np.float32) + np.float32(room - 0.5)
    to_frame = cv2.getPerspectiveTransform(corners.astype(np.float32), own)
    seen = cv2.warpPerspective(grey, to_frame, framed.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    if seen.std() < 1:
        return -1.0
    return float(np.corrcoef(seen.ravel(), framed.ravel())[0, 1])


def search(
    grey: UInt8Image,
    reference: Reference,
    size_mm: tuple[float, float],
    poses: Sequence[Pose],
    focal_px: float,
) -> list[tuple[float, FloatArray]]:
    """A picture at the sizes that the plan has, as :func:`placed`.

    Args:
        grey: photo (H, W). reference: the picture. size_mm: (width, height) as shown.
    """
    framed = _framed(reference.grey)
    more = np.array(framed.shape[::-1]) / np.array(reference.grey.shape[::-1])
    peaks: list[tuple[float, FloatArray]] = []
    copies: dict[float, UInt8Image] = {}
    for pose in poses:
        corners = quad(size_mm, pose, focal_px)
        low, high = corners.min(0), corners.max(0)
        wide, high_px = (float(v) for v in (high - low) * more)
        scale = min(1.0, 2.0 ** (round(2 * math.log2(TEMPLATE_PX / max(wide, high_px))) / 2))
        small = copies.setdefault(scale, _scaled(grey, scale))
        size = (max(1, round(wide * scale)), max(1, round(high_px * scale)))
        if min(size) < LEAST_TEMPLATE_PX or size[0] > small.shape[1] or size[1] > small.shape[0]:
            continue
        template = cv2.resize(framed, size, interpolation=cv2.INTER_AREA)
        likeness = cv2.matchTemplate(small, template, cv2.TM_CCOEFF_NORMED)
        for _ in range(PEAKS):
            _, most, _, (x, y) = cv2.minMaxLoc(likeness)
            if most < LEAST_LIKENESS:
                break
            middle = np.array([x + size[0] / 2, y + size[1] / 2]) / scale - 0.5
            for way in _both_ways([pose]):
                about = quad(size_mm, way, focal_px)
                peaks.append((most, (about + middle).astype(np.float32)))
            near = (slice(max(0, y - size[1] // 2), y + size[1] // 2 + 1),
                    slice(max(0, x - size[0] // 2), x + size[0] // 2 + 1))  # fmt: skip
            likeness[near] = -1
    peaks.sort(key=lambda one: -one[0])
    places = placed(grey, reference.grey, [corners for _, corners in peaks[:MOST_PEAKS]])
    return [place for place in places if place[0] >= ALIKE]


def _scaled(grey: UInt8Image, scale: float) -> UInt8Image:
    if scale == 1:
        return grey
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)

"""Corners from the code itself: where its modules are, rather than where edges seem to be.

A frame a little larger than the outline is revealed four times, shifted by half modules,
which gives soft values on a grid twice as fine as the modules. In it every window of the
code is looked for: all of its modules once a message is read, before that the finder,
timing and alignment patterns. The shifts of the windows give the homography.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import MODULE_PX, Region
from capture.read.place.probe import RevealerLike, frame_px
from capture.read.rescue.align import moved_corners
from riis_physical.artifacts import Condition, UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.errors import RectificationError
from riis_physical.qr.code.structure import BoolGrid

FloatArray = NDArray[np.float32]

# Side of a window and the step from one to the next, in modules.
WINDOW, STEP = 9, 3
# A window with fewer known modules says too little.
LEAST_KNOWN = 24
# Mean agreement from which a window counts as found, of 1, and by how much the best place
# must exceed any place more than a module away.
FOUND, CLEARLY = 0.45, 0.08
# Windows may lie so far, in modules, from where the homography puts them.
OFF_MODULES = 0.4
# The code reads with parts of it lost: below this share of the best part's agreement the
# outline is not where the code is.
EVEN = 0.6


@dataclass(frozen=True)
class Relocated:
    """Corners that the code's own modules give.

    Attributes:
        corners: xy (4, 2) from the printed top-left.
        share: of the windows that could be found, those that agree with the corners.
    """

    corners: FloatArray
    share: float


def is_uneven(logits: FloatArray, modules: BoolGrid) -> bool:
    """Whether a read code shows much less in one of its quarters than in another.

    Args:
        logits: (N, N) soft values, positive for dark.
        modules: (N, N) as they must be, True for dark.
    """
    agree = np.tanh(0.5 * logits) * np.where(modules, 1, -1)
    size = len(agree)
    part = size // 4
    ends = (slice(0, part), slice(size - part, size))
    corners = [float(agree[rows, columns].mean()) for rows in ends for columns in ends]
    return min(corners) < EVEN * max(corners)


def relocate(
    revealer: RevealerLike,
    photo: UInt8Image,
    corners: FloatArray,
    version: int,
    condition: Condition,
    known: BoolGrid,
    modules: BoolGrid,
    *,
    reach_modules: int = 3,
    camera: CameraProfile | None = None,
) -> Relocated | None:
    """Find the corners of a code whose modules are known, all or in part.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2), printed top-left first, right to within reach_modules for
            a good part of the code.
        condition: distortion level for all reveals.
        known, modules: (N, N): which modules are known, and those that are dark.
        reach_modules: how far a part of the code may lie from where it is expected.

    Returns:
        None where too little of the code is found. Reveals four frames that are larger
        than the code's by reach_modules on every side.
    """
    size, reach = len(known), reach_modules
    try:
        soft = _fine_values(revealer, photo, corners, version, condition, reach, camera)
    except RectificationError:
        return None
    places, shifts = _window_shifts(soft, known, modules, reach)
    if len(places) < 4:
        return None
    method = cv2.USAC_MAGSAC if len(places) > 4 else 0
    _, inliers = cv2.findHomography(places, places + shifts, method, OFF_MODULES)
    agree = np.ones(len(places), bool) if inliers is None else inliers.ravel() > 0
    if agree.sum() < 4:
        return None
    matrix, _ = cv2.findHomography(places[agree], places[agree] + shifts[agree], 0)
    if matrix is None:
        return None
    frame = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float64)
    there = cv2.perspectiveTransform(frame[None], matrix)[0]
    try:
        found = moved_corners(corners, version, (there - frame).astype(np.float32))
        Region.cut(photo, found, camera=camera)
    except RectificationError:
        return None
    return Relocated(found, float(agree.mean()))


def _fine_values(
    revealer: RevealerLike,
    photo: UInt8Image,
    corners: FloatArray,
    version: int,
    condition: Condition,
    reach: int,
    camera: CameraProfile | None,
) -> FloatArray:
    """Soft values at half modules, (2 (N + 2 reach), ...), of a larger frame.

    Value (y, x) belongs to a module whose top left corner lies at (y, x) / 2 - reach.
    """
    modules = frame_px(version) // MODULE_PX + 2 * reach
    outward = reach * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    side = modules * MODULE_PX
    soft = np.zeros((2 * modules, 2 * modules), np.float32)
    for down in (0, 1):
        for across in (0, 1):
            half = np.array([across, down], np.float32) / 2
            wide = moved_corners(corners, version, (outward + half).astype(np.float32))
            frame = Region.cut(photo, wide, camera=camera).rectify((side, side)).image
            logits = revealer.reveal(frame[None], [condition]).logits[0]
            soft[down::2, across::2] = logits
    return soft


def _window_shifts(
    soft: FloatArray, known: BoolGrid, modules: BoolGrid, reach: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of windows that were found, in modules, and their shifts; (K, 2) xy each."""
    size = len(known)
    window = min(WINDOW, size)
    starts = np.unique(np.append(np.arange(0, size - window + 1, STEP), size - window))
    expected = np.where(modules, 1.0, -1.0) * known
    count = _sums(known.astype(np.float64), starts, window)
    steps = range(-2 * reach, 2 * reach)  # in half modules
    scores = np.empty((len(steps), len(steps), len(starts), len(starts)))
    strengths = np.empty_like(scores)  # as agreement, but largest where the frame lies right
    sure = np.tanh(0.5 * soft)
    for i, down in enumerate(steps):
        for j, across in enumerate(steps):
            top, left = 2 * reach + down, 2 * reach + across
            here = np.s_[top : top + 2 * size : 2, left : left + 2 * size : 2]
            scores[i, j] = _sums(expected * sure[here], starts, window)
            strengths[i, j] = _sums(expected * soft[here], starts, window)
    scores /= np.maximum(count, 1)
    places, shifts = [], []
    for r, row in enumerate(starts):
        for c, column in enumerate(starts):
            if count[r, c] < LEAST_KNOWN:
                continue
            score = scores[:, :, r, c]
            i, j = divmod(int(score.argmax()), len(steps))
            far = score.copy()
            far[max(0, i - 2) : i + 3, max(0, j - 2) : j + 3] = -1
            if score[i, j] < FOUND or score[i, j] < far.max() + CLEARLY:
                continue
            strength = strengths[:, :, r, c]
            peak = (_peak(strength[:, j], i), _peak(strength[i], j))
            places.append((column + window / 2, row + window / 2))
            shifts.append(((peak[1] - 2 * reach) / 2, (peak[0] - 2 * reach) / 2))
    return np.array(places, np.float64).reshape(-1, 2), np.array(shifts).reshape(-1, 2)


def _sums(
    values: NDArray[np.float64], starts: NDArray[np.intp], window: int
) -> NDArray[np.float64]:
    """Sums over square windows that start at all pairs of `starts`."""
    total = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    low, high = starts, starts + window
    return (
        total[np.ix_(high, high)] - total[np.ix_(low, high)]
        - total[np.ix_(high, low)] + total[np.ix_(low, low)]
    )  # fmt: skip


def _peak(scores: NDArray[np.float64], at: int) -> float:
    """Where a parabola through the best score and its neighbours peaks."""
    if not 0 < at < len(scores) - 1:
        return float(at)
    left, middle, right = scores[at - 1 : at + 2]
    bend = left - 2 * middle + right
    return at if bend >= 0 else at + float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))

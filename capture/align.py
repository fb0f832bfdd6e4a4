"""Small corrections of the corners that make a revealed code agree better.

Each corner of the frame is revealed on its own, slightly shifted, and compared
with the function patterns that a code has there: three finder patterns and, at
the bottom right, an alignment pattern. Then a few readings of the whole frame,
shifted by fractions of a module, are added up: their errors differ, the code
does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.probe import BATCH, RevealerLike, frame_px
from capture.rectify import MODULE_PX, Region, homography
from riis_physical.artifacts import Condition
from riis_physical.qr.presence import contrast, function_modules, presence_score

FloatArray = NDArray[np.float32]

CORNER_MODULES = 12
SHIFTS = (-0.5, 0.0, 0.5)
# A shift must agree better by this much, or the corner stays.
LEAST_GAIN = 0.04
JITTER = 0.22


@dataclass(frozen=True)
class Aligned:
    """A better-aligned reading.

    Attributes:
        corners: xy (4, 2) from the printed top-left.
        logits: (N, N), sum over readings.
        picture: (4N, 4N), mean over readings.
        presence: agreement of `logits` with what a code must hold.
    """

    corners: FloatArray
    logits: FloatArray
    picture: FloatArray
    presence: float


def align(
    revealer: RevealerLike,
    region: Region,
    corners: FloatArray,
    version: int,
    condition: Condition,
) -> Aligned:
    """Shift each corner to where its patterns agree best, then add up readings.

    Args:
        corners: xy (4, 2), printed top-left first.
        version: QR version.
        condition: distortion level for all readings.

    Reveals 36 corners of 12 x 12 modules and six whole frames.
    """
    moved = _shift_corners(revealer, region, corners, version, condition)
    size = frame_px(version)
    variants = [corners, moved]
    for dx, dy in ((-JITTER, 0.0), (JITTER, 0.0), (0.0, -JITTER), (0.0, JITTER)):
        variants.append(_moved(moved, version, np.full((4, 2), (dx, dy), np.float32)))
    frames = np.stack([region.rectify((size, size), corners=c).image for c in variants])
    logits, pictures, scores = [], [], []
    for start in range(0, len(frames), 2):  # two at a time bounds the memory
        part = frames[start : start + 2]
        revealed = revealer.reveal(part, [condition] * len(part))
        logits += list(revealed.logits)
        pictures += list(revealed.picture)
    scores = [max(0.0, presence_score(one, version)) for one in logits]
    weight = np.array(scores, np.float32) ** 2
    weight = weight / max(float(weight.sum()), 1e-6)
    total = np.tensordot(weight, np.stack(logits), 1).astype(np.float32)
    picture = np.tensordot(weight, np.stack(pictures), 1).astype(np.float32)
    best = corners if scores[0] > scores[1] else moved
    return Aligned(best, total, picture, presence_score(total, version))


def _shift_corners(
    revealer: RevealerLike,
    region: Region,
    corners: FloatArray,
    version: int,
    condition: Condition,
) -> FloatArray:
    """Corners after the best of nine shifts for each."""
    mask, values = function_modules(version)
    size, side = frame_px(version), CORNER_MODULES * MODULE_PX
    modules = size // MODULE_PX
    far = modules - CORNER_MODULES
    places = ((0, 0), (0, far), (far, far), (far, 0))  # row, column; clockwise
    tries = [(c, dx, dy) for c in range(4) for dy in SHIFTS for dx in SHIFTS]
    frames = []
    for c, dx, dy in tries:
        shift = np.zeros((4, 2), np.float32)
        shift[c] = dx, dy
        row, column = places[c]
        window = (row * MODULE_PX, column * MODULE_PX, side, side)
        trial = _moved(corners, version, shift)
        frames.append(region.rectify((size, size), corners=trial, window=window).image)
    logits: list[FloatArray] = []
    for start in range(0, len(frames), BATCH):
        part = np.stack(frames[start : start + BATCH])
        logits += list(revealer.reveal(part, [condition] * len(part)).logits)
    shifts = np.zeros((4, 2), np.float32)
    for c in range(4):
        row, column = places[c]
        here = np.s_[row : row + CORNER_MODULES, column : column + CORNER_MODULES]
        known, dark = mask[here], values[here]
        if known.sum() < 20:
            continue
        scores = [
            contrast(logits[k][known], dark[known])
            for k, (corner, _, _) in enumerate(tries)
            if corner == c
        ]
        best = int(np.argmax(scores))
        if scores[best] > scores[len(scores) // 2] + LEAST_GAIN:
            shifts[c] = tries[best][1:]
    return _moved(corners, version, shifts)


def _moved(corners: FloatArray, version: int, shift_modules: FloatArray) -> FloatArray:
    """Corners moved by (4, 2) modules in the frame's own axes."""
    size = frame_px(version)
    to_photo = homography(corners, (size, size))
    low, high = -0.5, size - 0.5
    frame = np.array([[low, low], [high, low], [high, high], [low, high]])
    frame = frame + shift_modules * MODULE_PX
    points = np.column_stack([frame, np.ones(4)]) @ to_photo.T
    return np.asarray(points[:, :2] / points[:, 2:], np.float32)

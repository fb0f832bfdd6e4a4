"""Corrections of the corners and the sides that make a revealed code agree better.

The network's soft values are strongest where the frame lies right: half a
module aside they have lost a third of their size. Each corner of the frame is
therefore revealed on its own, shifted, and judged by the size of its values and
by the function patterns that a code has there; first in coarse steps that reach
over a module, then in fine ones with a parabola through them. The middles of
the sides follow, which curled paper bends. Then a few readings of the whole
frame, shifted by fractions of a module, are added up: their errors differ, the
code does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import MODULE_PX, Region, homography
from capture.read.place.probe import BATCH, RevealerLike, frame_px
from riis_physical.artifacts import Condition
from riis_physical.errors import RectificationError
from riis_physical.qr.soft.presence import function_modules, presence_score
from riis_physical.qr.soft.reading import Reading

FloatArray = NDArray[np.float32]
Read = Callable[[FloatArray, FloatArray], Reading | None]
Place = tuple[int, int]

WINDOW_MODULES = 10
COARSE_STEP, FINE_STEP = 0.6, 0.25
BOW_STEP = 0.35
JITTER = 0.22
# Presence by which a moved frame must beat the one that was given.
CLEARLY_BETTER = 0.03
# What the size of the values counts against their agreement with known modules.
STRENGTH_SHARE = 1.0
# A coarse shift must be better by this much, or the corner stays.
LEAST_GAIN = 0.15
# What a step of a parabola's three costs: noise alone peaks anywhere.
STEP_COST = 0.03


@dataclass(frozen=True)
class Aligned:
    """A better-aligned reading.

    Attributes:
        corners: xy (4, 2) from the printed top-left.
        bows: (4,) of the sides, in the order of the corners.
        logits: (N, N), of one reading or the sum over several.
        picture: (4N, 4N), likewise.
        presence: agreement of `logits` with what a code must hold.
        reading: the message, if it was read on the way.
    """

    corners: FloatArray
    bows: FloatArray
    logits: FloatArray
    picture: FloatArray
    presence: float
    reading: Reading | None = None


def align(
    revealer: RevealerLike,
    region: Region,
    corners: FloatArray,
    version: int,
    condition: Condition,
    read: Read | None = None,
) -> Aligned:
    """Move corners and sides to where the code shows best, then add up readings.

    Args:
        region: of the photo; its bows are the first guess.
        corners: xy (4, 2), printed top-left first, right to about a module.
        version: QR version.
        condition: distortion level for all readings.
        read: tries to read (logits, picture); alignment stops where it succeeds.

    Reveals 76 corners and 12 sides of 10 x 10 modules, and at most seven whole frames.
    """
    search = _Search(revealer, region, version, condition)
    bows = region.turned_bows(corners)
    readings: list[Aligned] = []

    def add(at: FloatArray, bent: FloatArray, attempt: Read | None) -> Aligned:
        one = search.whole(at, bent, attempt)
        readings.append(one)
        return one

    moved = search.corners(corners, bows, COARSE_STEP, whole=True)
    moved = search.corners(moved, bows, FINE_STEP, whole=False)
    if add(moved, bows, read).reading is not None:
        return readings[-1]
    bent = search.sides(moved, bows)
    moved = search.corners(moved, bent, FINE_STEP, whole=False)
    if add(moved, bent, read).reading is not None:
        return readings[-1]
    # Where the code hardly shows, noise moves corners: the start competes too.
    best = max(readings, key=lambda r: r.presence)
    start = add(corners, bows, None)
    if best.presence < start.presence + CLEARLY_BETTER:
        best = start
    jittered = [
        moved_corners(best.corners, version, np.full((4, 2), shift, np.float32))
        for shift in ((-JITTER, 0.0), (JITTER, 0.0), (0.0, -JITTER), (0.0, JITTER))
    ]
    for pair in (jittered[:2], jittered[2:]):  # two at a time bounds the memory
        readings += search.wholes(pair, best.bows)
    return _sum(readings, best, version, read)


def _sum(readings: Sequence[Aligned], best: Aligned, version: int, read: Read | None) -> Aligned:
    """All readings weighted by what they show, at the place of the best one."""
    weight = np.array([max(0.0, r.presence) for r in readings], np.float32) ** 2
    weight = weight / max(float(weight.sum()), 1e-6)
    logits = np.tensordot(weight, np.stack([r.logits for r in readings]), 1).astype(np.float32)
    picture = np.tensordot(weight, np.stack([r.picture for r in readings]), 1).astype(np.float32)
    found = None if read is None else read(logits, picture)
    presence = presence_score(logits, version)
    return Aligned(best.corners, best.bows, logits, picture, presence, found)


@dataclass(frozen=True)
class _Search:
    """What all trials of one alignment share."""

    revealer: RevealerLike
    region: Region
    version: int
    condition: Condition

    def whole(self, corners: FloatArray, bows: FloatArray, read: Read | None) -> Aligned:
        (one,) = self.wholes([corners], bows)
        found = None if read is None else read(one.logits, one.picture)
        return replace(one, reading=found)

    def wholes(self, places: Sequence[FloatArray], bows: FloatArray) -> list[Aligned]:
        size = frame_px(self.version)
        frames = [self.region.rectify((size, size), corners=c, bows=bows).image for c in places]
        revealed = self.revealer.reveal(np.stack(frames), [self.condition] * len(frames))
        return [
            Aligned(corners, bows, logits, picture, presence_score(logits, self.version))
            for corners, logits, picture in zip(
                places, revealed.logits, revealed.picture, strict=True
            )
        ]

    def corners(
        self, corners: FloatArray, bows: FloatArray, step: float, *, whole: bool
    ) -> FloatArray:
        """Each corner moved to the best of nine (whole) or along a cross of five shifts."""
        far = frame_px(self.version) // MODULE_PX - WINDOW_MODULES
        places = ((0, 0), (0, far), (far, far), (far, 0))  # row, column; clockwise
        grid = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1) if whole or not x or not y]
        trials = []
        for c in range(4):
            for x, y in grid:
                shift = np.zeros((4, 2), np.float32)
                shift[c] = x * step, y * step
                trials.append((_moved_or_none(corners, self.version, shift), bows, places[c]))
        scores = self._scores(trials).reshape(4, len(grid))
        shifts = np.zeros((4, 2), np.float32)
        middle = grid.index((0, 0))
        for c in range(4):
            score = dict(zip(grid, scores[c], strict=True))
            best = int(scores[c].argmax())
            if whole:
                if scores[c][best] > scores[c][middle] + LEAST_GAIN:
                    shifts[c] = np.array(grid[best], np.float32) * step
            else:
                shifts[c, 0] = step * _peak(score[-1, 0], score[0, 0], score[1, 0])
                shifts[c, 1] = step * _peak(score[0, -1], score[0, 0], score[0, 1])
        moved = _moved_or_none(corners, self.version, shifts)
        return corners if moved is None else moved

    def sides(self, corners: FloatArray, bows: FloatArray) -> FloatArray:
        """Bows moved to where the middles of the sides show best."""
        modules = frame_px(self.version) // MODULE_PX
        middle, far = (modules - WINDOW_MODULES) // 2, modules - WINDOW_MODULES
        places = ((0, middle), (middle, far), (far, middle), (middle, 0))
        lengths = (0, 1, 0, 1)
        seen = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        trials = []
        steps = np.zeros(4, np.float32)
        for s in range(4):
            # A module across side s, as a share of its length.
            across = seen[[1 - lengths[s], 3 - lengths[s]]].mean() / modules
            steps[s] = BOW_STEP * across / seen[s]
            for x in (-1, 0, 1):
                bent = bows.copy()
                bent[s] += x * steps[s]
                trials.append((corners, bent, places[s]))
        scores = self._scores(trials).reshape(4, 3)
        peaks = np.array([_peak(*row) for row in scores.tolist()], np.float32)
        return np.asarray(bows + peaks * steps, np.float32)

    def _scores(
        self, trials: Sequence[tuple[FloatArray | None, FloatArray, Place]]
    ) -> NDArray[np.float64]:
        """How well windows at (row, column) show, one number a trial; -1 where impossible."""
        mask, values = function_modules(self.version)
        size, side = frame_px(self.version), WINDOW_MODULES * MODULE_PX
        frames, kept = [], []
        for number, (corners, bows, (row, column)) in enumerate(trials):
            if corners is None:
                continue
            window = (row * MODULE_PX, column * MODULE_PX, side, side)
            seen = self.region.rectify((size, size), corners=corners, bows=bows, window=window)
            frames.append(seen.image)
            kept.append(number)
        scores = np.full(len(trials), -1.0)
        logits: list[FloatArray] = []
        for start in range(0, len(frames), BATCH):
            part = np.stack(frames[start : start + BATCH])
            logits += list(self.revealer.reveal(part, [self.condition] * len(part)).logits)
        strength = max((float(np.abs(one).mean()) for one in logits), default=0.0)
        for number, one in zip(kept, logits, strict=True):
            row, column = trials[number][2]
            here = np.s_[row : row + WINDOW_MODULES, column : column + WINDOW_MODULES]
            known, dark = mask[here], values[here]
            agree = np.tanh(0.5 * one[known]) * np.where(dark[known], 1, -1)
            share = float(known.mean())
            scores[number] = float(agree.sum()) / max(1, known.size) / max(share, 0.25)
            scores[number] += STRENGTH_SHARE * float(np.abs(one).mean()) / max(strength, 1e-6)
        return scores


def _peak(left: float, middle: float, right: float) -> float:
    """Where a parabola through three equal steps peaks, within one step of the middle."""
    left, right = left - STEP_COST, right - STEP_COST
    bend = left - 2 * middle + right
    if bend > -1e-4:
        return 0.0 if max(left, right) <= middle else float(np.sign(right - left))
    return float(np.clip(0.5 * (left - right) / bend, -1, 1))


def _moved_or_none(
    corners: FloatArray, version: int, shift_modules: FloatArray
) -> FloatArray | None:
    try:
        moved = moved_corners(corners, version, shift_modules)
        homography(moved, (8, 8))
    except RectificationError:
        return None
    return moved


def moved_corners(corners: FloatArray, version: int, shift_modules: FloatArray) -> FloatArray:
    """Corners moved by (4, 2) modules in the frame's own axes."""
    size = frame_px(version)
    to_photo = homography(corners, (size, size))
    low, high = -0.5, size - 0.5
    frame = np.array([[low, low], [high, low], [high, high], [low, high]])
    frame = frame + shift_modules * MODULE_PX
    points = np.column_stack([frame, np.ones(4)]) @ to_photo.T
    return np.asarray(points[:, :2] / points[:, 2:], np.float32)

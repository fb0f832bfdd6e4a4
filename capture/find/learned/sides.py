"""From where a network sees the four sides of a picture to corners.

A picture that goes over into what lies behind it has a second line that may be its side: the
end of a table on which it stands, a ledge within the picture itself. Which one it is only the
code can tell, so the next best lines are given too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.learned.networks.closeup_size import MARGIN, SIZE, STRIDE

FloatArray = NDArray[np.float32]

# Sides are told by lines between ends STEP cells apart, sampled at SAMPLES places; then
# fitted to what lies within NEAR cells of the best line.
STEP, SAMPLES, NEAR = 1.5, 24, 3.0
# Of its length a side shows this much within the view, from corner to corner.
INNER = 0.04
# Probability that stands in for none where the network sees nothing of a side.
NOWHERE = 0.003
# Further lines of each side; they count where their probability, in the geometric mean over
# the side, is at least exp(UNLIKELIER) of the best line's, and where one of their ends lies
# more than APART cells from the other lines'.
FURTHER, UNLIKELIER, APART = 2, -1.75, 2.0
# So many maxima are looked at; shoulders of a broad one lead back to it.
MAXIMA = 8


@dataclass(frozen=True)
class Sides:
    """Corners that four sides give.

    Attributes:
        quad: xy (4, 2) in cells, clockwise from the top left.
        sure: 0 to 1, how much probability lies near the lines, the least of the four.
        others: like `quad` but for one side each, the likeliest first; not all of them need be
            a rectangle's.
    """

    quad: FloatArray
    sure: float
    others: tuple[FloatArray, ...]


@dataclass(frozen=True)
class _Line:
    """A side as across(along) = at[0] + at[1] * along.

    Attributes:
        share: of its probability that lies near the line.
        fall: log of its probability less the best line's, in the mean over the side.
    """

    at: FloatArray
    share: float
    fall: float


def rim_of(low: float, high: float) -> FloatArray:
    """Corners (4, 2) of a square, clockwise from the top left."""
    return np.array([[low, low], [high, low], [high, high], [low, high]], np.float32)


def fit_sides(sides: FloatArray) -> Sides:
    """Corners from the distributions of the four sides.

    Args:
        sides: (4, across, along) probabilities, see
            :class:`capture.find.learned.networks.closeup_net.CloseUpMaps`.
    """
    quad = rim_of(MARGIN / STRIDE - 0.5, (SIZE - MARGIN) / STRIDE - 0.5)
    lines: list[list[_Line]] = []
    for further in (0, FURTHER):  # the second time between the corners that the first one gives
        lines = []
        for side, near in enumerate(sides):
            ends = quad[[side, (side + 1) % 4]][:, side % 2]
            lines.append(_lines(near, float(ends.min()), float(ends.max()), further))
        best = [found[0].at for found in lines]
        quad = _quad(best)
    rivals = [(line, side) for side in range(4) for line in lines[side][1:]]
    others = tuple(
        _quad([*best[:side], line.at, *best[side + 1 :]])
        for line, side in sorted(rivals, key=lambda pair: -pair[0].fall)
    )
    return Sides(quad, min(found[0].share for found in lines), others)


def _lines(probability: FloatArray, start: float, end: float, further: int) -> list[_Line]:
    """The line that most of a side's probability lies on, then up to `further` others."""
    across, along = probability.shape
    room = INNER * (end - start)
    first = max(0, int(np.ceil(start + room)))
    last = min(along - 1, int(np.floor(end - room)))
    if last - first < SAMPLES // 4:
        first, last = along // 4, along - along // 4
    places = np.unique(np.linspace(first, last, SAMPLES).round().astype(int))
    share = (places - first) / max(last - first, 1)
    smooth = cv2.GaussianBlur(probability, (1, 5), 0, sigmaY=1.0)
    ends = np.arange(0, across, STEP, dtype=np.float32)
    at = ends[:, None, None] * (1 - share) + ends[None, :, None] * share
    votes = np.log(smooth + NOWHERE)[at.round().astype(int), places].mean(-1)
    best, middles = float(votes.max()), (ends[:, None] + ends[None]) / 2
    found: list[_Line] = []
    for _ in range(MAXIMA if further else 1):
        one, other = np.unravel_index(int(votes.argmax()), votes.shape)
        fall = float(votes[one, other]) - best
        if fall < UNLIKELIER or len(found) > further:
            break
        slope = float(ends[other] - ends[one]) / max(last - first, 1)
        line = np.array([ends[one] - slope * first, slope])
        fitted, mass = _fitted(probability, line, first, last)
        if all(_distance(fitted, known.at, first, last) > APART for known in found):
            found.append(_Line(fitted, mass, fall))
        votes = np.where(np.abs(middles - middles[one, other]) <= NEAR, -np.inf, votes)
    return found


def _distance(one: FloatArray, other: FloatArray, first: int, last: int) -> float:
    """Between two lines, the larger one of their ends'."""
    apart = one - other
    return float(max(abs(apart[0] + apart[1] * first), abs(apart[0] + apart[1] * last)))


def _fitted(
    probability: FloatArray, line: NDArray[np.float64], first: int, last: int
) -> tuple[FloatArray, float]:
    """A line moved to the middle of what lies near it, and how much does."""
    x = np.arange(first, last + 1)
    rows = np.arange(len(probability))[:, None]
    mass = np.zeros(len(x), np.float32)
    for _ in range(3):
        expected = line[0] + line[1] * x
        weight = probability[:, first : last + 1] * (np.abs(rows - expected) <= NEAR)
        mass = weight.sum(0)
        middle = (weight * rows).sum(0) / np.maximum(mass, 1e-6)
        design = np.column_stack([np.ones_like(x), x]) * np.sqrt(mass)[:, None]
        line = np.linalg.lstsq(
            np.vstack([design, 1e-3 * np.eye(2)]),
            np.append(middle * np.sqrt(mass), 1e-3 * line),
            rcond=None,
        )[0]
    return np.asarray(line, np.float32), float(mass.mean())


def _quad(lines: list[FloatArray]) -> FloatArray:
    """Corners of the top, right, bottom and left side."""
    return np.array([_crossing(lines[s - 1], lines[s], s) for s in range(4)], np.float32)


def _crossing(before: FloatArray, after: FloatArray, corner: int) -> FloatArray:
    """xy where two neighbouring sides meet; `after` begins at this corner."""
    level, upright = (after, before) if corner % 2 == 0 else (before, after)
    # y = level(x), x = upright(y)
    x = (upright[0] + upright[1] * level[0]) / (1 - upright[1] * level[1])
    return np.array([x, level[0] + level[1] * x], np.float32)

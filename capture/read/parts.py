"""Containers that are part of an outline, that go on beyond it, or that lie beside another one.

A sheet of several pictures has one outline, a picture cut off by the photo's edge has a part of
its own, and where one picture of a grid was read the next ones lie at its sides. All of these are
boxes in units of an outline. A box is tried by the one finder pattern that it shows for certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.candidates import Candidate
from capture.geometry.quad import part_of
from capture.geometry.rectify import Region
from capture.read.place.probe import (
    LIKELY_VERSIONS,
    STRONG,
    End,
    RevealerLike,
    Trial,
    finder_scores,
)
from capture.read.place.reveal import Viewer
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import RectificationError

FloatArray = NDArray[np.float32]
Box = tuple[float, float, float, float]

#: Shares cut off one side, and off each of two that meet; what lies between is near enough.
CUT, CUT_TWICE = (0.03, 0.06, 0.09, 0.12), (0.03, 0.08)
#: Columns and rows of sheets of several.
SHEETS = ((2, 2), (2, 1), (1, 2), (3, 2), (2, 3), (3, 3))
#: The same of contact sheets, which fill a file.
CONTACT_SHEETS = ((4, 3), (3, 4), (4, 4), (6, 4), (4, 6))
#: An outline's side this near the photo's edge, as a share of the photo, is cut off by it.
AT_EDGE = 0.015
#: A picture with no corner this near to the photo's edge, as a share of the photo, lies within it.
NEAR_EDGE = 0.05
#: Gaps between pictures of a grid, in units of the picture; the step is half a module.
GAPS = tuple(step / 74 for step in range(12))
#: Pixels this far from a margin's colour are none of it, and lines with such a share of them.
MARGIN_LEVELS, MARGIN_SHARE = 24, 0.1
#: What lies within a margin is such a share of the photo.
LEAST_WITHIN, MOST_WITHIN = 0.2, 0.98
#: Of boxes that show a finder pattern, those that are revealed whole.
MOST_REVEALED = 3
#: A finder pattern that is cut off itself agrees by less.
STRONG_CUT = 0.6

_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
# The finder pattern that stays where these sides are cut off: its end of the code.
_STAYS: dict[tuple[int, ...], End] = {
    (_RIGHT,): (0, 0), (_BOTTOM,): (0, 0), (_LEFT,): (1, 0), (_TOP,): (0, 1),
    (_RIGHT, _BOTTOM): (0, 0), (_LEFT, _BOTTOM): (1, 0), (_TOP, _RIGHT): (0, 1),
    (_LEFT, _TOP): (1, 0),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A place that is some box of an outline, with the finder pattern to try it by.

    Attributes:
        corners: xy (4, 2) in the photo, which may lie outside it.
        end: of the finder pattern. least: its agreement that leads to a reveal.
    """

    corners: FloatArray
    end: End = (0, 0)
    least: float = STRONG


def cut_off(corners: FloatArray, size: tuple[int, int]) -> list[list[Part]]:
    """Pictures that an outline at the edge of a photo of (h, w) may be the rest of.

    Returns:
        those cut off at one side, then those at two sides that meet.
    """
    at_edge = _sides_at_edge(corners, size)
    once = [
        Part(part_of(corners, _beyond({side: share})), _STAYS[side,])
        for side in at_edge
        for share in CUT
    ]
    twice = [
        Part(
            part_of(corners, _beyond(dict(zip(sides, shares, strict=True)))),
            end,
            STRONG_CUT if sides == (_LEFT, _TOP) else STRONG,
        )
        for sides, end in _STAYS.items()
        if len(sides) == 2 and set(sides) <= set(at_edge)
        for shares in product(CUT_TWICE, repeat=2)
    ]
    return [once, twice]


def is_near_edge(corners: FloatArray, size: tuple[int, int]) -> bool:
    """Whether a corner lies at the edge of a photo of (h, w), or beyond it."""
    near = NEAR_EDGE * max(size)
    return bool((corners < near).any() or (corners > np.array(size[::-1]) - 1 - near).any())


def first_of_sheets(corners: FloatArray, kinds: Sequence[tuple[int, int]] = SHEETS) -> list[Part]:
    """The upper left picture of each kind of sheet that an outline may be."""
    return [Part(part_of(corners, (0, 0, 1 / across, 1 / down))) for across, down in kinds]


def beside(corners: FloatArray, gaps: Sequence[float] = GAPS) -> Iterator[list[Part]]:
    """The next pictures to the right, left, below and above, at each of the gaps."""
    for right, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        parts = []
        for gap in gaps:
            x, y = right * (1 + gap), down * (1 + gap)
            parts.append(Part(part_of(corners, (x, y, 1 + x, 1 + y))))
        yield parts


def near_gaps(corners: FloatArray, next_corners: FloatArray, direction: int) -> list[float]:
    """Gaps about the one between a picture and the next one in a direction of :func:`beside`."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(corners, np.float32), unit)
    there = cv2.perspectiveTransform(next_corners[None], matrix)[0][0]
    away = float(np.abs(there[direction // 2]))
    step = GAPS[1]
    return [gap for gap in (away - 1 - step, away - 1, away - 1 + step) if gap > -step]


def shown(
    viewer: Viewer,
    revealer: RevealerLike,
    parts: Sequence[Part],
    versions: Sequence[int] = LIKELY_VERSIONS,
) -> list[tuple[Candidate, int]]:
    """Parts that show a finder pattern, with the version, the likeliest first."""
    trials, wanted = [], []
    regions: dict[bytes, Region] = {}
    for part in parts:
        try:
            region = Region.cut(viewer.photo, part.corners, camera=viewer.camera)
        except RectificationError:  # outside the photo, or nothing that a camera sees
            continue
        regions[part.corners.tobytes()] = region
        for version in versions:
            trials.append(Trial(region, part.corners, version, part.end))
            wanted.append(part.least)
    with viewer.clock.stage("probe"):
        scores = finder_scores(revealer, trials, viewer.jpeg_quality)
    found = [
        (score, trial)
        for score, trial, least in zip(scores, trials, wanted, strict=True)
        if score >= least
    ]
    found.sort(key=lambda pair: -pair[0])
    return [(Candidate(trial.corners, "part"), trial.version) for _, trial in found[:MOST_REVEALED]]


def within_margin(photo: UInt8Image) -> FloatArray | None:
    """The rectangle within an even margin that a file has at some of its sides; None without one.

    Args:
        photo: uint8 RGB (H, W, 3).

    Returns:
        xy (4, 2), clockwise from the upper left.
    """
    height, width = photo.shape[:2]
    edges = np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]])
    margin = np.median(edges, axis=0)
    different = np.abs(photo.astype(np.int16) - margin.astype(np.int16)).max(-1) > MARGIN_LEVELS
    rows = np.flatnonzero(different.mean(1) > MARGIN_SHARE)
    columns = np.flatnonzero(different.mean(0) > MARGIN_SHARE)
    if not len(rows) or not len(columns):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    share = (bottom - top) * (right - left) / (height * width)
    if not LEAST_WITHIN < share < MOST_WITHIN:
        return None
    ends = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return np.array(ends, np.float32) - np.float32(0.5)


def _sides_at_edge(corners: FloatArray, size: tuple[int, int]) -> list[int]:
    """Which sides of an outline lie along the photo's edge: left, top, right, bottom."""
    height, width = size
    near = AT_EDGE * max(size)
    ends = {
        _LEFT: corners[[0, 3], 0] < near,
        _TOP: corners[[0, 1], 1] < near,
        _RIGHT: corners[[1, 2], 0] > width - 1 - near,
        _BOTTOM: corners[[2, 3], 1] > height - 1 - near,
    }
    return [side for side, at in ends.items() if at.all()]


def _beyond(cut: dict[int, float]) -> Box:
    """The box of a whole picture of which such shares of it are cut off."""
    left, top, right, bottom = (cut.get(side, 0.0) for side in range(4))
    across, down = 1 - left - right, 1 - top - bottom
    return -left / across, -top / down, 1 + right / across, 1 + bottom / down

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
from capture.geometry.quad import apart, part_of
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
from riis_physical.errors import RectificationError

FloatArray = NDArray[np.float32]

#: Shares cut off a side: a finder pattern shows with modules up to 6 % too large or small, so that
#: these stand for all up to 14 %.
CUT = (0.03, 0.09)
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
#: Parts that are cut out of the photo at once: of a large photo each takes some 30 MB.
AT_ONCE = 6
#: Of boxes that show a finder pattern, those that are revealed whole.
MOST_REVEALED = 3
#: A finder pattern that is cut off itself agrees by less.
STRONG_CUT = 0.6
#: Wholes whose corners lie this near, as a share of the size, are tried once.
SAME_WHOLE = 0.02
#: An outline's sides that run to the photo's edge at less than such an angle (its sine) do not
#: tell where they end.
LEAST_SINE = 0.3

_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
# Corners that stay where sides are cut off: the sides that meet at the other end of each, with the
# corner's neighbours along which they are cut, and the finder pattern to look for.
_STAYS: tuple[tuple[int, tuple[tuple[int, int], tuple[int, int]], End, float], ...] = (
    (0, ((_RIGHT, 1), (_BOTTOM, 3)), (0, 0), STRONG),
    (1, ((_LEFT, 0), (_BOTTOM, 2)), (1, 0), STRONG),
    (3, ((_RIGHT, 2), (_TOP, 0)), (0, 1), STRONG),
    (2, ((_LEFT, 3), (_TOP, 1)), (1, 0), STRONG_CUT),
)


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


def cut_off(corners: FloatArray, size: tuple[int, int]) -> list[Part]:
    """Pictures that an outline at the edge of a photo of (h, w) may be the rest of.

    Cut off are sides that lie along the photo's edge or beyond it: one, or two that meet. Where
    the outline is cut off is known badly, and its other sides well: from the corner that stays
    they go on to some length beyond the photo's edge.

    Args:
        corners: xy (4, 2), clockwise from the upper left.
    """
    at_edge = set(_sides_at_edge(corners, size))
    parts: list[Part] = []
    done: list[set[int]] = []
    for stays, both, end, least in _STAYS:
        cut = [(side, to) for side, to in both if side in at_edge]
        sides = {side for side, _ in cut}
        if not sides or any(sides <= other for other in done):
            continue
        done.append(sides)
        wholes = [
            Part(whole, end, least)
            for shares in product(CUT, repeat=len(cut))
            for straight in (True, False)
            if (whole := _whole(corners, stays, cut, shares, size, straight)) is not None
        ]
        parts += apart(wholes, SAME_WHOLE)
    return parts


def _whole(
    corners: FloatArray,
    stays: int,
    cut: Sequence[tuple[int, int]],
    shares: Sequence[float],
    size: tuple[int, int],
    straight: bool,
) -> FloatArray | None:
    """The picture of which such shares are cut off; None where the sides do not tell.

    Args:
        corners: xy (4, 2) of the rest.
        stays: number of a corner that is not cut off.
        cut: sides that are, each with the neighbour of that corner that lies beyond it.
        straight: whether a side beyond the edge is parallel to the one across; else both of its
            neighbours go on by the same share.
    """
    whole = corners.astype(np.float32).copy()
    opposite = (stays + 2) % 4
    for (side, to), share in zip(cut, shares, strict=True):
        far = (2 * stays - to) % 4  # the other neighbour
        across = corners[far] - corners[stays]
        normal = np.array([-across[1], across[0]]) / max(float(np.linalg.norm(across)), 1e-6)
        sides, depths = [], []
        for start, end in ((stays, to), (far, opposite)):
            way = corners[end] - corners[start]
            way = way / max(float(np.linalg.norm(way)), 1e-6)
            sine, reach = float(way @ normal), _to_edge(corners[start], way, side, size)
            if abs(sine) < LEAST_SINE or reach is None:
                return None
            sides.append((start, end, way / sine))
            depths.append(reach * sine)
        deepest = max(depths, key=abs)
        for (start, end, way), depth in zip(sides, depths, strict=True):
            whole[end] = whole[start] + way * ((deepest if straight else depth) / (1 - share))
    if len(cut) == 2:  # the corner beyond both
        (_, one), (_, other) = cut
        whole[opposite] = whole[one] + whole[other] - whole[stays]
    return whole


def _to_edge(start: FloatArray, way: FloatArray, side: int, size: tuple[int, int]) -> float | None:
    """How far it is from a point to a side of a photo of (h, w); None where it lies behind."""
    axis = side % 2
    edge = size[1 - axis] - 0.5 if side in (_RIGHT, _BOTTOM) else -0.5
    if abs(float(way[axis])) < 1e-6:
        return None
    reach = (edge - float(start[axis])) / float(way[axis])
    return reach if reach > 0 else None


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
    found = []
    for first in range(0, len(parts), AT_ONCE):
        found += _scored(viewer, revealer, parts[first : first + AT_ONCE], versions)
    found.sort(key=lambda one: -one[0])
    return [(Candidate(corners, "part"), version) for _, corners, version in found[:MOST_REVEALED]]


def _scored(
    viewer: Viewer, revealer: RevealerLike, parts: Sequence[Part], versions: Sequence[int]
) -> list[tuple[float, FloatArray, int]]:
    """Score, corners and version of those that show a finder pattern."""
    trials, wanted = [], []
    for part in parts:
        try:
            region = Region.cut(viewer.photo, part.corners, camera=viewer.camera)
        except RectificationError:  # outside the photo, or nothing that a camera sees
            continue
        for version in versions:
            trials.append(Trial(region, part.corners, version, part.end))
            wanted.append(part.least)
    with viewer.clock.stage("probe"):
        scores = finder_scores(revealer, trials, viewer.jpeg_quality)
    return [
        (score, trial.corners, trial.version)
        for score, trial, least in zip(scores, trials, wanted, strict=True)
        if score >= least
    ]


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

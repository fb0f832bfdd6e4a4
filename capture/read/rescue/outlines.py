"""The same code in the other outlines about its place, the likeliest by its finder patterns first.

Where one side of an outline was fitted to the wrong edge, part of the code still shows, and a
candidate with the right side may have come later in the list, or the picture lies at an equal
distance inside the border that was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.insets import inset
from capture.geometry.quad import OVERLAP, overlap
from capture.geometry.rectify import Region, frame_corners
from capture.read.place.effort import Effort
from capture.read.place.finding import Finding, better
from capture.read.place.probe import End, Trial, finder_scores
from capture.read.place.reveal import Place, Viewer, plain_of
from riis_physical.errors import RectificationError

FloatArray = NDArray[np.float32]

# Widths of a border, as shares of the picture's, that are tried where evidence does not read.
BORDERS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12)
# Ends of a code that have a finder pattern.
FINDERS: tuple[End, ...] = ((0, 0), (1, 0), (0, 1))
# Of all outlines, those that are revealed: the ones that show the finder patterns best. A thorough
# scan reveals all.
MOST_REVEALED = 5


def other_outlines(viewer: Viewer, places: list[Place], found: Finding) -> Finding:
    """The finding, or the same version and way up in another outline where that shows it better.

    Args:
        places: that were looked at; those within a border are added.
    """
    h = found.hypothesis
    about = [n for n in range(len(places)) if n != h.quad and _is_about(places, n, h.quad)]
    first = len(places)
    places += _new(list(_within_border(viewer, places, h.quad)), places)
    numbers = _likeliest(viewer, places, [*about, *range(first, len(places))], found)
    most = None if viewer.budget.effort is Effort.THOROUGH else MOST_REVEALED
    best = found
    for number in numbers[:most]:
        turn = _turn(places[number].region.corners, found.corners)
        other = viewer.reveal(found.revealer, places, replace(h, quad=number, turn=turn))
        best = better(best, other) or best
        if best.reading is not None:
            break
    return best


def _is_about(places: Sequence[Place], number: int, own: int) -> bool:
    """Whether one of the places lies where another one lies."""
    return overlap(places[number].region.corners, places[own].region.corners) >= OVERLAP


def _new(found: Sequence[Place], places: Sequence[Place]) -> list[Place]:
    """Those that are not among the places, by their corners."""
    known = {place.region.corners.tobytes() for place in places}
    return [place for place in found if place.region.corners.tobytes() not in known]


def _within_border(viewer: Viewer, places: Sequence[Place], own: int) -> Iterator[Place]:
    """Places inside the widest outline about one of them, at each width of a border."""
    corners = places[own].region.corners
    frame = frame_corners((viewer.photo.shape[0], viewer.photo.shape[1]))
    borders = [p for p in places if np.abs(p.region.corners - frame).max() > 2]
    widest = max(borders or places, key=lambda p: _share_around(p.region.corners, corners)).region
    for margin in BORDERS:
        inner = inset(widest.corners, margin)
        try:
            region = Region.cut(viewer.photo, inner, bows=widest.bows, camera=viewer.camera)
        except RectificationError:
            continue
        yield Place(region, "inset")


def _likeliest(
    viewer: Viewer, places: Sequence[Place], numbers: Sequence[int], found: Finding
) -> list[int]:
    """Some of the places by how well they show the finder patterns of a code found about there."""
    trials = []
    for number in numbers:
        region = places[number].region
        printed = np.roll(region.corners, -_turn(region.corners, found.corners), axis=0)
        trials += [Trial(region, printed, found.hypothesis.version, end) for end in FINDERS]
    with viewer.clock.stage("probe"):
        scores = finder_scores(plain_of(found.revealer), trials, viewer.jpeg_quality)
    sums = np.array(scores).reshape(len(numbers), len(FINDERS)).sum(1)
    return [numbers[place] for place in np.argsort(-sums, kind="stable")]


def _turn(corners: FloatArray, printed: FloatArray) -> int:
    """Quarter turns after which corners lie nearest to those from the printed top-left."""
    apart = [float(np.abs(np.roll(corners, -turn, 0) - printed).sum()) for turn in range(4)]
    return int(np.argmin(apart))


def _share_around(outer: FloatArray, inner: FloatArray) -> float:
    """Area of an outline that lies about another one; 0 where it is elsewhere or far larger."""
    area, about = (abs(float(cv2.contourArea(q.astype(np.float32)))) for q in (outer, inner))
    if overlap(outer, inner) < 0.8 or area > 2.5 * about:
        return 0.0
    return area

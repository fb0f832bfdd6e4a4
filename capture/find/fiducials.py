"""Containers found by the printed markers around them.

Markers of one container are fitted together to the sheet's known layout, with
the aspect of the container as the one unknown beside the perspective, so that
three of the four are enough and two on a diagonal give a candidate. The
container's edges against the white around it then settle its corners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.markers import find_markers
from capture.find.outlines.refine import refine_quad
from capture.geometry.rectify import validate_corners
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import RectificationError
from riis_physical.sheets.fiducials import CORNERS, DEFAULT_LAYOUT, FiducialLayout

#: Widest and narrowest container that is fitted, height by width.
ASPECTS = (0.25, 4.0)
#: Markers fit one sheet where they lie this near to its layout, in marker sides (root mean square).
FITTING = 0.08
#: Combinations of equal markers that are tried, so that a page of copies stays quick.
MOST_COMBINATIONS = 256
#: How far the container's edges are sought from where so many markers put them, in widths.
REACH = {4: 0.008, 3: 0.02, 2: 0.03}
#: Mean share of a side that is edge, from which edges are believed rather than markers.
LEAST_SUPPORT = 0.4


@dataclass(frozen=True)
class FiducialQuad:
    """A container that markers surround.

    Attributes:
        corners: xy (4, 2) float32 outer corners in the photo, clockwise from
            the printed top-left; pixel centres at integers.
        number: which container of its page it is.
        markers: how many of its four markers were found, 2 to 4.
        error: root mean square distance of the markers' corners from the
            layout, in marker sides.
    """

    corners: FloatArray
    number: int
    markers: int
    error: float


def fiducial_quads(
    photo: UInt8Image, layout: FiducialLayout = DEFAULT_LAYOUT
) -> list[FiducialQuad]:
    """Containers in a photo whose printed markers are seen.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        layout: geometry of the sheets sought.

    Returns:
        those with most markers first; an empty list where fewer than two
        markers on a diagonal fit a sheet.
    """
    found: dict[int, list[list[FloatArray]]] = {}
    for marker in find_markers(photo, layout):
        place = layout.place(marker.marker_id)
        if place is not None:
            found.setdefault(place[0], [[] for _ in range(CORNERS)])[place[1]].append(
                marker.corners
            )
    quads = []
    for number, seen in found.items():
        quads += [_on_edges(photo, quad) for quad in _of_number(number, seen, layout)]
    return sorted(quads, key=lambda q: (-q.markers, q.number))


def _on_edges(photo: UInt8Image, quad: FiducialQuad) -> FiducialQuad:
    """The quadrilateral moved onto the container's own edges, where it has any on white."""
    width = float(np.linalg.norm(np.roll(quad.corners, -1, 0) - quad.corners, axis=1).mean())
    fit = refine_quad(photo, quad.corners, 1, max(2.0, REACH[quad.markers] * width))
    if float(fit.support.mean()) < LEAST_SUPPORT:
        return quad
    try:
        return replace(quad, corners=validate_corners(fit.corners))
    except RectificationError:
        return quad


def _of_number(
    number: int, seen: list[list[FloatArray]], layout: FiducialLayout
) -> list[FiducialQuad]:
    """All sheets that markers of one container number form."""
    quads: list[FiducialQuad] = []
    left = [list(enumerate(markers)) for markers in seen]
    while True:
        best: tuple[tuple[int, float], dict[int, int], FloatArray, float] | None = None
        for chosen in _combinations([[i for i, _ in markers] for markers in left]):
            fit = fit_markers({c: seen[c][i] for c, i in chosen.items()}, layout)
            if fit is None:
                continue
            rank = (-len(chosen), fit[1])
            if best is None or rank < best[0]:
                best = (rank, chosen, *fit)
        if best is None:
            return quads
        _, chosen, corners, error = best
        quads.append(FiducialQuad(corners, number, len(chosen), error))
        left = [
            [(i, m) for i, m in markers if chosen.get(c) != i] for c, markers in enumerate(left)
        ]


def _combinations(markers: list[list[int]]) -> Iterator[dict[int, int]]:
    """Choices of at most one marker a corner: of three or more, or of two on a diagonal."""
    options: list[list[int | None]] = [[*indices, None] for indices in markers]
    for tried, choice in enumerate(product(*options)):
        if tried >= MOST_COMBINATIONS:
            return
        chosen = {corner: i for corner, i in enumerate(choice) if i is not None}
        if len(chosen) >= 3 or set(chosen) in ({0, 2}, {1, 3}):
            yield chosen


def fit_markers(
    markers: Mapping[int, NDArray[np.floating]], layout: FiducialLayout = DEFAULT_LAYOUT
) -> tuple[FloatArray, float] | None:
    """The container that markers surround.

    Args:
        markers: corners xy (4, 2) in the photo by the container's corner, 0 to 3.
        layout: geometry of the sheet.

    Returns:
        outer corners xy (4, 2) of the container and the error as in
        :class:`FiducialQuad`; None where the markers fit no sheet.
    """
    present = sorted(markers)
    points = np.concatenate([np.asarray(markers[c], np.float64) for c in present])
    side = float(np.mean([np.linalg.norm(markers[c] - np.roll(markers[c], -1, 0)) / 2
                          for c in present]))  # fmt: skip

    low, high, count = float(np.log(ASPECTS[0])), float(np.log(ASPECTS[1])), 33
    for _ in range(4):  # ever finer about the aspect that fits best
        aspects = np.linspace(low, high, count)
        models = np.stack([_model(layout, float(np.exp(a)), present) for a in aspects])
        errors = _misfits(models, points)
        best = float(aspects[int(errors.argmin())])
        step = (high - low) / (count - 1)
        low, high, count = best - step, best + step, 9
    aspect = float(np.exp(best))
    model = _model(layout, aspect, present)
    to_photo, _ = cv2.findHomography(model, points, 0)
    if to_photo is None:
        return None
    away = cv2.perspectiveTransform(model[None], to_photo)[0] - points
    error = float(np.sqrt((away**2).sum(1).mean())) / side
    if not error < FITTING:
        return None
    own = np.array([[[0, 0], [1, 0], [1, aspect], [0, aspect]]])
    try:
        return validate_corners(cv2.perspectiveTransform(own, to_photo)[0]), error
    except RectificationError:
        return None


def _model(layout: FiducialLayout, aspect: float, present: list[int]) -> NDArray[np.float64]:
    """Marker corners (N, 2) around a container of width 1 and height `aspect`."""
    return layout.marker_corners((aspect, 1.0))[present].reshape(-1, 2)


def _misfits(models: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square distance (A,) of points (N, 2) from the best view of each model (A, N, 2).

    Views come from the direct linear transform of centred, scaled points.
    """
    scale = float(np.abs(points - points.mean(0)).mean()) + 1e-9
    seen = (points - points.mean(0)) / scale
    own = models - models.mean(1, keepdims=True)
    one = np.concatenate([own, np.ones((*own.shape[:2], 1))], axis=2)  # (A, N, 3)
    none = np.zeros_like(one)
    rows = np.concatenate(
        [
            np.concatenate([one, none, -seen[None, :, :1] * one], axis=2),
            np.concatenate([none, one, -seen[None, :, 1:] * one], axis=2),
        ],
        axis=1,
    )
    _, vectors = np.linalg.eigh(np.swapaxes(rows, 1, 2) @ rows)
    views = vectors[:, :, 0].reshape(-1, 3, 3)
    mapped = one @ np.swapaxes(views, 1, 2)
    depth = np.where(np.abs(mapped[..., 2:]) < 1e-9, 1e-9, mapped[..., 2:])
    away = (mapped[..., :2] / depth - seen) * scale
    return np.asarray(np.sqrt((away**2).sum(2).mean(1)))

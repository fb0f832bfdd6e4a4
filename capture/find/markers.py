"""Single ArUco markers in a photo, read softly.

OpenCV proposes dark squares; its own reading decides cell by cell and gives up
on blur that the eye hardly minds. Here all cells of a square are compared with
every marker at once, sharp and blurred, which reads most of what is seen. That
a reading may now and then be wrong is no harm: :mod:`capture.find.fiducials` keeps
only markers that together form a sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.refine import refine_quad
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.sheets.fiducials import FiducialLayout

#: Markers are sought on a copy at most this long.
COARSE_PX = 1600
#: Correlation of a square with the nearest marker, and how much nearer than the next.
ALIKE = 0.75
CLEAR = 0.06
#: Blurs of the markers compared with, in cells.
BLURS = (0.0, 0.5)
SUBSAMPLES = 4
#: The side of a square may be this many times another's and mean the same marker.
SAME_SIDES = 0.5


@dataclass(frozen=True)
class Marker:
    """A marker that was read.

    Attributes:
        corners: xy (4, 2) float32 in the photo, clockwise from the printed top-left.
        marker_id: number in the dictionary.
        score: correlation with the marker as printed, up to 1.
    """

    corners: FloatArray
    marker_id: int
    score: float


def find_markers(photo: UInt8Image, layout: FiducialLayout) -> list[Marker]:
    """Markers of a layout's dictionary in a photo, uint8 RGB (H, W, 3), the surest first."""
    height, width = photo.shape[:2]
    if min(height, width) < 32:
        return []
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)
    scale = min(1.0, COARSE_PX / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([width / grey.shape[1], height / grey.shape[0]], np.float32)
    kept: list[Marker] = []
    for seen in sorted(_read(grey, _squares(grey, layout), layout), key=lambda m: -m.score):
        side = _side(seen.corners)
        middle = seen.corners.mean(0)
        if any(np.abs(m.corners.mean(0) - middle).max() < SAME_SIDES * side for m in kept):
            continue
        kept.append(seen)
    return [
        Marker(
            _measured(photo, (m.corners + 0.5) * ratio - 0.5, float(ratio.max())),
            m.marker_id,
            m.score,
        )
        for m in kept
    ]


def _squares(grey: UInt8Image, layout: FiducialLayout) -> FloatArray:
    """Corners (N, 4, 2), clockwise, of what may be markers."""
    parameters = cv2.aruco.DetectorParameters()
    parameters.minMarkerPerimeterRate = 0.02
    parameters.polygonalApproxAccuracyRate = 0.05
    found, _, others = cv2.aruco.ArucoDetector(layout.opencv(), parameters).detectMarkers(grey)
    quads = [np.asarray(q, np.float32).reshape(4, 2) for q in (*found, *others)]
    return np.stack(quads) if quads else np.zeros((0, 4, 2), np.float32)


def _read(grey: UInt8Image, squares: FloatArray, layout: FiducialLayout) -> list[Marker]:
    """The squares that look like one marker and no other."""
    if not len(squares):
        return []
    ids, turns, templates = _templates(layout)
    cells = round(float(np.sqrt(templates.shape[1])))
    own = np.array([[0, 0], [cells, 0], [cells, cells], [0, cells]], np.float32)
    # Samples keep off the edges of their cells, for corners are known to a part of a cell.
    within = 0.5 + 0.7 * ((np.arange(SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5)
    line = (np.arange(cells)[:, None] + within[None]).ravel().astype(np.float32)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(1, -1, 2)
    at = np.concatenate(
        [cv2.perspectiveTransform(grid, cv2.getPerspectiveTransform(own, q)) for q in squares]
    )
    sampled = cv2.remap(
        grey, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    values = sampled.reshape(-1, cells, SUBSAMPLES, cells, SUBSAMPLES).astype(np.float32)
    seen = _standard(values.mean((2, 4)).reshape(len(squares), -1))
    likeness = seen @ templates.T
    markers = []
    for square, alike in zip(squares, likeness, strict=True):
        best = int(alike.argmax())
        rest = alike[ids != ids[best]]
        if alike[best] > ALIKE and alike[best] - float(rest.max()) > CLEAR:
            corners = np.roll(square, int(turns[best]), axis=0)
            markers.append(Marker(corners, int(ids[best]), float(alike[best])))
    return markers


@lru_cache(maxsize=4)
def _templates(
    layout: FiducialLayout,
) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """Marker ids (T,), quarter turns clockwise (T,) and standardised cells (T, cells^2)."""
    dictionary = layout.opencv()
    cells, fine = dictionary.markerSize + 2, 8
    ids, turns, rows = [], [], []
    for number in range(layout.containers):
        for marker_id in layout.ids(number):
            drawn = cv2.aruco.generateImageMarker(dictionary, marker_id, cells * fine)
            white = cv2.copyMakeBorder(
                drawn, fine, fine, fine, fine, cv2.BORDER_CONSTANT, value=[255]
            ).astype(np.float32)
            for blur in BLURS:
                soft = cv2.GaussianBlur(white, (0, 0), blur * fine) if blur else white
                inner = soft[fine:-fine, fine:-fine].reshape(cells, fine, cells, fine)
                means = inner[:, 1:-1, :, 1:-1].mean((1, 3))
                for turn in range(4):
                    ids.append(marker_id)
                    turns.append(turn)
                    # The marker as seen in a square that starts at its corner `turn`.
                    rows.append(np.rot90(means, turn).ravel())
    return np.array(ids), np.array(turns), _standard(np.array(rows, np.float32))


def _standard(rows: FloatArray) -> FloatArray:
    """Rows of zero mean and unit length."""
    away = rows - rows.mean(1, keepdims=True)
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6))


def _measured(photo: UInt8Image, corners: FloatArray, ratio: float) -> FloatArray:
    """A marker's corners from the edges of the photo itself."""
    reach = max(1.5, min(_side(corners) / 10, 2.0 * ratio))
    fit = refine_quad(photo, corners, 1, reach)
    return fit.corners if float(fit.support.min()) > 0.5 else corners


def _side(corners: FloatArray) -> float:
    return float(np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1).mean())

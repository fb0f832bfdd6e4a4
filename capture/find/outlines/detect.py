"""Where in a photograph a bordered container may be.

Lines and their combinations are sought on a copy about 1000 px long, then the
best candidates are refined on the photograph itself. Nothing here knows what a
container looks like: the network decides which candidate holds a code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.edges import edge_field, find_lines
from capture.find.outlines.margins import pictures_in_sheets
from capture.find.outlines.quads import CoarseQuads, combine_lines, join, merge_near
from capture.find.outlines.refine import Refined, refine_quad
from capture.geometry.warp import NO_BOWS

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]

COARSE_PX = 1000
REFINED = 14
RETURNED = 8


@dataclass(frozen=True)
class Quad:
    """A candidate.

    Attributes:
        corners: xy (4, 2) float32 outer corners in the photo, clockwise in
            the image from the one nearest to the top left; pixel centres at
            integers.
        score: about 0 to 1, higher is likelier a border.
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`.
    """

    corners: FloatArray
    score: float
    bows: FloatArray = field(default_factory=NO_BOWS.copy)


def find_quadrilaterals(photo: UInt8Image, *, most: int = RETURNED) -> list[Quad]:
    """Candidate outlines of pictures, sheets and screens, best first.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        most: how many to return.

    Returns:
        at most `most` candidates; an empty list where the photo has no
        quadrilateral of straight edges, or is under 48 px on a side.
    """
    height, width = photo.shape[:2]
    if min(height, width) < 48:
        return []
    scale = min(1.0, COARSE_PX / max(height, width))
    small = photo
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    field = edge_field(small)
    coarse = combine_lines(small, field, find_lines(field))
    inner = pictures_in_sheets(small, coarse)
    coarse = merge_near(join([coarse, inner]), 3.0)
    ratio = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
    reach = 3.0 * float(ratio.max())
    refined: list[tuple[float, Refined]] = []
    for q in range(min(len(coarse), REFINED)):
        corners = (coarse.corners[q] + 0.5) * ratio - 0.5
        fit = refine_quad(photo, corners, int(coarse.sign[q]), reach)
        refined.append((_judge(coarse, q, fit), fit))
    refined.sort(key=lambda pair: -pair[0])
    return _distinct(refined, most)


def _judge(coarse: CoarseQuads, q: int, fit: Refined) -> float:
    """Score from the coarse edges, the fitted edges and the strip outside."""
    weakest = float(fit.support.min())
    mean = float(np.exp(np.log(np.maximum(fit.support, 1e-3)).mean()))
    return (
        float(coarse.score[q]) * (0.3 + 0.5 * mean + 0.2 * weakest) * (0.75 + 0.25 * fit.flatness)
    )


def _distinct(refined: list[tuple[float, Refined]], most: int) -> list[Quad]:
    """Best first, without those whose corners all but coincide with a better one's."""
    kept: list[Quad] = []
    for score, fit in refined:
        side = float(np.linalg.norm(fit.corners - np.roll(fit.corners, -1, 0), axis=1).mean())
        near = max(1.0, 0.006 * side)
        if all(np.abs(quad.corners - fit.corners).max() > near for quad in kept):
            kept.append(Quad(fit.corners, score, fit.bows))
        if len(kept) == most:
            break
    return kept

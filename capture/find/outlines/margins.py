"""The picture inside a sheet, from the sheet's own outline.

A sky may melt into the white margin along a whole side, so that no line is
found there. The margin is equally wide all round, though: opposite sides of
the picture are sought together, at equal distances from the sheet's edges.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.edges import edge_field
from capture.find.outlines.quads import CoarseQuads, outside_evenness

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]

SQUARE_PX = 224
WIDEST_MARGIN = 0.3
# Width over height of the margins as seen may differ this much (natural
# logarithm) from the sheet's sides, as the sheet is seen at an angle.
ASPECT_SLACK = 0.3


def pictures_in_sheets(picture: UInt8Image, quads: CoarseQuads, *, sheets: int = 4) -> CoarseQuads:
    """Candidates (sign +1) inside the likeliest sheets among `quads`.

    Args:
        picture: the small copy, uint8 RGB.
        quads: coarse candidates; those brighter inside may be sheets.
        sheets: how many sheets to look into.
    """
    bright = np.nonzero(quads.sign <= 0)[0]
    if len(bright) == 0:
        return quads.take(bright)
    inside = outside_evenness(picture, quads.corners[bright], aside_px=-4.0)
    order = bright[np.argsort(-inside * quads.score[bright], kind="stable")[:sheets]]
    corners: list[FloatArray] = []
    scores: list[float] = []
    for q in order:
        for inner, share in _equal_margins(picture, quads.corners[q]):
            corners.append(inner)
            scores.append(share)
    if not corners:
        return quads.take(bright[:0])
    stacked = np.stack(corners).astype(np.float32)
    even = outside_evenness(picture, stacked)
    perimeter = np.linalg.norm(np.roll(stacked, -1, 1) - stacked, axis=2).sum(1)
    large = (perimeter / sum(picture.shape[:2])) ** 0.3
    score = np.array(scores, np.float32) * large * (0.45 + 0.45 * even)
    return CoarseQuads(stacked, score.astype(np.float32), np.ones(len(score), np.int8))


def _equal_margins(picture: UInt8Image, sheet: FloatArray) -> list[tuple[FloatArray, float]]:
    """Up to three (corners, share of edge) inside one sheet."""
    s = SQUARE_PX
    square = np.array([[0, 0], [s, 0], [s, s], [0, s]], np.float32) - np.float32(0.5)
    to_square = cv2.getPerspectiveTransform(sheet.astype(np.float32), square)
    flat = np.asarray(
        cv2.warpPerspective(picture, to_square, (s, s), flags=cv2.INTER_LINEAR), np.uint8
    )
    field = edge_field(flat)
    rightward = np.clip(field.gx / field.full, -1, 1)
    downward = np.clip(field.gy / field.full, -1, 1)
    band = slice(s // 5, s - s // 5)
    most = int(WIDEST_MARGIN * s)
    right = np.maximum(rightward[band], 0).mean(0)[::-1][:most]
    left = np.maximum(-rightward[band], 0).mean(0)[:most]
    bottom = np.maximum(downward[:, band], 0).mean(1)[::-1][:most]
    top = np.maximum(-downward[:, band], 0).mean(1)[:most]
    across, down = (left + right) / 2, (top + bottom) / 2
    across[:3] = down[:3] = 0
    wide = (_length(sheet, 0) + _length(sheet, 2)) / (_length(sheet, 1) + _length(sheet, 3))
    a = (np.arange(most) + 0.5)[None, :] * wide
    b = (np.arange(most) + 0.5)[:, None]
    alike = np.abs(np.log(a / b)) < ASPECT_SLACK
    joint = np.where(alike, across[None, :] + down[:, None], 0)
    back = np.linalg.inv(to_square)
    found: list[tuple[FloatArray, float]] = []
    for _ in range(3):
        j, i = np.unravel_index(int(joint.argmax()), joint.shape)
        share = float(joint[j, i]) / 2
        if share < 0.15:
            break
        x0, x1, y0, y1 = float(i), float(s - 1 - i), float(j), float(s - 1 - j)
        inner = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float32)
        found.append((cv2.perspectiveTransform(inner, back)[0], min(1.0, 1.6 * share)))
        joint[max(0, j - 4) : j + 5, max(0, i - 4) : i + 5] = 0
    return found


def _length(sheet: FloatArray, side: int) -> float:
    return float(np.linalg.norm(sheet[(side + 1) % 4] - sheet[side]))

"""Quadrilaterals put together from signed lines, scored by their edges.

All four sides of a border have the same sign: brighter outside (white margin)
or brighter inside (screen, or the sheet itself on a dark table). A side must be
edge over its whole length, and should end at its corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.outlines.edges import EdgeField, Lines, Support, both_signs, line_support

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]
Index = NDArray[np.intp]

ARM_PX = 36.0
WEAKEST_ARM = 0.25
WEAKEST_SIDE = 0.25
MOST_QUADS = 40_000


@dataclass(frozen=True)
class CoarseQuads:
    """Q candidates on the small copy, best first.

    Attributes:
        corners: (Q, 4, 2) float32, clockwise in the image, from the corner
            that is nearest to the top left.
        score: (Q,) float32, about 0 to 1.
        sign: (Q,) +1 brighter outside, -1 brighter inside, 0 either.
    """

    corners: FloatArray
    score: FloatArray
    sign: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.score)

    def take(self, index: Index) -> CoarseQuads:
        """The candidates at `index`, in that order."""
        return CoarseQuads(self.corners[index], self.score[index], self.sign[index])


def combine_lines(
    picture: UInt8Image, field: EdgeField, lines: Lines, *, shortest_px: float = 40.0
) -> CoarseQuads:
    """All plausible quadrilaterals of a small picture, best first, near-duplicates merged."""
    height, width = field.magnitude.shape
    found: list[CoarseQuads] = []
    signed = line_support(field, lines)
    for base in (0.0, np.pi / 4):
        for sign in (1, -1):
            found.append(_of_sign(lines, signed, base, sign, (height, width), shortest_px))
    # Without a margin, the background may be darker here and brighter there.
    doubled = both_signs(_strongest(lines, 60))
    mixed = line_support(field, doubled, signed=False)
    plain = _of_sign(doubled, mixed, 0.0, 1, (height, width), shortest_px)
    found.append(
        CoarseQuads(plain.corners, plain.score * np.float32(0.8), np.zeros_like(plain.sign))
    )
    merged = join(found)
    merged = merged.take(np.arange(min(len(merged), 2500)))
    even = outside_evenness(picture, merged.corners)
    score = merged.score * (np.float32(0.5) + np.float32(0.5) * even)
    merged = CoarseQuads(merged.corners, score, merged.sign)
    return merge_near(merged.take(np.argsort(-score, kind="stable")), 3.0)


def outside_evenness(picture: UInt8Image, corners: FloatArray, aside_px: float = 4.0) -> FloatArray:
    """How even the strip just outside each candidate is, (Q,) in 0 to 1.

    Paper and bezels are: in colour along each side, and from side to side but
    for the light. A window or a door in a wall seldom is on all four sides.
    """
    height, width = picture.shape[:2]
    smooth = cv2.blur(picture, (3, 3))
    start, end = corners, np.roll(corners, -1, axis=1)
    edge = end - start
    normal = np.stack([edge[..., 1], -edge[..., 0]], -1)
    normal = normal / np.maximum(np.linalg.norm(edge, axis=2, keepdims=True), 1e-6)
    share = np.linspace(0.04, 0.96, 24, dtype=np.float32)[:, None]
    xy = start[:, :, None] + share * edge[:, :, None] + aside_px * normal[:, :, None]
    x = np.clip(np.rint(xy[..., 0]), 0, width - 1).astype(np.int32)
    y = np.clip(np.rint(xy[..., 1]), 0, height - 1).astype(np.int32)
    colour = smooth[y, x].astype(np.float32) / 255  # (Q, 4, 24, 3)
    middle = np.median(colour, axis=2)
    uneven = np.sort(np.abs(colour - middle[:, :, None]).max(3), axis=2)[:, :, 17].mean(1)
    between = np.abs(middle - np.median(middle, axis=1, keepdims=True)).max((1, 2))
    return np.asarray(np.exp(-uneven / 0.06 - between / 0.5), np.float32)


def join(found: list[CoarseQuads]) -> CoarseQuads:
    """Several lists as one, best first."""
    merged = CoarseQuads(
        np.concatenate([f.corners for f in found]),
        np.concatenate([f.score for f in found]),
        np.concatenate([f.sign for f in found]),
    )
    return merged.take(np.argsort(-merged.score, kind="stable"))


def merge_near(quads: CoarseQuads, near_px: float) -> CoarseQuads:
    """Drop candidates whose corners all lie within near_px of a better one's of the same sign."""
    kept: list[int] = []
    for q in range(len(quads)):
        if kept:
            apart = np.abs(quads.corners[kept] - quads.corners[q]).max(axis=(1, 2))
            if ((apart < near_px) & (quads.sign[kept] == quads.sign[q])).any():
                continue
        kept.append(q)
        if len(kept) >= 150:
            break
    return quads.take(np.array(kept, np.intp))


def _strongest(lines: Lines, count: int) -> Lines:
    order = np.argsort(-lines.votes)[:count]
    return Lines(lines.angle[order], lines.rho[order], lines.votes[order])


def _of_sign(
    lines: Lines,
    support: Support,
    base: float,
    sign: int,
    size: tuple[int, int],
    shortest_px: float,
) -> CoarseQuads:
    """Quadrilaterals whose normals all point outward (sign 1) or inward (-1)."""
    outward = lines.angle + (0 if sign > 0 else np.pi)
    sector = (np.degrees(outward - base) + 45) % 360
    groups = [
        np.nonzero((sector // 90 == s) & (np.abs(sector % 90 - 45) < 42))[0] for s in range(4)
    ]
    if min(len(g) for g in groups) == 0:
        return _none()
    joints = [
        _Corner.of(lines, support, groups[s], groups[(s + 1) % 4], sign, size) for s in range(4)
    ]
    j01, j12, j23, j30 = (joint.valid for joint in joints)
    # i right, j bottom, k left, m top (at base 0): all four corners must hold.
    under = j01[:, None, :] & j12.T[None, :, :]
    over = j30.T[:, None, :] & j23[None, :, :]
    i, k, j, m = np.nonzero(under[:, :, :, None] & over[:, :, None, :])
    if len(i) > MOST_QUADS:
        quality = (
            joints[0].quality[i, j]
            + joints[1].quality[j, k]
            + joints[2].quality[k, m]
            + joints[3].quality[m, i]
        )
        best = np.argpartition(-quality, MOST_QUADS)[:MOST_QUADS]
        i, j, k, m = i[best], j[best], k[best], m[best]
    points = np.stack(
        [joints[2].xy[k, m], joints[3].xy[m, i], joints[0].xy[i, j], joints[1].xy[j, k]], axis=1
    )
    legal = _legal(points, size, shortest_px)
    i, j, k, m, points = i[legal], j[legal], k[legal], m[legal], points[legal]
    if len(i) == 0:
        return _none()
    sides = (groups[3][m], groups[0][i], groups[1][j], groups[2][k])
    score = _score(lines, support, sides, points, size)
    keep = score > 0
    return CoarseQuads(
        _from_top_left(points[keep]).astype(np.float32),
        score[keep],
        np.full(int(keep.sum()), sign, np.int8),
    )


@dataclass(frozen=True)
class _Corner:
    """Where lines of one side meet those of the next: (A, B) tables."""

    xy: FloatArray
    valid: NDArray[np.bool_]
    quality: FloatArray

    @classmethod
    def of(
        cls,
        lines: Lines,
        support: Support,
        first: Index,
        second: Index,
        sign: int,
        size: tuple[int, int],
    ) -> _Corner:
        a, b = lines.angle[first][:, None], lines.angle[second][None]
        ra, rb = lines.rho[first][:, None], lines.rho[second][None]
        det = np.cos(a) * np.sin(b) - np.sin(a) * np.cos(b)
        steep = np.abs(det) > 0.5
        det = np.where(steep, det, 1)
        x = ((ra * np.sin(b) - rb * np.sin(a)) / det).astype(np.float32)
        y = ((rb * np.cos(a) - ra * np.cos(b)) / det).astype(np.float32)
        height, width = size
        slack_x, slack_y = 0.03 * width, 0.03 * height
        inside = (x > -slack_x) & (x < width + slack_x) & (y > -slack_y) & (y < height + slack_y)
        arm_a = _arm(support, first[:, None], a, x, y, -sign * np.cos(b), -sign * np.sin(b))
        arm_b = _arm(support, second[None], b, x, y, -sign * np.cos(a), -sign * np.sin(a))
        valid = (
            steep
            & inside
            & (np.minimum(arm_a, arm_b) > 0)
            & (np.maximum(arm_a, arm_b) > WEAKEST_ARM)
            & (arm_a + arm_b > 1.4 * WEAKEST_ARM)
        )
        return cls(
            np.stack([x, y], -1).astype(np.float32), valid, ((arm_a + arm_b) / 2).astype(np.float32)
        )


def _arm(
    support: Support,
    index: Index,
    angle: FloatArray,
    x: FloatArray,
    y: FloatArray,
    toward_x: FloatArray,
    toward_y: FloatArray,
) -> FloatArray:
    """Mean support of a line over ARM_PX from (x, y) towards the inside."""
    along = -x * np.sin(angle) + y * np.cos(angle)
    ahead = np.sign(-toward_x * np.sin(angle) + toward_y * np.cos(angle))
    line = np.broadcast_to(index, along.shape)
    return support.mean(line, along + 2 * ahead, along + (ARM_PX + 2) * ahead)


def _legal(points: FloatArray, size: tuple[int, int], shortest_px: float) -> NDArray[np.bool_]:
    """Convex, large enough, and no more oblique than a camera would see."""
    edges = np.roll(points, -1, axis=1) - points
    length = np.linalg.norm(edges, axis=2)
    after = np.roll(edges, -1, axis=1)
    sine = (edges[..., 0] * after[..., 1] - edges[..., 1] * after[..., 0]) / np.maximum(
        length * np.roll(length, -1, axis=1), 1e-6
    )
    opposite = np.minimum(length[:, :2], length[:, 2:]) / np.maximum(
        np.maximum(length[:, :2], length[:, 2:]), 1e-6
    )
    return np.asarray((sine > 0.5).all(1) & (length > shortest_px).all(1) & (opposite > 0.5).all(1))


def _score(
    lines: Lines,
    support: Support,
    sides: tuple[Index, ...],
    points: FloatArray,
    size: tuple[int, int],
) -> FloatArray:
    """Edge support of all four sides, less what runs on beyond the corners."""
    inner, beyond, perimeter = [], [], np.zeros(len(points), np.float32)
    for s, line in enumerate(sides):
        start, end = points[:, s], points[:, (s + 1) % 4]
        angle = lines.angle[line]
        low = -start[:, 0] * np.sin(angle) + start[:, 1] * np.cos(angle)
        high = -end[:, 0] * np.sin(angle) + end[:, 1] * np.cos(angle)
        ahead = np.sign(high - low)
        inner.append(support.mean(line, low, high))
        beyond.append(support.mean(line, low - 20 * ahead, low - 3 * ahead))
        beyond.append(support.mean(line, high + 3 * ahead, high + 20 * ahead))
        perimeter += np.abs(high - low)
    side = np.stack(inner)
    mean = np.exp(np.log(np.maximum(side, 1e-3)).mean(0)) - 0.12 * np.stack(beyond).mean(0)
    large = (perimeter / sum(size)) ** 0.3
    score = np.where(side.min(0) > WEAKEST_SIDE, mean * large, 0)
    return np.asarray(score, np.float32)


def _from_top_left(points: FloatArray) -> FloatArray:
    """Roll each clockwise quadrilateral so that it starts nearest to the top left."""
    first = points.sum(2).argmin(1)
    order = (first[:, None] + np.arange(4)[None]) % 4
    return np.take_along_axis(points, order[..., None], 1)


def _none() -> CoarseQuads:
    return CoarseQuads(
        np.zeros((0, 4, 2), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int8)
    )

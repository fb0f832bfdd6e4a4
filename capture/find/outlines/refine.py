"""Sides of a quadrilateral fitted to sub-pixel edges of the full photograph.

Across each side, colour profiles are sampled from the photo. The curve through
most of their edges, nearly straight but bowed where paper curls or the lens
bends it, is found by trying all small shifts of its ends and its middle, then
fitted to the sub-pixel edge positions with outliers weighted down. Only the
strips along the sides are read, so a 24-megapixel photo costs what a small one
does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]

PROFILES = 64
SUBSAMPLES = 4
# Steps of contrast ([0, 1] units) count fully from here; weaker ones in part.
FULL_CONTRAST = 0.05
# A line further out wins over the best one from this share of its votes.
OUTER_SHARE = 0.75
# Paper curls and lenses bend straight lines: this share of a side at most.
MOST_BOW = 0.014
# A bow is told from this share of edge on.
BOW_SUPPORT = 0.45


@dataclass(frozen=True)
class Refined:
    """A refined quadrilateral.

    Attributes:
        corners: xy (4, 2) float32 in the photo.
        support: (4,) share of each side that is edge, 0 to 1.
        residual_px: (4,) spread of the edge positions about each line.
        flatness: 0 to 1, how even the strip outside the sides is (paper,
            bezel), in colour along each side and between the sides.
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`; 0 where a side shows
            too little edge to tell.
    """

    corners: FloatArray
    support: FloatArray
    residual_px: FloatArray
    flatness: float
    bows: FloatArray


@dataclass(frozen=True)
class _Side:
    """A fitted side: both ends, tangents there, quality, colours just outside."""

    ends: tuple[FloatArray, FloatArray]
    tangents: tuple[FloatArray, FloatArray]
    support: float
    residual_px: float
    outside: FloatArray  # (P, 3) in [0, 1]
    bow: float  # share of the length, outwards


def refine_quad(photo: UInt8Image, corners: FloatArray, sign: int, reach_px: float) -> Refined:
    """Fit the four sides of a quadrilateral to the photo's own edges.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2) in the photo, right to within reach_px.
        sign: +1 brighter outside, -1 brighter inside, 0 either.
        reach_px: how far a side may move.
    """
    corners = np.asarray(corners, np.float32)
    centre = corners.mean(0)
    sides = [
        _fit_side(photo, corners[s], corners[(s + 1) % 4], centre, sign, reach_px) for s in range(4)
    ]
    moved = corners.copy()
    for s in range(4):
        point = _meet(sides[s - 1], sides[s])
        length = np.linalg.norm(corners[s] - corners[s - 2])
        if point is not None and np.abs(point - corners[s]).max() < 2 * reach_px + 0.02 * length:
            moved[s] = point
    return Refined(
        corners=moved,
        support=np.array([s.support for s in sides], np.float32),
        residual_px=np.array([s.residual_px for s in sides], np.float32),
        flatness=_flatness([s.outside for s in sides]),
        bows=np.array([s.bow if s.support > BOW_SUPPORT else 0.0 for s in sides], np.float32),
    )


def _fit_side(
    photo: UInt8Image,
    start: FloatArray,
    end: FloatArray,
    centre: FloatArray,
    sign: int,
    reach_px: float,
) -> _Side:
    length = float(np.linalg.norm(end - start))
    unit = max(1.0, length / 512)
    direction = (end - start) / max(length, 1e-6)
    normal = np.array([direction[1], -direction[0]], np.float32)
    if float(((start + end) / 2 - centre) @ normal) < 0:
        normal = -normal
    step = unit / 2
    shifts = int(np.ceil((reach_px + 0.4 * MOST_BOW * length) / step))
    most_bow = MOST_BOW * length / step
    half = shifts + int(np.ceil(most_bow)) + 10
    offsets = np.arange(-half, half + 1, dtype=np.float32) * step
    where = np.linspace(0.015, 0.985, PROFILES, dtype=np.float32)
    profiles = _profiles(photo, start, direction, normal, length, offsets)
    response = _step_response(profiles, sign)
    noise = 1.4826 * float(np.median(np.abs(response - np.median(response))))
    full = max(FULL_CONTRAST, 2.5 * noise)

    curve = _best_curve(response, full, where, shifts, most_bow)
    slack = 4.0
    for _ in range(2):
        position, strength = _nearest_edge(response, _along(curve, where) + half, slack)
        position = position - half
        weight = np.minimum(strength / full, 1) ** 2
        curve, residual = _robust_curve(where, position, weight, curve, most_bow)
        slack = 3.0
    line = _along(curve, where)
    agree = np.minimum(strength / full, 1) * (np.abs(position - line) < 2.0)
    support = float(agree.mean())
    if support < 0.2:  # no edge to speak of: the coarse answer is the better one
        curve = np.zeros(3, np.float32)
        line = _along(curve, where)
    level, slope, bow = (float(v) * step for v in curve)
    strip = np.clip(np.rint(line + half + 6).astype(np.int32), 0, 2 * half)
    outside = profiles[np.arange(PROFILES), strip]
    return _Side(
        ends=(
            start + normal * np.float32(level),
            end + normal * np.float32(level + slope),
        ),
        tangents=(
            direction * np.float32(length) + normal * np.float32(slope + 4 * bow),
            direction * np.float32(length) + normal * np.float32(slope - 4 * bow),
        ),
        support=support,
        residual_px=float(residual * step),
        outside=outside,
        bow=bow / max(length, 1e-6),
    )


def _along(curve: FloatArray, where: FloatArray) -> FloatArray:
    """Offsets at `where` in [0, 1] of (offset at the start, slope, bow at the middle)."""
    return np.asarray(curve[0] + curve[1] * where + curve[2] * 4 * where * (1 - where), np.float32)


def _best_curve(
    response: FloatArray, full: float, where: FloatArray, shifts: int, most_bow: float
) -> FloatArray:
    """The slightly bowed line through most edges, by trying all, in steps.

    Outside a border lies even paper or bezel. A line further out that is nearly
    as good therefore wins: one inside it may be a frame within the picture,
    however strong its contrast.
    """
    crests = np.where(_is_crest(response), np.minimum(response / full, 1), 0)
    spread = np.array([[0.25, 0.6, 0.9, 1.0, 0.9, 0.6, 0.25]], np.float32)
    wide = np.minimum(cv2.filter2D(crests.astype(np.float32), -1, spread), 1)
    half = response.shape[1] // 2
    stride = max(2, int(np.ceil(shifts / 7)))
    ends = np.arange(-(shifts // stride), shifts // stride + 1, dtype=np.float32) * stride
    bows = np.linspace(-most_bow, most_bow, 9, dtype=np.float32)
    paths = (
        ends[:, None, None, None] * (1 - where)
        + ends[None, :, None, None] * where
        + bows[None, None, :, None] * 4 * where * (1 - where)
    )
    rows = np.arange(PROFILES)
    votes = wide[rows, np.rint(paths).astype(np.int32) + half].mean(3)
    # Of equal curves, the straighter one and the one nearer to the coarse answer.
    votes -= 0.015 * (np.abs(ends)[:, None, None] + np.abs(ends)[None, :, None]) / shifts
    votes -= 0.03 * np.abs(bows) / most_bow
    a, b, c = np.unravel_index(int(votes.argmax()), votes.shape)
    curve = np.array([ends[a], ends[b] - ends[a], bows[c]], np.float32)

    narrow = cv2.filter2D(crests.astype(np.float32), -1, spread[:, 1:-1])
    line = _along(curve, where)
    out = np.arange(-2, shifts + 1)
    index = np.clip(np.rint(line[None] + out[:, None]).astype(np.int32) + half, 0, 2 * half)
    outward = np.minimum(narrow[rows, index], 1).mean(1)
    level = OUTER_SHARE * max(float(outward[:5].max()), 0.5)
    crest = np.zeros(len(out), bool)
    crest[1:-1] = (outward[1:-1] >= outward[:-2]) & (outward[1:-1] > outward[2:])
    further = np.nonzero(crest & (outward >= level) & (out >= 3))[0]
    if len(further):
        curve[0] += out[further[-1]]
    return curve


def _profiles(
    photo: UInt8Image,
    start: FloatArray,
    direction: FloatArray,
    normal: FloatArray,
    length: float,
    offsets: FloatArray,
) -> FloatArray:
    """Colours (PROFILES, len(offsets), 3) in [0, 1], averaged over SUBSAMPLES neighbours."""
    count = PROFILES * SUBSAMPLES
    along = (0.015 + 0.97 * (np.arange(count, dtype=np.float32) + 0.5) / count) * length
    xy = (start + along[:, None, None] * direction + offsets[None, :, None] * normal).astype(
        np.float32
    )
    ends = xy[[0, 0, -1, -1], [0, -1, 0, -1]]
    low = np.floor(ends.min(0)).astype(int) - 2
    high = np.ceil(ends.max(0)).astype(int) + 3
    h, w = photo.shape[:2]
    x0, y0 = np.clip(low, 0, (w - 1, h - 1))
    x1, y1 = np.clip(high, (x0 + 1, y0 + 1), (w, h))
    # remap takes at most 32,767 px a side: the crop keeps any photo below it.
    sampled = cv2.remap(
        photo[y0:y1, x0:x1],
        xy[..., 0] - np.float32(x0),
        xy[..., 1] - np.float32(y0),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    grouped = sampled.reshape(PROFILES, SUBSAMPLES, len(offsets), 3)
    total = grouped[:, 0].astype(np.float32)
    for one in range(1, SUBSAMPLES):
        total += grouped[:, one]
    return total / np.float32(255 * SUBSAMPLES)


def _step_response(profiles: FloatArray, sign: int) -> FloatArray:
    """Height of a brightness step outwards at each offset, (P, O), at least 0."""
    taps = np.arange(-4, 5, dtype=np.float32)
    kernel = taps * np.exp(-0.5 * (taps / 2.0) ** 2)
    kernel /= np.abs(kernel).sum() / 2
    mean = profiles.mean(axis=2, keepdims=True) * np.float32(1.3)
    stack = np.concatenate([profiles, mean], axis=2)
    planes = [
        cv2.filter2D(
            np.ascontiguousarray(stack[..., c]),
            -1,
            kernel[None],
            borderType=cv2.BORDER_REPLICATE,
        )
        for c in range(4)
    ]
    slopes = np.stack(planes)
    slopes = np.abs(slopes) if sign == 0 else slopes * np.float32(sign)
    return np.asarray(np.maximum(slopes.max(axis=0), 0))


def _nearest_edge(
    response: FloatArray, at: FloatArray, slack: float
) -> tuple[FloatArray, FloatArray]:
    """Sub-step position and height of the best edge within slack steps of a line."""
    index = np.arange(response.shape[1], dtype=np.float32)[None]
    nearness = 1 - 0.5 * (np.abs(index - at[:, None]) / (slack + 1)) ** 2
    near = (np.abs(index - at[:, None]) <= slack) & _is_crest(response)
    window = np.where(near, response * nearness, -1)
    best = np.clip(window.argmax(1), 1, response.shape[1] - 2)
    rows = np.arange(len(best))
    left, mid, right = (response[rows, best + d] for d in (-1, 0, 1))
    bend = left - 2 * mid + right
    peak = near[rows, best] & (bend < -1e-7)
    shift = np.where(peak, 0.5 * (left - right) / np.where(peak, bend, 1), 0)
    return (best + shift).astype(np.float32), np.where(peak, mid, 0).astype(np.float32)


def _is_crest(response: FloatArray) -> NDArray[np.bool_]:
    """Where the response is a local maximum across the side."""
    crest = np.zeros(response.shape, bool)
    mid = response[:, 1:-1]
    crest[:, 1:-1] = (mid >= response[:, :-2]) & (mid > response[:, 2:])
    return crest


def _robust_curve(
    where: FloatArray,
    position: FloatArray,
    weight: FloatArray,
    curve: FloatArray,
    most_bow: float,
) -> tuple[FloatArray, float]:
    """Parabola through positions by reweighted least squares, and its spread, in steps.

    A weak prior keeps the bow near zero where only a part of the side is edge.
    """
    if float(weight.sum()) < 3:
        return curve, float("inf")
    basis = np.stack([np.ones_like(where), where, 4 * where * (1 - where)], 1)
    prior = np.diag([1e-4, 1e-4, (1.0 / (0.4 * most_bow)) ** 2])
    scale = 2.0
    for _ in range(4):
        far = (position - _along(curve, where)) / (3 * scale)
        w = weight * np.where(np.abs(far) < 1, (1 - far * far) ** 2, 0)
        total = float(w.sum())
        if total < 2:
            return curve, float("inf")
        scaled = basis.T * w
        curve = np.linalg.solve(scaled @ basis + prior, scaled @ position).astype(np.float32)
        scale = max(0.4, 1.2 * float((w * np.abs(position - _along(curve, where))).sum()) / total)
    return curve, scale


def _flatness(outside: list[FloatArray]) -> float:
    """How even the colour outside is, along the sides and from side to side."""
    along = [np.median(np.abs(o - np.median(o, 0)), 0).max() for o in outside]
    medians = np.stack([np.median(o, 0) for o in outside])
    between = np.abs(medians - np.median(medians, 0)).max()
    return float(np.exp(-float(np.mean(along)) / 0.05) * np.exp(-float(between) / 0.4))


def _meet(one: _Side, other: _Side) -> FloatArray | None:
    """Where one side's end meets the other's start, None if they are nearly parallel."""
    d, e = one.tangents[1], other.tangents[0]
    det = float(d[0] * e[1] - d[1] * e[0])
    if abs(det) < 0.3 * float(np.linalg.norm(d) * np.linalg.norm(e)):
        return None
    gap = other.ends[0] - one.ends[1]
    s = float(gap[0] * e[1] - gap[1] * e[0]) / det
    return np.asarray(one.ends[1] + np.float32(s) * d, np.float32)

"""Colour edges of a small picture, and the straight lines they add up to.

A border is a long, straight edge that keeps its sign: white paper is nowhere
darker than the picture on it, a bezel nowhere brighter than the screen. Lines
are therefore *signed*: the normal (cos a, sin a) points to the brighter side.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]

# Hough resolution: half a degree by one pixel keeps a 500-px line within one bin.
ANGLE_BINS = 720
BIN_DEG = 360 / ANGLE_BINS
SPREAD_BINS = 5
# So much of its vote a pixel gives to the neighbours in distance.
NEIGHBOUR = np.float32(0.5)
# Gradients (per px, [0, 1] range) count fully from here; a faint sky against
# paper is about as strong as this.
FULL_GRADIENT = 0.03
# The channels, and their mean, which counts for more as it has less noise.
_WITH_MEAN = np.concatenate([np.eye(3), np.full((1, 3), 1.4 / 3)]).astype(np.float32)


@dataclass(frozen=True)
class EdgeField:
    """Derivatives of a small picture.

    Attributes:
        gx, gy: (H, W) float32, derivative of the strongest colour direction,
            in [0, 1] units per px; its sign is that of the sum of channels.
        magnitude: (H, W) float32.
        full: gradient that counts as a full edge, at least the noise allows.
    """

    gx: FloatArray
    gy: FloatArray
    magnitude: FloatArray
    full: float


@dataclass(frozen=True)
class Lines:
    """K signed lines x cos a + y sin a = rho.

    Attributes:
        angle: (K,) radians; the normal points to the brighter side.
        rho: (K,) px.
        votes: (K,) px of edge on the line.
    """

    angle: FloatArray
    rho: FloatArray
    votes: FloatArray

    def __len__(self) -> int:
        return len(self.angle)


def edge_field(picture: UInt8Image, sigma: float = 1.0) -> EdgeField:
    """Colour gradient of an RGB picture (H, W, 3).

    Each pixel takes the channel, or the mean of all, whose gradient is the
    strongest for its noise, so that a yellow sky still parts from white paper.
    """
    work = cv2.transform(picture.astype(np.float32) / 255, _WITH_MEAN)
    stack = np.asarray(cv2.GaussianBlur(work, (0, 0), sigma))
    dx: FloatArray = np.asarray(
        cv2.Sobel(stack, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8), np.float32
    )
    dy: FloatArray = np.asarray(
        cv2.Sobel(stack, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8), np.float32
    )
    power = dx * dx + dy * dy
    best = power.argmax(axis=2)[..., None]
    gx = np.take_along_axis(dx, best, 2)[..., 0]
    gy = np.take_along_axis(dy, best, 2)[..., 0]
    magnitude = np.sqrt(np.take_along_axis(power, best, 2)[..., 0])
    # The lower quartile of a photo is flat: what is left there is noise.
    noise = float(np.percentile(magnitude[::4, ::4], 25))
    return EdgeField(gx, gy, magnitude, max(FULL_GRADIENT, 3.0 * noise))


def edge_pixels(field: EdgeField, fraction: float = 0.35) -> tuple[NDArray[np.intp], ...]:
    """(rows, columns) of pixels on the ridge of the gradient."""
    m = field.magnitude
    ax, ay = np.abs(field.gx), np.abs(field.gy)
    flat = m >= np.maximum(_shift(m, 0, 1), _shift(m, 0, -1))
    steep = m >= np.maximum(_shift(m, 1, 0), _shift(m, -1, 0))
    ridge = np.where(ax >= ay, flat, steep) & (m > fraction * field.full)
    ridge[:2] = ridge[-2:] = False
    ridge[:, :2] = ridge[:, -2:] = False
    return np.nonzero(ridge)


def find_lines(field: EdgeField, count: int = 130, shortest_px: float = 40.0) -> Lines:
    """The strongest signed lines by a gradient-directed Hough transform.

    Greedy: the strongest line takes its edge pixels out of the table before
    the next is sought, so that one strong border does not fill the list with
    its own side lobes. Each line is fitted to its pixels by least squares.
    """
    h, w = field.magnitude.shape
    rows, cols = edge_pixels(field)
    if len(rows) == 0:
        return _no_lines()
    turn = np.degrees(np.arctan2(field.gy[rows, cols], field.gx[rows, cols])) / BIN_DEG
    turn_bin = np.round(turn).astype(np.int32) % ANGLE_BINS
    order = np.argsort(turn_bin, kind="stable")
    rows, cols, turn_bin = rows[order], cols[order], turn_bin[order]
    begins = np.searchsorted(turn_bin, np.arange(ANGLE_BINS + 1))
    weight = np.minimum(field.magnitude[rows, cols] / field.full, 1).astype(np.float32)
    x = (cols - w / 2).astype(np.float32)
    y = (rows - h / 2).astype(np.float32)
    reach = int(np.ceil(np.hypot(h, w))) // 2 + 3
    width = 2 * reach + 1
    cell = _ballots(turn_bin, x, y, reach)
    votes = np.broadcast_to(weight, cell.shape)
    table = np.bincount(cell.ravel(), votes.ravel(), ANGLE_BINS * width).astype(np.float32)
    table[1:-1] += NEIGHBOUR * (table[:-2] + table[2:])
    alive = np.ones(len(rows), bool)
    found: list[tuple[float, float, float]] = []
    for _ in range(count):
        top = int(table.argmax())
        if table[top] < shortest_px:
            break
        a, r = divmod(top, width)
        angle, rho = np.radians(a * BIN_DEG), float(r - reach)
        near = np.concatenate(
            [np.arange(begins[low], begins[high]) for low, high in _bins_about(a, 3 * SPREAD_BINS)]
        )
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        distance = np.abs(x[near] * cosine + y[near] * sine - rho)
        mine = near[alive[near] & (distance < 1.6)]
        if len(mine) < shortest_px / 2:
            table[top] = 0
            continue
        alive[mine] = False
        angle, rho = _fit(x[mine], y[mine], weight[mine], float(angle))
        found.append((angle, rho, float(weight[mine].sum())))
        cells, taken = cell[:, mine].ravel(), votes[:, mine].ravel()
        np.subtract.at(table, cells, taken)
        for aside in (-1, 1):
            np.subtract.at(table, cells + aside, NEIGHBOUR * taken)
    if not found:
        return _no_lines()
    angles, rhos, votes = (np.array(v, np.float32) for v in zip(*found, strict=True))
    from_origin = np.float32(w / 2) * np.cos(angles) + np.float32(h / 2) * np.sin(angles)
    return Lines(angles, (rhos + from_origin).astype(np.float32), votes)


def _bins_about(middle: int, reach: int) -> list[tuple[int, int]]:
    """Runs of bins, first and one past the last, at most `reach` from one around the circle."""
    low, high = middle - reach, middle + reach + 1
    around = [(low + turn, high + turn) for turn in (-ANGLE_BINS, 0, ANGLE_BINS)]
    runs = [(max(0, start), min(ANGLE_BINS, end)) for start, end in around]
    return [(start, end) for start, end in runs if start < end]


def _ballots(
    turn_bin: NDArray[np.int32], x: FloatArray, y: FloatArray, reach: int
) -> NDArray[np.int32]:
    """Cells (V, P) of the flat Hough table that P pixels vote for.

    A pixel votes for all angles within its uncertainty, V of them.
    """
    angles = np.radians(np.arange(ANGLE_BINS) * BIN_DEG)
    cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    spread = np.arange(-SPREAD_BINS, SPREAD_BINS + 1, dtype=np.int32)[:, None]
    a = (turn_bin[None] + spread) % ANGLE_BINS
    r = np.rint(x[None] * cosine[a] + y[None] * sine[a]).astype(np.int32) + reach
    return np.asarray(a * (2 * reach + 1) + r, np.int32)


def _fit(x: FloatArray, y: FloatArray, weight: FloatArray, angle: float) -> tuple[float, float]:
    """Total least squares line whose normal is the one nearest to `angle`."""
    total = float(weight.sum())
    mx, my = float((weight * x).sum() / total), float((weight * y).sum() / total)
    dx, dy = x - mx, y - my
    sxx, syy = float((weight * dx * dx).sum()), float((weight * dy * dy).sum())
    sxy = float((weight * dx * dy).sum())
    along = 0.5 * np.arctan2(2 * sxy, sxx - syy)
    normal = along + np.pi / 2
    if np.cos(normal - angle) < 0:
        normal += np.pi
    return float(normal), float(mx * np.cos(normal) + my * np.sin(normal))


def both_signs(lines: Lines) -> Lines:
    """Each line with its normal turned round as well."""
    return Lines(
        np.concatenate([lines.angle, lines.angle + np.float32(np.pi)]),
        np.concatenate([lines.rho, -lines.rho]),
        np.concatenate([lines.votes, lines.votes]),
    )


@dataclass(frozen=True)
class Support:
    """Edge support along lines, as running sums.

    Attributes:
        total: (K, T+1) float32, sum of the support before step t; step t lies
            at t - start px along the direction (-sin a, cos a) from the foot.
        start: steps before the foot of the normal.
    """

    total: FloatArray
    start: float

    def mean(self, line: NDArray[np.intp], low: FloatArray, high: FloatArray) -> FloatArray:
        """Mean support in [0, 1] of lines between two positions (px along them)."""
        top = self.total.shape[1] - 1
        a = np.clip(np.round(low + self.start), 0, top).astype(np.int32)
        b = np.clip(np.round(high + self.start), 0, top).astype(np.int32)
        length = np.maximum(np.abs(high - low), 1)
        return np.abs(self.total[line, b] - self.total[line, a]) / length


def line_support(field: EdgeField, lines: Lines, *, signed: bool = True) -> Support:
    """How much of each line is edge of the right direction, step by step."""
    h, w = field.magnitude.shape
    cosine, sine = np.cos(lines.angle)[:, None], np.sin(lines.angle)[:, None]
    reach = int(np.ceil(np.hypot(h, w)))
    t = np.arange(-reach, reach, dtype=np.float32)[None]
    foot_x, foot_y = lines.rho[:, None] * cosine, lines.rho[:, None] * sine
    best = np.zeros((len(lines), t.shape[1]), np.float32)
    for aside in (-1.5, -0.5, 0.5, 1.5):
        x = np.rint(foot_x + aside * cosine - t * sine).astype(np.int32)
        y = np.rint(foot_y + aside * sine + t * cosine).astype(np.int32)
        inside = (x >= 0) & (y >= 0) & (x < w) & (y < h)
        flat = np.where(inside, y * w + x, 0)
        along = field.gx.reshape(-1)[flat] * cosine + field.gy.reshape(-1)[flat] * sine
        along = along if signed else np.abs(along)
        # An edge that runs across the line is no support, however strong.
        along = np.where(along > 0.85 * field.magnitude.reshape(-1)[flat], along, 0)
        np.maximum(best, np.where(inside, along, 0), out=best)
    best = np.minimum(best / (0.7 * field.full), 1)
    total = np.concatenate([np.zeros((len(lines), 1), np.float32), np.cumsum(best, 1)], 1)
    return Support(total.astype(np.float32), float(reach))


def _shift(image: FloatArray, down: int, right: int) -> FloatArray:
    return np.roll(image, (down, right), (0, 1))


def _no_lines() -> Lines:
    empty = np.zeros(0, np.float32)
    return Lines(empty, empty, empty)

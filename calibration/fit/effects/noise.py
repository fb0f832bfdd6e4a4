"""Noise against intensity, told from what JPEG leaves of it.

The luma of even patches is taken apart by the DCT of JPEG's own blocks. White noise of
variance v in linear light, smoothed and sharpened by the phone, gives each coefficient a
variance; the file holds it rounded to multiples of a known step. Floor, slope
(v = floor + slope * light), smoothing and sharpening are those that make the multiples
seen in all greys most likely, the coefficients being Gaussian before they are rounded.
How far the blocks' means lie off a plane counts too: they say what noise there is before
smoothing and sharpening.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, dctn
from scipy.optimize import minimize
from scipy.special import ndtr

from calibration.chart.find import SeenChart
from calibration.fit.effects.blur import SHARPEN_PX
from riis_physical.images.srgb import slope, to_linear
from riis_physical.sheets.pages import Box

BLOCK = 8
LUMA = np.array([0.299, 0.587, 0.114])
ROUNDING = 2 / 12  # of 8-bit colours and of luma, variance in 8-bit steps
DARKEST, BRIGHTEST = 0.06, 0.9  # sRGB; beyond, curves bend what noise there is
LEAST_BLOCKS = 40
LEAST_ALIVE = 0.08  # share of coefficients that are not zero
DOUBT = 0.02  # nats a block, for a spread off what is usual
_USUAL, _SPREAD = np.array([0.45, 0.5, SHARPEN_PX]), np.array([0.15, 0.4, 0.2])
_GRID = 64  # frequencies of the transfer
MULTIPLES = 48  # of a step that are told apart; the last stands for all beyond

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NoiseFit:
    """Noise of one photo, in linear light 0 to 1, before the phone smooths it.

    Attributes:
        floor: variance in the dark. slope: what a unit of light adds.
        luma_sigma: of the phone's smoothing, px. sharpen: amount.
        light, seen: (L,) linear light of each grey and the variance there, by itself.
        rms: of `seen` about the line, relative.
    """

    floor: float
    slope: float
    luma_sigma: float
    sharpen: float
    light: Array
    seen: Array
    rms: float


@dataclass(frozen=True)
class _Grey:
    light: float
    gain: float  # variance of 8-bit luma for each unit of variance in linear light
    counts: Array  # (8, 8, MULTIPLES) of the coefficients by their multiple of the step
    blocks: int
    alive: float
    even: Array  # (2,) degrees of freedom and squares of the blocks' means about a plane


def measure_noise(
    seen: SeenChart, steps: Array | None, inset_mm: float, lowest: int = 2
) -> NoiseFit | None:
    """Fit the noise; None where compression leaves too little of it.

    Args:
        steps: (8, 8) luma quantisation steps of the file in use, None where there are none.
        inset_mm: what blur makes of the patches' rims is left out.
        lowest: u + v from which on coefficients count; below, light, paper or moire show.
            Above 2 the blocks' means do not count either.
    """
    table = np.ones((BLOCK, BLOCK)) if steps is None else np.asarray(steps, np.float64)
    greys = _greys(seen, table, inset_mm)
    if sum(grey.blocks for grey in greys) < LEAST_BLOCKS or len(greys) < 5:
        return None
    if np.average([g.alive for g in greys], weights=[g.blocks for g in greys]) < LEAST_ALIVE:
        return None
    use = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) >= lowest
    counts = np.stack([grey.counts for grey in greys])[:, use]
    gain = np.array([grey.gain for grey in greys])[:, None]
    light = np.array([grey.light for grey in greys])[:, None]
    blocks = np.array([grey.blocks for grey in greys])
    # Means that the file rounds more coarsely than they vary say nothing.
    even = np.stack([grey.even for grey in greys])
    even[even[:, 1] < 0.5 * even[:, 0] * table[0, 0] ** 2] = 0
    if lowest > 2:
        even[:] = 0

    def unlikely(p: Array) -> float:
        noise = np.exp(p[0]) + np.exp(p[1]) * light
        spread = gain * noise * _transfer(np.exp(p[2]), p[3], p[4]).reshape(1, -1) + ROUNDING
        total = _surprise(counts, spread[:, use.ravel()], table[use]).sum()
        means = spread[:, 0] + table[0, 0] ** 2 / 12
        total += 0.5 * (even[:, 0] * np.log(means) + even[:, 1] / means).sum()
        return float(total / blocks.sum()) + _unusual(p)

    found = [
        minimize(
            unlikely,
            [np.log(0.02 * start), np.log(start), np.log(0.45), 0.2, SHARPEN_PX],
            method="L-BFGS-B",
            bounds=[(-25, -3), (-25, 0), (np.log(0.05), np.log(2.0)), (0.0, 2.0), (0.7, 1.8)],
        )
        for start in (1e-5, 1e-4, 1e-3)
    ]
    best = min(found, key=lambda one: float(one.fun)).x
    floor, rise, sigma = np.exp(best[:3])
    amount = float(best[3])
    passed = _transfer(sigma, amount, float(best[4]))
    single = np.array([_alone(grey, passed, table, use) for grey in greys])
    rest = single / (floor + rise * light[:, 0]) - 1
    return NoiseFit(
        float(floor), float(rise), float(sigma), amount, light[:, 0], single,
        float(np.sqrt(np.average(rest**2, weights=blocks))),
    )  # fmt: skip


def _unusual(p: Array) -> float:
    """Cost of smoothing and sharpening that phones hardly have; settles what is left open."""
    off = (np.array([np.exp(p[2]), p[3], p[4]]) - _USUAL) / _SPREAD
    return DOUBT * float((off**2).sum())


def _greys(seen: SeenChart, steps: Array, inset_mm: float) -> list[_Grey]:
    by_level: dict[float, list[Box]] = {}
    for patch in seen.chart.patches:
        if patch.kind != "colour":
            by_level.setdefault(patch.level, []).append(patch.box)
    found = []
    for boxes in by_level.values():
        blocks, colours = [], []
        even = np.zeros(2)
        for box in boxes:
            places, own = _blocks(seen, box, inset_mm)
            blocks += [block @ LUMA for block in own]
            colours += [block.reshape(-1, 3).mean(axis=0) / 255 for block in own]
            even += _unevenness(places, [BLOCK * float((block @ LUMA).mean()) for block in own])
        if len(blocks) < 4:
            continue
        colour = np.mean(colours, axis=0)
        if colour.min() < DARKEST or colour.max() > BRIGHTEST:
            continue
        waves = dctn(np.array(blocks), axes=(1, 2), norm="ortho")
        multiples = np.minimum(np.rint(np.abs(waves) / steps), MULTIPLES - 1)
        counts = (multiples[..., None] == np.arange(MULTIPLES)).sum(axis=0)
        alive = float((multiples[:, 1:, 1:] > 0).mean())
        gains = (LUMA * slope(colour) * 255) ** 2
        light = float((gains * to_linear(colour)).sum() / gains.sum())
        counted = counts.astype(np.float64)
        found.append(_Grey(light, float(gains.sum()), counted, len(blocks), alive, even))
    return found


def _unevenness(places: list[tuple[int, int]], means: list[float]) -> Array:
    """Degrees of freedom and sum of squares of values about a plane."""
    freedom = len(places) - 3
    if freedom < 1:
        return np.zeros(2)
    plane = np.concatenate([np.array(places, np.float64), np.ones((len(places), 1))], axis=1)
    fitted = plane @ np.linalg.lstsq(plane, np.array(means), rcond=None)[0]
    return np.array([freedom, float(((np.array(means) - fitted) ** 2).sum())])


def _blocks(
    seen: SeenChart, box: Box, inset_mm: float
) -> tuple[list[tuple[int, int]], list[Array]]:
    """JPEG's own blocks (8, 8, 3) that lie within a box, and where."""
    inner = box.grown(-inset_mm)
    if inner.width <= 0 or inner.height <= 0:
        return [], []
    corners = seen.to_photo(
        np.array([(inner.left, inner.top), (inner.right, inner.top),
                  (inner.right, inner.bottom), (inner.left, inner.bottom)])
    )  # fmt: skip
    height, width = seen.photo.shape[:2]
    low = np.floor(corners.min(axis=0) / BLOCK).astype(int)
    high = np.ceil(corners.max(axis=0) / BLOCK).astype(int)
    places, found = [], []
    for row in range(low[1], high[1]):
        for column in range(low[0], high[0]):
            x, y = column * BLOCK, row * BLOCK
            own = np.array([(x, y), (x + 7, y), (x + 7, y + 7), (x, y + 7)], np.float64)
            inside = min(x, y) >= 0 and y + BLOCK <= height and x + BLOCK <= width
            if inside and _within(corners, own):
                places.append((column, row))
                found.append(seen.photo[y : y + BLOCK, x : x + BLOCK].astype(np.float64))
    return places, found


def _within(outline: Array, points: Array) -> bool:
    """Whether points lie inside a convex outline that runs clockwise (y down)."""
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        side, offset = end - start, points - start
        if ((side[0] * offset[:, 1] - side[1] * offset[:, 0]) < 0).any():
            return False
    return True


def _transfer(sigma: float, amount: float, radius: float) -> Array:
    """Power (8, 8) that smoothing and sharpening leave of each coefficient.

    The waves of so small a block are no pure frequencies: each takes what it has of all.
    """
    f = np.fft.fftfreq(_GRID)
    square = f[:, None] ** 2 + f[None] ** 2
    smooth = np.exp(-2 * np.pi**2 * sigma**2 * square)
    mask = 1 - np.exp(-2 * np.pi**2 * radius**2 * square)
    power = (smooth * (1 + amount * mask)) ** 2
    return np.asarray(_waves() @ power @ _waves().T)


@lru_cache(maxsize=1)
def _waves() -> Array:
    """Share (8, GRID) of each frequency in each of the DCT's waves."""
    spectrum = np.fft.fft(dct(np.eye(BLOCK), axis=0, norm="ortho"), _GRID, axis=1)
    return np.asarray(np.abs(spectrum) ** 2 / _GRID)


def _surprise(counts: Array, variance: Array, steps: Array) -> Array:
    """Negative log-likelihood (...) of counts (..., MULTIPLES) of rounded Gaussians."""
    ratio = (steps / np.sqrt(variance))[..., None]
    above = ndtr(-(np.arange(MULTIPLES) - 0.5) * ratio)  # of one sign
    share = 2 * (above - np.append(above[..., 1:], np.zeros_like(above[..., :1]), axis=-1))
    share[..., 0] = 1 - 2 * above[..., 1]
    return np.asarray(-(counts * np.log(np.maximum(share, 1e-12))).sum(axis=-1))


def _alone(grey: _Grey, passed: Array, steps: Array, use: NDArray[np.bool_]) -> float:
    """Variance in linear light that explains one grey by itself."""
    grid = np.exp(np.linspace(np.log(1e-8), np.log(1e-1), 320))
    spread = grey.gain * grid[:, None] * passed[use] + ROUNDING
    costs = _surprise(grey.counts[use], spread, steps[use]).sum(axis=1)
    return float(grid[int(np.argmin(costs))])

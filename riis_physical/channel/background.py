"""Procedural walls and desks to photograph a container in front of."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray, UInt8Image

KINDS = ("plaster", "wood", "fabric", "stone")
PALETTES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "plaster": ((0.72, 0.69, 0.63), (0.58, 0.62, 0.62), (0.66, 0.57, 0.49), (0.45, 0.50, 0.55)),
    "wood": ((0.52, 0.36, 0.22), (0.63, 0.48, 0.33), (0.34, 0.22, 0.14), (0.58, 0.52, 0.44)),
    "fabric": ((0.28, 0.32, 0.40), (0.46, 0.24, 0.22), (0.36, 0.40, 0.33), (0.50, 0.48, 0.45)),
    "stone": ((0.52, 0.51, 0.49), (0.40, 0.40, 0.41), (0.62, 0.59, 0.54), (0.30, 0.31, 0.33)),
}


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], cell: tuple[float, float]
) -> FloatArray:
    """Noise (h, w) of standard deviation about 1 that varies over cells of (h, w) px."""
    height, width = size
    coarse = (max(2, round(height / cell[0]) + 1), max(2, round(width / cell[1]) + 1))
    grid = rng.standard_normal(coarse, dtype=np.float32)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def procedural_background(seed: int, size: tuple[int, int]) -> FloatArray:
    """A textured surface (h, w, 3), float32 sRGB in [0, 1].

    One of painted plaster, wooden planks, woven fabric and stone, its colour
    and grain drawn from the seed.
    """
    rng = np.random.default_rng(seed)
    kind = KINDS[int(rng.integers(len(KINDS)))]
    palette = PALETTES[kind]
    base = np.asarray(palette[int(rng.integers(len(palette)))], np.float32)
    base = np.clip(base * rng.uniform(0.85, 1.15) + rng.normal(0, 0.015, 3), 0.05, 0.9)
    unit = max(size) / 800.0
    shade = {"plaster": _plaster, "wood": _wood, "fabric": _fabric, "stone": _stone}[kind](
        rng, size, unit
    )
    tint = smooth_noise(rng, size, (300 * unit, 300 * unit))[..., None]
    warm = np.asarray([0.006, 0.0, -0.007], np.float32)
    picture = base.astype(np.float32) * np.exp(shade)[..., None] + warm * tint
    return np.clip(picture, 0.0, 1.0).astype(np.float32)


def _octaves(
    rng: np.random.Generator, size: tuple[int, int], cells: tuple[float, ...], fall: float
) -> FloatArray:
    total = np.zeros(size, np.float32)
    for index, cell in enumerate(cells):
        total += fall**index * smooth_noise(rng, size, (cell, cell))
    return total


def _plaster(rng: np.random.Generator, size: tuple[int, int], unit: float) -> FloatArray:
    rough = _octaves(rng, size, (1.5 * unit + 1, 4 * unit, 12 * unit), 0.9)
    relief = np.zeros_like(rough)
    relief[1:, 1:] = rough[1:, 1:] - rough[:-1, :-1]
    return 0.035 * relief + 0.05 * smooth_noise(rng, size, (250 * unit, 250 * unit))


def _wood(rng: np.random.Generator, size: tuple[int, int], unit: float) -> FloatArray:
    height, width = size
    plank = float(rng.uniform(120, 260)) * unit
    rows = np.arange(height, dtype=np.float32)
    start = float(rng.uniform(0, plank))
    number = ((rows + start) // plank).astype(int)
    seam = np.abs((rows + start) % plank - plank / 2) > plank / 2 - 1.2 * unit
    tone = rng.normal(0, 0.09, number.max() + 1).astype(np.float32)[number]
    grain = np.zeros(size, np.float32)
    for cell_y, cell_x, weight in ((2.0, 160, 0.05), (5.0, 300, 0.06), (1.2, 40, 0.03)):
        grain += weight * smooth_noise(rng, size, (cell_y * unit + 0.5, cell_x * unit))
    bands = smooth_noise(rng, size, (60 * unit, 500 * unit))
    grain += 0.05 * np.sin(bands * 5 + rows[:, None] / (9 * unit))
    shade: FloatArray = grain + (tone - 0.6 * seam.astype(np.float32))[:, None]
    return shade if rng.random() < 0.6 else _turned(shade, size)


def _turned(shade: FloatArray, size: tuple[int, int]) -> FloatArray:
    turned = np.ascontiguousarray(shade.T)
    return cv2.resize(turned, (size[1], size[0])).astype(np.float32)


def _fabric(rng: np.random.Generator, size: tuple[int, int], unit: float) -> FloatArray:
    period = float(rng.uniform(4.5, 8.0)) * unit
    ys: NDArray[np.float32] = np.arange(size[0], dtype=np.float32)[:, None]
    xs: NDArray[np.float32] = np.arange(size[1], dtype=np.float32)[None]
    sway = 1.2 * smooth_noise(rng, size, (120 * unit, 120 * unit))
    turn = np.float32(2 * np.pi / period)
    weave = np.sin((xs + sway) * turn) * np.sin((ys + sway) * turn)
    threads = smooth_noise(rng, size, (2 * unit + 1, 30 * unit))
    threads = threads + smooth_noise(rng, size, (30 * unit, 2 * unit + 1))
    folds = smooth_noise(rng, size, (200 * unit, 300 * unit))
    return (0.10 * weave + 0.05 * threads + 0.10 * folds).astype(np.float32)


def _stone(rng: np.random.Generator, size: tuple[int, int], unit: float) -> FloatArray:
    cloud = _octaves(rng, size, (180 * unit, 70 * unit, 25 * unit, 8 * unit), 0.6)
    grain = smooth_noise(rng, size, (1.6 * unit + 0.5, 1.6 * unit + 0.5))
    specks = smooth_noise(rng, size, (5 * unit, 5 * unit)) > 1.9
    return (0.06 * cloud + 0.04 * grain - 0.25 * specks).astype(np.float32)


def fit_background(picture: UInt8Image, size: tuple[int, int], seed: int) -> FloatArray:
    """Scale a picture (H, W, 3) to cover (h, w), cut out a random part; float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    factor = max(size[0] / picture.shape[0], size[1] / picture.shape[1])
    wh = (max(size[1], round(picture.shape[1] * factor)),
          max(size[0], round(picture.shape[0] * factor)))  # fmt: skip
    mode = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, wh, interpolation=mode)
    top = int(rng.integers(scaled.shape[0] - size[0] + 1))
    left = int(rng.integers(scaled.shape[1] - size[1] + 1))
    part = scaled[top : top + size[0], left : left + size[1]]
    return part.astype(np.float32) / np.float32(255)

"""Hosts that photographs seldom are: flat colours and gradients, with lettering on half of them."""

from __future__ import annotations

import string
from functools import lru_cache

import cv2
import numpy as np

from riis_physical.artifacts import FloatArray, UInt8Image

LETTERED = 0.5
SLOPE = 0.35
"""Deviation of a gradient's end from its beginning, of a [0, 1] range."""
_LETTERS = np.array(list(string.ascii_letters + string.digits))


def draw_plain(rng: np.random.Generator, side_px: int) -> FloatArray:
    """One such host (side_px, side_px, 3) in [0, 1]: posters, walls, skies."""
    colour = rng.uniform(0, 1, 3)
    if rng.random() < 0.3:
        colour[:] = rng.choice([0.02, 0.5, 0.98]) + rng.normal(0, 0.02)
    across, down = _ramps(side_px)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = across * np.cos(angle) + down * np.sin(angle)
    rise = rng.normal(0, SLOPE, 3) * (rng.random() < 0.5)
    host = (colour + ramp[..., None] * rise).astype(np.float32)
    host = np.clip(host, 0, 1)
    if rng.random() < LETTERED:
        written = (host * 255).round().astype(np.uint8)
        _letter(rng, written)
        host = written / np.float32(255)
    return host.astype(np.float32)


def blur(rng: np.random.Generator, host: FloatArray) -> FloatArray:
    """A host out of focus, by up to a fiftieth of its side."""
    sigma = rng.uniform(1.0, host.shape[0] / 50)
    return cv2.GaussianBlur(host, (0, 0), float(sigma)).astype(np.float32)


def _letter(rng: np.random.Generator, host: UInt8Image) -> None:
    """Write one to three lines into a host (H, W, 3)."""
    side = host.shape[0]
    ink = rng.integers(0, 256, 3)
    for _ in range(int(rng.integers(1, 4))):
        text = "".join(rng.choice(_LETTERS, int(rng.integers(2, 10))))
        size = float(rng.uniform(0.5, 3.0)) * side / 200
        place = (int(rng.integers(-side // 4, side // 2)), int(rng.integers(0, side)))
        font = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX]))
        thick = max(1, round(size * float(rng.uniform(1, 3))))
        cv2.putText(host, text, place, font, size, ink.tolist(), thick, cv2.LINE_AA)


@lru_cache(maxsize=4)
def _ramps(side_px: int) -> tuple[FloatArray, FloatArray]:
    line = np.linspace(-0.5, 0.5, side_px, dtype=np.float32)
    across, down = np.meshgrid(line, line)
    return across, down

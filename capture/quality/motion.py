"""Motion blur, told from defocus by its direction.

Motion along u over L pixels multiplies the power spectrum by sinc(L f.u)^2. Defocus,
noise and compression depend on the frequency alone, and the directions that content
has are much the same at all frequencies. So log power is fitted by a curve over the
frequency, a fixed share of directed content, and each of a set of motions; the one
that explains most is the answer, if it explains enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from capture.quality.spectrum import frequencies

FloatArray = NDArray[np.float32]
Matrix = NDArray[np.float64]

# Frequencies that count, cycles per pixel: below them, content rules.
LOWEST, HIGHEST = 0.05, 0.5
RINGS = 12
NOISE_QUANTILE = 0.05
SHARP_QUANTILE = 0.85  # in a ring: the direction that blur left
LENGTHS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0)
ANGLES_DEG = tuple(range(0, 180, 10))
# Share of the directed power that motion must explain, more than none does.
EXPLAINED = 0.2


def motion_vector(power: FloatArray) -> tuple[float, float, float]:
    """Length in pixels of the tiles, and direction in degrees, of motion blur.

    Args:
        power: spectra of tiles, see :func:`capture.quality.spectrum.tile_power`.

    Returns:
        the likeliest length, its direction (0 to 180, clockwise from horizontal
        as seen in the photo), and what share of the rest it explains.
    """
    places = _places()
    seen = np.median(power, axis=0)[places.chosen].astype(np.float64) + 1e-10
    noise = float(np.quantile(seen, NOISE_QUANTILE))
    sharp = np.array([np.quantile(seen[places.ring == k], SHARP_QUANTILE) for k in range(RINGS)])
    sharp = np.maximum(sharp[places.ring] - noise, 1e-3 * noise)
    # Where noise drowns the signal, no direction can be seen.
    above = (sharp / (sharp + noise))[:, None]
    basis = np.linalg.qr(np.hstack([places.curve, above * places.content]))[0]
    shapes = np.log(1 - above * (1 - places.motions))
    shapes -= basis @ (basis.T @ shapes)
    left = np.log(seen)
    left -= basis @ (basis.T @ left)
    # With the depth of the dip free up to its full one, motion among other blur fits too.
    depth = np.clip((shapes.T @ left) / (shapes**2).sum(0), 0.0, 1.0)
    errors = (left**2).sum() - depth * (2 * (shapes.T @ left) - depth * (shapes**2).sum(0))
    best = int(np.argmin(errors))
    length, angle = divmod(best, len(ANGLES_DEG))
    return LENGTHS[length], float(ANGLES_DEG[angle]), 1 - float(errors[best] / (left**2).sum())


@dataclass(frozen=True)
class _Places:
    """What does not depend on the photo, at the n frequencies that count.

    Attributes:
        chosen: which of all frequencies these are.
        ring: (n,) number of the ring of equal frequency.
        curve: (n, 6) terms of the frequency alone.
        content: (n, 4) terms of the direction alone.
        motions: (n, lengths * angles) what each motion leaves of the power.
    """

    chosen: NDArray[np.bool_]
    ring: NDArray[np.intp]
    curve: Matrix
    content: Matrix
    motions: Matrix


@lru_cache(maxsize=1)
def _places() -> _Places:
    fx, fy = frequencies()
    radius = np.hypot(fx, fy)
    chosen = (radius > LOWEST) & (radius < HIGHEST)
    r, angle = radius[chosen].astype(np.float64), np.arctan2(fy, fx)[chosen]
    u = np.radians(np.repeat(np.array(ANGLES_DEG)[None], len(LENGTHS), axis=0).ravel())
    along = fx[chosen][:, None] * np.cos(u) + fy[chosen][:, None] * np.sin(u)
    return _Places(
        chosen=chosen,
        ring=((r - LOWEST) / (HIGHEST - LOWEST) * RINGS).astype(np.intp),
        curve=np.column_stack([np.log(r), *(r**k for k in range(5))]),
        content=np.column_stack([f(k * angle) for k in (2, 4) for f in (np.cos, np.sin)]),
        motions=np.sinc(np.repeat(LENGTHS, len(ANGLES_DEG)) * along) ** 2,
    )

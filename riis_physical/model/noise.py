"""The fixed z of revealing: the numbers that torch draws from a seed, without torch.

``torch.randn`` on a CPU: the Mersenne Twister, 24 bits a number, Box and Muller's transform
on pairs that lie eight apart (blocks of sixteen numbers).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Z_SEED = 0
"""Seed of the sampled z: the same photo always gives the same answer."""
_BLOCK = 16


@lru_cache(maxsize=32)
def fixed_noise(channels: int, h: int, w: int, seed: int = Z_SEED) -> NDArray[np.float32]:
    """z (channels, h, w) float32, read-only; equal to torch's to within 1e-6.

    Raises:
        ValueError: not a multiple of sixteen numbers.
    """
    count = channels * h * w
    if count % _BLOCK:
        raise ValueError(f"{channels} x {h} x {w} numbers: expected a multiple of {_BLOCK}")
    drawn = np.random.RandomState(seed).randint(0, 2**32, count, dtype=np.uint32)
    uniform = ((drawn & 0xFFFFFF).astype(np.float32) / np.float32(2**24)).reshape(-1, _BLOCK)
    near, far = uniform[:, : _BLOCK // 2], uniform[:, _BLOCK // 2 :]
    radius = np.sqrt(-2 * np.log(1 - near))
    angle = np.float32(2 * np.pi) * far
    z = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    z = np.asarray(z, np.float32).reshape(channels, h, w)
    z.setflags(write=False)
    return z

"""How likely a byte is after another in messages: addresses, sentences, numbers, ids.

A table of chances learned from drawn messages (`training/text/`), fixed before any
photo is looked at.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS_A_BIT = 8
"""Resolution of the stored logarithms."""
START = 256
"""Row of the table for the first byte of a message."""
TABLE = "text_model.bin"


def packed(chance: NDArray[np.floating]) -> bytes:
    """Chances (257, 256) as the stored table: minus log2 in steps, one byte each, deflated."""
    steps = np.clip(np.rint(-np.log2(chance) * STEPS_A_BIT), 0, 255).astype(np.uint8)
    return zlib.compress(steps.tobytes(), 9)


@cache
def chances() -> Floats:
    """Chance of each byte after each byte, (257, 256); rows sum to 1, read-only."""
    stored = resources.files("riis_physical.qr.prior").joinpath(TABLE).read_bytes()
    steps = np.frombuffer(zlib.decompress(stored), np.uint8).reshape(257, 256)
    table = np.exp2(-steps.astype(np.float64) / STEPS_A_BIT)
    table /= table.sum(axis=1, keepdims=True)
    table.setflags(write=False)
    return table


@cache
def alphabet_chances(alphabet: bytes) -> Floats:
    """The same among some characters only, (A + 1, A), the last row for the start."""
    places = np.frombuffer(alphabet, np.uint8).astype(np.intp)
    table = chances()[np.append(places, START)][:, places]
    table = table / table.sum(axis=1, keepdims=True)
    table.setflags(write=False)
    return table


def text_bits(content: bytes, before: int = START) -> float:
    """Bits that it takes to say `content` after the byte `before` (or START)."""
    if not content:
        return 0.0
    places = np.frombuffer(content, np.uint8).astype(np.intp)
    previous = np.append(before, places[:-1])
    return float(-np.log2(chances()[previous, places]).sum())

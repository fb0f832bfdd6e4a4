"""Where soft bits are to be doubted: by their size, and by errors near what is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.reed_solomon import Bytes
from riis_physical.qr.code.structure import (
    codeword_count,
    data_mask,
    data_positions,
    known_modules,
)
from riis_physical.qr.soft.blocks.neighbourhood import near_mean
from riis_physical.qr.soft.code_bits import CodeBits

Floats = NDArray[np.float32]
_NEIGHBOURHOOD = 2.0  # sigma in modules of the map of local error rates


def erasure_ladder(soft: Floats, check_count: int) -> NDArray[np.bool_]:
    """The codewords to erase at each step, (steps, n): 2, 4 ... below ``check_count``.

    The doubt in a codeword is the sum of its bits' chances to be wrong, from the sizes
    of the soft bits (n, 8) alone.
    """
    doubt = np.exp(-2.0 * np.abs(soft)).sum(axis=1)
    rank = np.argsort(np.argsort(-doubt, kind="stable"), kind="stable")
    ladder = np.arange(2, check_count, 2)
    erased: NDArray[np.bool_] = rank[None, :] < ladder[:, None]
    return erased


def local_weights(bits: CodeBits, words: list[Bytes | None]) -> Floats:
    """Weights (codewords, 8) for soft bits from the errors among what is known by now."""
    version = bits.version
    known, expected = (array.copy() for array in known_modules(version, bits.level))
    values = np.zeros((codeword_count(version), 8), bool)
    certain = np.zeros((codeword_count(version), 8), bool)
    for word, block in zip(words, bits.layout, strict=True):
        if word is not None:
            values[block.positions] = np.unpackbits(word).reshape(-1, 8)
            certain[block.positions] = True
    places = data_positions(version)
    known[places] = certain.ravel()
    expected[places] = values.ravel() ^ data_mask(version)
    known &= bits.grid != 0
    wrong = (known & ((bits.grid > 0) != expected)).astype(np.float32)
    count = known.astype(np.float32)
    overall = float((wrong.sum() + 1) / (count.sum() + 2))
    near = near_mean(wrong, _NEIGHBOURHOOD, zero_outside=True) + 0.05 * overall
    rate = near / (near_mean(count, _NEIGHBOURHOOD, zero_outside=True) + 0.05)
    rate = np.clip(rate, 0.005, 0.495)
    weights: Floats = np.log((1 - rate) / rate)[places].astype(np.float32)
    return weights.reshape(-1, 8)

"""Whether a grid speaks for a message clearly enough, as a whole and block by block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from riis_physical.qr.code import payload as codec
from riis_physical.qr.code import segments
from riis_physical.qr.code.structure import LEVELS, Level
from riis_physical.qr.prior import message_prior
from riis_physical.qr.prior.message_prior import DataBits
from riis_physical.qr.soft.code_bits import CodeBits
from riis_physical.qr.soft.evidence import BLOCK_BITS, CAPS

_KNOWN = 400.0  # bits that speak against what is known to be otherwise
_STRONGEST = 0.9  # chance of level H


@dataclass(frozen=True)
class Verdict:
    """A message with enough evidence in every block.

    Attributes:
        payload: the message's bytes.
        level: error-correction level.
        bits: evidence of the whole grid.
        by: what is known of the message that told most.
    """

    payload: bytes
    level: Level
    bits: float
    by: Literal["code", "text", "beginning", "list"]


def judged(payload: bytes, code: CodeBits, prefixes: tuple[bytes, ...] = ()) -> Verdict | None:
    """The evidence for a message, None where a block has too little of its own.

    Args:
        payload: a message that fits the code.
        code: the soft bits.
        prefixes: beginnings that the reader gave.
    """
    data = codec.build(payload, code.version, code.level)
    capped = code.block_gains(data)
    gains = capped[capped.sum(axis=1).argmax()]
    log2 = message_prior.message_log2(payload, code.version, code.level, prefixes)
    bits = float(gains.sum() - np.log2(len(CAPS))) + log2 + level_log2(code.level)
    flat = gains - 8.0 * np.array([block.data_count for block in code.layout])
    for number in np.flatnonzero(flat < BLOCK_BITS):
        rest = _rest_log2(payload, code, int(number), prefixes)
        if gains[number] + log2 - rest < BLOCK_BITS:
            return None
    if not prefixes or not payload.startswith(prefixes):
        random = message_prior.random_log2(prefixes) - segments.total_bits(
            codec.segmented(payload, code.version, code.level), code.version
        )
        return Verdict(payload, code.level, bits, "text" if log2 > random + 1 else "code")
    return Verdict(payload, code.level, bits, "beginning")


@cache
def level_log2(level: Level) -> float:
    """log2 of the chance of a level: H wherever the message fits it."""
    share = _STRONGEST if level == "H" else (1 - _STRONGEST) / (len(LEVELS) - 1)
    return float(np.log2(share))


def _rest_log2(payload: bytes, code: CodeBits, number: int, prefixes: tuple[bytes, ...]) -> float:
    """log2 of the chance of all messages that differ in one block at most."""
    data = np.unpackbits(codec.build(payload, code.version, code.level)).astype(bool)
    ones, zeros = np.where(data, 0.0, -_KNOWN), np.where(data, -_KNOWN, 0.0)
    free = code.data_part(number)
    ones[free] = zeros[free] = 0.0
    fits = DataBits(ones, zeros, code.version, code.level, prefixes).ranked(1000)
    held = segments.total_bits(codec.segmented(payload, code.version, code.level), code.version)
    end = min(free.stop, held)
    random = message_prior.random_log2(prefixes) - held + max(0, end - free.start)
    return float(np.logaddexp2.reduce([random, *(fit.log2 for fit in fits)]))

"""Soft module values to a message, far beyond what a QR decoder reads.

The steps: gate on the patterns that every code has; rank the four levels by the
correlation of their format word (the mask is fixed, so each level has one); then, on
calibrated log odds, until every block has a word with enough evidence (:mod:`words`),

1. algebraic decoding of the hard decisions;
2. ordered-statistics decoding of each block by itself;
3. the same with the odds that the message's own structure gives: length, terminator,
   padding, letters, known beginnings (:mod:`message_prior`); blocks that were read
   inform the others;
4. ordered statistics of the third order and a ladder of erasures, with soft values
   weighted by how often known modules and the blocks already read were wrong nearby
   (glare, a finger on the picture).

False accepts
-------------
A reading is accepted on evidence, not because a decoder returned something: the bits
that the whole grid speaks for the message, less those that it takes to say the message
(:mod:`evidence`). A grid of fair coins, whatever the sizes of its soft values and however
many ways are tried, gives a message with a chance below 2 ** -34 = 6e-11, and the same
once more with what seems covered erased, by the sizes of the values alone
(:mod:`capture.read.rescue.occlusion`). Level and the message's chance are counted within. One photo
is tried in 8 ways (mirrored ones among them) and 10 versions at several places; two thousand
grids are below 2e-7. The gate on the function patterns comes on top, and the floor
``MIN_AGREEMENT`` is for pictures that are not random.

Each block's word must have ``BLOCK_BITS`` of evidence given the others, so that a real
code with a few unreadable blocks does not give a wrong message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code import payload as codec
from riis_physical.qr.code.encode import encode_as
from riis_physical.qr.code.structure import (
    LEVELS,
    BoolGrid,
    Level,
    format_bits,
    format_positions,
    grid_size,
)
from riis_physical.qr.soft.blocks.words import Method, Words
from riis_physical.qr.soft.code_bits import CodeBits
from riis_physical.qr.soft.evidence import MESSAGE_BITS
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.likelihood import log_likelihoods
from riis_physical.qr.soft.presence import function_modules, presence_score
from riis_physical.qr.soft.tried import Tried
from riis_physical.qr.soft.verdict import Verdict, judged

MIN_AGREEMENT = 0.75
"""Part of all codeword modules that must agree with the re-encoded grid, at least."""
MIN_PATTERN_AGREEMENT = 0.66
"""Part of the function-pattern modules that must have the expected sign."""
MIN_PRESENCE = 0.3
"""Least :func:`presence_score` of a grid that is tried."""

_CLIP = 3.0  # largest soft value, in units of the median size

By = Literal["code", "text", "beginning", "list"]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GridReading:
    """A message read from a grid of soft values.

    Attributes:
        payload: the message's bytes.
        version: QR version.
        level: error-correction level.
        modules: the code that holds the payload, (N, N), True where dark.
        agreement: part of the grid's known modules whose soft value has the right sign.
        confidence: in [0, 1]: the same, each module weighted by its soft value's size
            and 0 for a balance of right and wrong.
        method: what read the last block: ``algebraic``, ``ordered``, ``prior``,
            ``weighted`` or ``list``.
        bits: of evidence, see :mod:`evidence`.
        by: what is known of the message that told most: ``code`` alone, ``text``, a
            given ``beginning`` or a given ``list``.
    """

    payload: bytes
    version: int
    level: Level
    modules: BoolGrid
    agreement: float
    confidence: float
    method: Method
    bits: float
    by: By


def read_grid(
    logits: NDArray[np.floating],
    version: int,
    knowledge: Knowledge = NOTHING,
    *,
    thorough: bool = False,
    tried: Tried | None = None,
) -> GridReading | None:
    """Read a message from soft module values.

    Args:
        logits: (N, N), positive for dark; only relative sizes matter. NaN counts as
            not known.
        version: 1 to 10; N = 17 + 4 * version.
        knowledge: what is known of messages. A list is tried first.
        thorough: spend up to half a second more where the grid tells enough.
        tried: what it may cost.

    Returns:
        the message with its evidence, None where there is not enough evidence.

    Raises:
        ValueError: the grid has not the version's size.
    """
    grid = normalised(logits, version)
    if knowledge.among is not None:
        listed = knowledge.among.read(grid, version)
        if listed is not None:
            return _reading(grid, listed, version, "list", floor=0.0)
    if not passes_gate(grid, version):
        return None
    odds = log_likelihoods(grid, version)
    for level in likely_levels(grid, version):
        words = Words(CodeBits.of(odds, version, level), knowledge.prefixes, tried)
        for method, data in words.attempts(thorough=thorough):
            payload = codec.parse(data, version, level)
            if payload is None:
                continue
            verdict = judged(payload, words.bits, knowledge.prefixes)
            if verdict is not None and verdict.bits >= MESSAGE_BITS:
                return _reading(grid, verdict, version, method)
    return None


def normalised(logits: NDArray[np.floating], version: int) -> Floats:
    """Soft values in units of their median size, limited to 3, unknown ones 0.

    Raises:
        ValueError: the grid has not the version's size.
    """
    size = grid_size(version)
    if logits.shape != (size, size):
        raise ValueError(f"logits {logits.shape}: expected ({size}, {size}) for version {version}")
    grid = np.nan_to_num(logits.astype(np.float64), nan=0.0, posinf=1e30, neginf=-1e30)
    known = np.abs(grid[grid != 0])
    median = float(np.median(known)) if known.size else 1.0
    return np.clip(grid / median, -_CLIP, _CLIP).astype(np.float32)


def passes_gate(grid: Floats, version: int) -> bool:
    """Whether soft values (N, N) agree with the patterns of every code well enough to try."""
    mask, values = function_modules(version)
    known = mask & (grid != 0)
    if known.sum() < mask.sum() / 2:
        return False
    agreement = ((grid > 0) == values)[known].mean()
    return bool(
        agreement >= MIN_PATTERN_AGREEMENT and presence_score(grid, version) >= MIN_PRESENCE
    )


def likely_levels(grid: NDArray[np.floating], version: int) -> list[Level]:
    """The best level by its format word, and the next where that is a close one."""
    soft = grid[format_positions(version)].sum(axis=0)
    scores = {level: float((soft * np.where(format_bits(level), 1, -1)).sum()) for level in LEVELS}
    best, second = sorted(LEVELS, key=lambda level: -scores[level])[:2]
    return [best, second] if scores[second] > 0.5 * scores[best] else [best]


def _reading(
    grid: Floats, verdict: Verdict, version: int, method: Method, floor: float = MIN_AGREEMENT
) -> GridReading | None:
    """The reading, if so much of the whole grid agrees with it."""
    code = encode_as(verdict.payload, version, verdict.level)
    signed = grid * np.where(code.modules, 1, -1)
    right, known = signed > 0, grid != 0
    if right.sum() < floor * known.sum():
        return None
    return GridReading(
        payload=verdict.payload,
        version=version,
        level=verdict.level,
        modules=code.modules,
        agreement=float(right.sum() / known.sum()),
        confidence=float(np.clip(signed.sum() / np.abs(grid).sum(), 0, 1)),
        method=method,
        bits=verdict.bits,
        by=verdict.by,
    )

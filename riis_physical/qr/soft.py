"""Soft module values to a message, far beyond what a QR decoder reads.

The steps: gate on the patterns that every code has; rank the four levels by the
correlation of their format word (the mask is fixed, so each level has one); take the
mask off and undo the interleaving; then, for each Reed-Solomon block until one of them
gives a word with enough evidence,

1. algebraic decoding of the hard decisions;
2. ordered-statistics decoding;
3. algebraic decoding with a ladder of erasures, the least certain codewords first;
4. the last two again with soft values weighted by how often known modules and the
   blocks already read were wrong nearby (glare, a finger on the picture).

False accepts
-------------
A reading is accepted on evidence, not because a decoder returned something. Take a
grid of fair coins, whatever the sizes of its soft values. Each step finds a word with
b bits of evidence in a block with a chance of at most 2 ** -b (see :mod:`evidence`;
neither the order of the erasures nor the weights depend on the signs within the
block). Every block must have ``BLOCK_BITS`` and the data codewords must be exactly
those that :mod:`payload` builds from the message, which holds for one of 2 ** 15
random ones (mode, count, terminator). With up to 20 tries a block (two weightings,
and a ladder of up to 15 steps), 2 levels and one block that is below
20 * 2 * 2 ** -(24 + 15) = 8e-11 a grid, and with more blocks far less. A grid that does
not read is tried once more with what seems covered erased, by the sizes of the values
alone (:mod:`capture.occlusion`): 1.6e-10. One photo is tried in 4 orientations and 10
versions at several places; a thousand grids are below 2e-7. The gate on the function patterns comes
on top, and the floor ``MIN_AGREEMENT`` is for pictures that are not random.

The same bound for each block keeps a real code with a few unreadable blocks from
giving a wrong message: a wrong word passes in less than one of 800,000 blocks that fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from riis_physical.qr import evidence, reed_solomon
from riis_physical.qr import payload as codec
from riis_physical.qr.encode import encode_as
from riis_physical.qr.ordered import OrderedBlock
from riis_physical.qr.presence import function_modules, presence_score
from riis_physical.qr.reed_solomon import Bytes, encode_block
from riis_physical.qr.structure import (
    LEVELS,
    Block,
    BoolGrid,
    Level,
    blocks,
    codeword_count,
    data_mask,
    data_positions,
    format_bits,
    format_positions,
    grid_size,
    known_modules,
)

BLOCK_BITS = 24.0
"""Evidence that each block needs, see :mod:`evidence`."""
MIN_AGREEMENT = 0.75
"""Part of all codeword modules that must agree with the re-encoded grid, at least."""
MIN_PATTERN_AGREEMENT = 0.66
"""Part of the function-pattern modules that must have the expected sign."""
MIN_PRESENCE = 0.3
"""Least :func:`presence_score` of a grid that is tried."""

_CLIP = 3.0  # largest soft value, in units of the median size
_NEIGHBOURHOOD = 2.0  # sigma in modules of the map of local error rates

Method = Literal["algebraic", "ordered", "weighted"]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GridReading:
    """A message read from, or confirmed by, a grid of soft values.

    Attributes:
        payload: the message's bytes.
        version: QR version.
        level: error-correction level.
        modules: the code that holds the payload, (N, N), True where dark.
        agreement: part of the grid's known modules whose soft value has the right sign.
        confidence: in [0, 1]: the same, each module weighted by its soft value's size
            and 0 for a balance of right and wrong.
        method: what read the last block: ``algebraic``, ``ordered`` or ``weighted``.
    """

    payload: bytes
    version: int
    level: Level
    modules: BoolGrid
    agreement: float
    confidence: float
    method: Method


def read_grid(logits: NDArray[np.floating], version: int) -> GridReading | None:
    """Read a message from soft module values.

    Args:
        logits: (N, N), positive for dark; only relative sizes matter. NaN counts as
            not known.
        version: 1 to 10; N = 17 + 4 * version.

    Returns:
        the message with its evidence, None where there is not enough evidence.

    Raises:
        ValueError: the grid has not the version's size.
    """
    grid = normalised(logits, version)
    if not _has_patterns(grid, version):
        return None
    for level in likely_levels(grid, version):
        found = _read_blocks(grid, version, level)
        if found is not None:
            data, method = found
            payload = codec.parse(data, version, level)
            if payload is not None:
                return _judge(grid, payload, version, level, method)
    return None


def confirm(logits: NDArray[np.floating], version: int, payload: bytes) -> GridReading | None:
    """Evidence that the grid holds ``payload``, None where it is not enough.

    For messages that another decoder claims: the level is found here, and the payload
    must fit the version. Each block of its code must have the evidence that a
    Reed-Solomon decoder's word would need.
    """
    grid = normalised(logits, version)
    if not payload or not _has_patterns(grid, version):
        return None
    soft = codeword_bits(grid, version)
    for level in likely_levels(grid, version):
        if len(payload) > codec.capacity(version, level):
            continue
        data = codec.build(payload, version, level)
        start = 0
        convincing = True
        for block in blocks(version, level):
            word = encode_block(data[start : start + block.data_count], block.check_count)
            start += block.data_count
            convincing &= _is_convincing(word, soft[block.positions], block)
        if convincing:
            return _judge(grid, payload, version, level, "algebraic")
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


def _has_patterns(grid: Floats, version: int) -> bool:
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


def _read_blocks(grid: Floats, version: int, level: Level) -> tuple[Bytes, Method] | None:
    """Data codewords, where every block gives a word with enough evidence."""
    layout = blocks(version, level)
    soft = codeword_bits(grid, version)
    method: Method = "algebraic"
    words = [_hard_word(soft[block.positions], block) for block in layout]
    for index, block in enumerate(layout):
        if words[index] is None:
            method = "ordered"
            words[index] = _soft_word(soft[block.positions], block)
            # With most blocks unreadable there is nothing to learn the weights from.
            if sum(word is None for word in words[: index + 1]) > len(layout) / 2:
                return None
    if any(word is None for word in words):
        method = "weighted"
        soft = soft * _local_weights(grid, version, level, words)
        for index, block in enumerate(layout):
            if words[index] is None:
                words[index] = _soft_word(soft[block.positions], block)
                if words[index] is None:
                    return None
    parts = [
        word[: block.data_count]
        for word, block in zip(words, layout, strict=True)
        if word is not None
    ]
    return np.concatenate(parts), method


def codeword_bits(grid: Floats, version: int) -> Floats:
    """Unmasked soft bits by codeword, (codewords, 8), positive for 1."""
    soft = np.where(data_mask(version), -1, 1) * grid[data_positions(version)]
    return soft.astype(np.float32).reshape(codeword_count(version), 8)


def _hard_word(soft: Floats, block: Block) -> Bytes | None:
    hard = np.packbits(soft.ravel() > 0)[None]
    unknown = (soft == 0).any(axis=1)[None]
    words, valid = reed_solomon.decode(hard, unknown, block.check_count)
    word: Bytes = words[0]
    return word if valid[0] and _is_convincing(word, soft, block) else None


def _soft_word(soft: Floats, block: Block) -> Bytes | None:
    """Word of one block from its soft bits (n, 8), by ordered statistics or erasures."""
    ordered = OrderedBlock(soft.ravel(), block.data_count, block.check_count)
    for attempt in (ordered.up_to_two, ordered.up_to_three):
        word = attempt()
        bits = evidence.ordered_bits(word.candidates, word.checked, word.agreeing)
        if bits >= BLOCK_BITS:
            return word.symbols
    return _ladder_word(soft, block)


def _ladder_word(soft: Floats, block: Block) -> Bytes | None:
    """Best word with enough evidence over growing numbers of erasures."""
    erased = erasure_ladder(soft, block.check_count)
    hard = np.packbits(soft.ravel() > 0)
    received = np.repeat(hard[None], len(erased), axis=0)
    words, valid = reed_solomon.decode(received, erased, block.check_count)
    for word, places in zip(words[valid], erased[valid], strict=True):
        if _is_convincing(word, soft, block, places):
            found: Bytes = word
            return found
    return None


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


def _is_convincing(
    word: Bytes, soft: Floats, block: Block, erased: NDArray[np.bool_] | None = None
) -> bool:
    """Whether a codeword (n,) has enough evidence in the soft bits (n, 8)."""
    bits = np.unpackbits(word).reshape(-1, 8) > 0
    known = soft != 0
    right = (bits == (soft > 0)) & known
    # A codeword with an unknown bit tells nothing that the bound could count.
    left_out = ~known.all(axis=1) if erased is None else erased | ~known.all(axis=1)
    errors, erasures = int((~right.all(axis=1) & ~left_out).sum()), int(left_out.sum())
    if errors <= evidence.most_errors(len(word), block.check_count, erasures, BLOCK_BITS):
        return True
    count, agreeing = int(known.sum()), int(right.sum())
    return evidence.any_word_bits(8 * block.data_count, count, agreeing) >= BLOCK_BITS


def _local_weights(
    grid: Floats,
    version: int,
    level: Level,
    words: Sequence[Bytes | None],
) -> Floats:
    """Weights (codewords, 8) for soft bits from the errors among what is known by now.

    Words that are None are not known.
    """
    known, expected = (array.copy() for array in known_modules(version, level))
    bits = np.zeros((codeword_count(version), 8), bool)
    certain = np.zeros((codeword_count(version), 8), bool)
    for word, block in zip(words, blocks(version, level), strict=True):
        if word is not None:
            bits[block.positions] = np.unpackbits(word).reshape(-1, 8)
            certain[block.positions] = True
    places = data_positions(version)
    known[places] = certain.ravel()
    expected[places] = bits.ravel() ^ data_mask(version)
    known &= grid != 0
    wrong = (known & ((grid > 0) != expected)).astype(np.float32)
    count = known.astype(np.float32)
    overall = float((wrong.sum() + 1) / (count.sum() + 2))
    near = gaussian_filter(wrong, _NEIGHBOURHOOD, mode="constant") + 0.05 * overall
    rate = near / (gaussian_filter(count, _NEIGHBOURHOOD, mode="constant") + 0.05)
    rate = np.clip(rate, 0.005, 0.495)
    weights: Floats = np.log((1 - rate) / rate)[places].astype(np.float32)
    return weights.reshape(-1, 8)


def _judge(
    grid: Floats, payload: bytes, version: int, level: Level, method: Method
) -> GridReading | None:
    """The reading, if the whole grid agrees with it."""
    code = encode_as(payload, version, level)
    signed = grid * np.where(code.modules, 1, -1)
    right, known = signed > 0, grid != 0
    data = data_positions(version)
    if right[data].sum() < MIN_AGREEMENT * known[data].sum():
        return None
    return GridReading(
        payload=payload,
        version=version,
        level=level,
        modules=code.modules,
        agreement=float(right.sum() / known.sum()),
        confidence=float(np.clip(signed.sum() / np.abs(grid).sum(), 0, 1)),
        method=method,
    )

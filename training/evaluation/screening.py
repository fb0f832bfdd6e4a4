"""A fast test that most random grids fail and no readable grid does.

`read_grid` takes some 25 ms for a grid without a message, because it tries all that it
can. Where many grids share the sizes of their soft values and differ in the signs alone,
what depends on the sizes (the basis of ordered statistics with its candidates, the
erasures of the ladder) is worked out once, and a grid costs a count of bits for each
candidate. A grid is passed on if any of the necessary conditions of
:mod:`riis_physical.qr.soft` holds in any of the blocks looked at, and it is looked at so
many blocks that a reading needs one of them. What passes is then really read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr import evidence, reed_solomon
from riis_physical.qr.ordered import TRIPLE_BITS, OrderedBlock, candidate_count
from riis_physical.qr.soft import BLOCK_BITS, codeword_bits, erasure_ladder
from riis_physical.qr.structure import Block, Level, blocks

Words = NDArray[np.uint64]
_PART = 4096  # candidates at a time: they stay in the cache


@dataclass(frozen=True)
class Screen:
    """Grids of one version and level with the same sizes of soft values.

    Attributes:
        version: 1 to 10.
        level: error-correction level.
        parts: what to look for in each block that is looked at.
    """

    version: int
    level: Level
    parts: tuple[_BlockScreen, ...]

    @classmethod
    def of(cls, sizes: NDArray[np.floating], version: int, level: Level) -> Screen:
        """Prepare for grids whose absolute normalised values are `sizes` (N, N)."""
        layout = blocks(version, level)
        # A reading needs half of the blocks before their neighbours can help the others.
        few = sorted(layout, key=lambda block: block.data_count)[: len(layout) // 2 + 1]
        bits = np.abs(codeword_bits(sizes.astype(np.float32), version))
        parts = tuple(_BlockScreen.of(bits[block.positions], block) for block in few)
        return cls(version, level, parts)

    def passes(self, grids: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which of the normalised grids (G, N, N) could be read, (G,)."""
        soft = np.stack([codeword_bits(grid, self.version) for grid in grids])
        found = np.zeros(len(grids), bool)
        for part in self.parts:
            found |= part.passes(soft[:, part.block.positions])
        return found


@dataclass(frozen=True)
class _BlockScreen:
    """The same for one block.

    Attributes:
        block: its layout.
        basis: (K,) places of the basis in the block's bits. rest: (M,) all others.
        reduced: (K, M) bits outside the basis that each bit of the basis turns.
        candidates: (C, W) packed changes outside the basis, W words of 64 bits.
        most_wrong: candidates with more disagreeing bits outside the basis have too
            little evidence.
        erased: (R, n) the ladder.
    """

    block: Block
    basis: NDArray[np.intp]
    rest: NDArray[np.intp]
    reduced: NDArray[np.uint8]
    candidates: Words
    most_wrong: int
    erased: NDArray[np.bool_]

    @classmethod
    def of(cls, sizes: NDArray[np.float32], block: Block) -> _BlockScreen:
        ordered = OrderedBlock(sizes.ravel(), block.data_count, block.check_count)
        basis, rest, reduced = ordered.basis, ordered.rest, ordered.reduced
        rows = _packed(reduced)
        left, right = np.triu_indices(len(rows), 1)
        weak = rows[max(0, len(rows) - TRIPLE_BITS) :]
        i, j, k = _triples(len(weak))
        changes = [
            np.zeros_like(rows[:1]),
            rows,
            rows[left] ^ rows[right],
            weak[i] ^ weak[j] ^ weak[k],
        ]
        checked = len(rest)
        fewest = candidate_count(len(rows), 2)
        most_wrong = max(
            (
                wrong
                for wrong in range(checked + 1)
                if evidence.ordered_bits(fewest, checked, checked - wrong) >= BLOCK_BITS
            ),
            default=-1,
        )
        none = np.zeros((1, len(sizes)), bool)
        erased = np.concatenate([none, erasure_ladder(sizes, block.check_count)])
        return cls(block, basis, rest, reduced, np.concatenate(changes), most_wrong, erased)

    def passes(self, soft: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of the soft bits (G, n, 8) might give a word with enough evidence, (G,)."""
        hard = soft.reshape(len(soft), -1) > 0
        return self._near_candidate(hard) | self._decodes(hard)

    def _near_candidate(self, hard: NDArray[np.bool_]) -> NDArray[np.bool_]:
        # Bits outside the basis where the word of the unchanged basis disagrees.
        turned = hard[:, self.basis].astype(np.float32) @ self.reduced.astype(np.float32)
        start = _packed((turned.astype(np.int64) & 1) ^ hard[:, self.rest])
        found = np.zeros(len(hard), bool)
        for first in range(0, len(self.candidates), _PART):
            part = np.ascontiguousarray(self.candidates[first : first + _PART].T)
            for grid, word in enumerate(start):
                wrong = np.bitwise_count(part[0] ^ word[0])
                for row, bits in zip(part[1:], word[1:], strict=True):
                    wrong += np.bitwise_count(row ^ bits)
                found[grid] |= int(wrong.min()) <= self.most_wrong
        return found

    def _decodes(self, hard: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any step of the ladder gives a word with enough evidence."""
        words = np.packbits(hard, axis=1)
        count, steps = len(words), len(self.erased)
        received = np.repeat(words, steps, axis=0)
        erased = np.tile(self.erased, (count, 1))
        decoded, valid = reed_solomon.decode(received, erased, self.block.check_count)
        found = np.zeros(count, bool)
        for index in np.flatnonzero(valid):
            found[index // steps] |= self._has_evidence(
                decoded[index], received[index], erased[index]
            )
        return found

    def _has_evidence(
        self, word: NDArray[np.uint8], received: NDArray[np.uint8], erased: NDArray[np.bool_]
    ) -> bool:
        check_count = self.block.check_count
        errors = int(((word != received) & ~erased).sum())
        erasures = int(erased.sum())
        agreeing = 8 * len(word) - int(np.bitwise_count(word ^ received).sum())
        least = 8 * self.block.data_count
        return (
            2 * errors + erasures <= check_count
            and evidence.algebraic_bits(len(word), check_count, erasures, errors) >= BLOCK_BITS
        ) or evidence.any_word_bits(least, 8 * len(word), agreeing) >= BLOCK_BITS


def _packed(bits: NDArray[np.integer] | NDArray[np.bool_]) -> Words:
    """Rows of bits (R, M) in words of 64, (R, W)."""
    octets = np.packbits(bits.astype(np.uint8), axis=1)
    short = -octets.shape[1] % 8
    return np.ascontiguousarray(np.pad(octets, ((0, 0), (0, short)))).view(np.uint64)


def _triples(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    i, j, k = np.meshgrid(*[np.arange(count)] * 3, indexing="ij")
    keep = (i < j) & (j < k)
    return i[keep], j[keep], k[keep]

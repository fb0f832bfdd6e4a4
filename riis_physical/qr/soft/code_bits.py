"""The soft bits of a grid, read as a code of one version and level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.reed_solomon import Bytes, encode_block
from riis_physical.qr.code.structure import (
    Block,
    Level,
    blocks,
    codeword_count,
    data_mask,
    data_positions,
)
from riis_physical.qr.soft.evidence import CAPS, bit_gains

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CodeBits:
    """Calibrated soft bits of one grid read as a code of one version and level.

    Attributes:
        version, level: of the code.
        odds: (codewords, 8) natural log odds of each unmasked bit being 1.
        grid: (N, N) log odds of each module being dark, that they came from.
    """

    version: int
    level: Level
    odds: Floats
    grid: Floats

    @classmethod
    def of(cls, grid: Floats, version: int, level: Level) -> CodeBits:
        """From the log odds (N, N) of modules being dark."""
        return cls(version, level, codeword_bits(grid, version), grid)

    @cached_property
    def layout(self) -> tuple[Block, ...]:
        return tuple(blocks(self.version, self.level))

    @cached_property
    def gains(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bits for a 1 and for a 0, (codewords, 8) each."""
        return bit_gains(self.odds)

    @cached_property
    def _capped(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        return [bit_gains(np.clip(self.odds, -cap, cap)) for cap in CAPS]

    def word_gains(self, number: int, word: Bytes) -> NDArray[np.float64]:
        """Bits that a block's values speak for a word (n,), for each of CAPS."""
        bits = np.unpackbits(word).reshape(-1, 8) > 0
        where = self.layout[number].positions
        return np.array(
            [float(np.where(bits, ones[where], zeros[where]).sum()) for ones, zeros in self._capped]
        )

    def block_gains(self, data: Bytes) -> NDArray[np.float64]:
        """The same of each block for data codewords, check symbols included, (caps, blocks)."""
        total = []
        for number, block in enumerate(self.layout):
            start = self.data_part(number).start // 8
            word = encode_block(data[start : start + block.data_count], block.check_count)
            total.append(self.word_gains(number, word))
        return np.stack(total, axis=1)

    def data_part(self, number: int) -> slice:
        """Where the data bits of a block lie among all data bits."""
        start = 8 * sum(block.data_count for block in self.layout[:number])
        return slice(start, start + 8 * self.layout[number].data_count)

    def data_gains(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bits for a 1 and for a 0 of the data bits in the order of the message."""
        order = np.concatenate([block.positions[: block.data_count] for block in self.layout])
        ones, zeros = self.gains
        return ones[order].ravel(), zeros[order].ravel()


def codeword_bits(grid: NDArray[np.floating], version: int) -> Floats:
    """Unmasked soft bits by codeword, (codewords, 8), positive for 1."""
    soft = np.where(data_mask(version), -1, 1) * grid[data_positions(version)]
    return soft.astype(np.float32).reshape(codeword_count(version), 8)

"""Ordered-statistics decoding of one Reed-Solomon block from soft bits.

A block is read as a binary linear code. The most reliable independent bits, as many
as the block has data bits, are taken as received; they fix a codeword. Then every
change of one or two of them, and of three of the least reliable of them, gives
further codewords, and the one that correlates best with the soft bits wins. With
independent noise this reads far beyond the errors that algebraic decoding corrects
(level H: about 13 % of the modules instead of 5 %).

It always gives a codeword, so the caller must test it (:mod:`evidence`).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.reed_solomon import Bytes, check_matrix, multiply

TRIPLE_BITS = 64
"""Least reliable bits of the basis among which three are changed at once."""

Floats = NDArray[np.float32]


@cache
def generator_bits(data_count: int, check_count: int) -> NDArray[np.uint8]:
    """Binary generator matrix (8 * data_count, 8 * (data_count + check_count)), 0 or 1."""
    units = (128 >> np.arange(8)).astype(np.uint8)
    checks = multiply(check_matrix(data_count, check_count)[:, None, :], units[None, :, None])
    data = np.zeros((data_count, 8, data_count), np.uint8)
    for symbol in range(data_count):
        data[symbol, :, symbol] = units
    rows = np.concatenate([data, checks], axis=2).reshape(8 * data_count, -1)
    bits: NDArray[np.uint8] = np.unpackbits(rows, axis=1)
    bits.setflags(write=False)
    return bits


class OrderedBlock:
    """Ordered-statistics decoder of one received block.

    Args:
        soft: (8 * (data_count + check_count),) soft bits in codeword order, positive
            for 1; only their relative size matters.
        data_count: data symbols.
        check_count: check symbols.
    """

    def __init__(self, soft: Floats, data_count: int, check_count: int) -> None:
        self._size = 8 * data_count
        self._order = np.argsort(-np.abs(soft), kind="stable")
        generator = generator_bits(data_count, check_count)
        self._rows, self._basis = _reduce(generator[:, self._order], self._size)
        outside = np.ones(len(soft), bool)
        outside[self._basis] = False
        self._rest = rest = np.flatnonzero(outside)
        self._value = value = soft[self._order].astype(np.float32)
        first = (value > 0)[self._basis].astype(np.uint8)
        self._start = (first @ self._rows & 1).astype(bool)
        # How one change turns the check bits, and what it costs within the basis.
        self._signs = 1 - 2 * self._rows[:, rest].astype(np.float32)
        kept = np.where(self._start[rest], value[rest], -value[rest])
        self._weighted = self._signs * kept
        self._cost = 2 * np.abs(value[self._basis])
        self._base = float(np.abs(value[self._basis]).sum())
        self._best = self._base + float(kept.sum())
        self._flips: tuple[int, ...] = ()

    def up_to_two(self) -> Bytes:
        """Best codeword (n,), data symbols first, with at most two changes in the basis."""
        one = self._base + self._weighted.sum(axis=1) - self._cost
        self._offer(float(one.max()), int(one.argmax()))
        two = self._weighted @ self._signs.T
        two += self._base - self._cost[:, None] - self._cost[None, :]
        np.fill_diagonal(two, -np.inf)
        self._offer(float(two.max()), *divmod(int(two.argmax()), self._size))
        return self._word()

    def up_to_three(self) -> Bytes:
        """The same or better with three changes among the least reliable of the basis.

        Call :meth:`up_to_two` first.
        """
        weak = slice(max(0, self._size - TRIPLE_BITS), self._size)
        signs, cost = self._signs[weak], self._cost[weak]
        left, right = np.triu_indices(len(cost), 1)
        # A change counted twice only costs: it never beats the single change it equals.
        three = (self._weighted[weak][left] * signs[right]) @ signs.T
        three += self._base - (cost[left] + cost[right])[:, None] - cost[None, :]
        row, column = divmod(int(three.argmax()), len(cost))
        places = (int(left[row]), int(right[row]), column)
        self._offer(float(three[row, column]), *(weak.start + place for place in places))
        return self._word()

    def _offer(self, correlation: float, *flips: int) -> None:
        if correlation > self._best and len(set(flips)) == len(flips):
            self._best, self._flips = correlation, flips

    def _word(self) -> Bytes:
        turned = self._rows[list(self._flips)].sum(axis=0) % 2 == 1
        bits = np.zeros(len(turned), bool)
        bits[self._order] = self._start ^ turned
        word: Bytes = np.packbits(bits)
        return word


def _reduce(matrix: NDArray[np.uint8], size: int) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Gauss-Jordan elimination over GF(2), earliest columns first.

    Returns:
        the reduced matrix and its pivot columns (size,), ascending: row i is 1 in pivot
        column i and 0 in the others.
    """
    length = matrix.shape[1]
    packed = np.packbits(matrix, axis=1)
    pivots: list[int] = []
    for column in range(length):
        byte, shift = column >> 3, 7 - (column & 7)
        ones = np.flatnonzero((packed[:, byte] >> shift) & 1)
        rank = len(pivots)
        candidates = ones[ones >= rank]
        if not len(candidates):
            continue
        pivot = candidates[0]
        row = packed[pivot].copy()
        packed[ones] ^= row  # clears the pivot too, which is set again below
        packed[pivot] = packed[rank]
        packed[rank] = row
        pivots.append(column)
        if len(pivots) == size:
            break
    return np.unpackbits(packed, axis=1, count=length), np.array(pivots, np.intp)

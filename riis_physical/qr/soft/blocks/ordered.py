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
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.reed_solomon import Bytes, check_matrix, multiply

TRIPLE_BITS = 64
"""Cheapest changes of the basis of which three are made at once."""

FOUR_BITS, FIVE_BITS = 8, 10
"""Control bits that four and five changes must leave right."""
CONTROL_SETS = 4
"""Sets of control bits, in case a bit of the first ones is wrong."""
MATCHED = {2: 64, 3: 32}
"""Cheapest changes among which two and three are matched."""
MOST_MATCHED = 8000
"""Matched sets that are compared, the cheapest ones."""

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
        rest = np.flatnonzero(outside)
        value = soft[self._order].astype(np.float32)
        first = (value > 0)[self._basis].astype(np.uint8)
        self._start = (first @ self._rows & 1).astype(bool)
        # How one change turns the check bits, and what it costs within the basis.
        signs = 1 - 2 * self._rows[:, rest].astype(np.float32)
        kept = np.where(self._start[rest], value[rest], -value[rest])
        self._kept = kept
        self._signs = signs
        self._cost = 2 * np.abs(value[self._basis])
        self._base = float(np.abs(value[self._basis]).sum())
        self._flips = [np.array([place], np.intp) for place in range(self._size)]

    @property
    def start(self) -> NDArray[np.bool_]:
        """The codeword of the unchanged basis, (8 n,) bits in codeword order."""
        bits = np.zeros(len(self._start), bool)
        bits[self._order] = self._start
        return bits

    def add_changes(self, patterns: NDArray[np.bool_]) -> None:
        """Further changes that count as one: several bits that are likely wrong together.

        Args:
            patterns: (P, 8 n), True where a bit is turned; bits outside the basis follow.
        """
        turned = patterns[:, self._order][:, self._basis]
        turned = np.unique(turned[turned.sum(axis=1) > 1], axis=0)
        if not len(turned):
            return
        parity = turned.astype(np.float32) @ (self._signs < 0).astype(np.float32)
        self._signs = np.concatenate([self._signs, 1 - 2 * (parity % 2)])
        self._cost = np.concatenate([self._cost, turned @ self._cost[: self._size]])
        self._flips += [np.flatnonzero(row) for row in turned]

    def words(self, changes: int, most: int) -> Bytes:
        """The codewords that agree best with the soft bits, best first.

        Args:
            changes: 2, 3 or 5, how many are made at once; three among TRIPLE_BITS of the
                cheapest alone, more where they also mend some of the surest other bits
                ("box and match", Valembois and Fossorier 2004).
            most: words to return.

        Returns:
            (at most `most`, n) symbols, data symbols first.
        """
        one = self._base + self._signs @ self._kept - self._cost
        none = np.array([self._base + float(self._kept.sum())], np.float32)
        two = (self._signs * self._kept) @ self._signs.T
        two += self._base - self._cost[:, None] - self._cost[None, :]
        upper = np.triu_indices(len(one), 1)
        found: list[tuple[float, tuple[int, ...]]] = [(float(none[0]), ())]
        found += [(float(one[place]), (int(place),)) for place in _largest(one, most)]
        pairs = two[upper]
        found += [
            (float(pairs[place]), (int(upper[0][place]), int(upper[1][place])))
            for place in _largest(pairs, most)
        ]
        if changes > 2:
            found += self._threes(most)
        if changes > 3:
            found += self._matched(2, 2, FOUR_BITS, most)
            found += self._matched(3, 2, FIVE_BITS, most)
        found.sort(key=lambda word: -word[0])
        words: dict[bytes, Bytes] = {}
        for _, flips in found:
            word = self._word(flips)
            words.setdefault(word.tobytes(), word)
            if len(words) == most:
                break
        return np.stack(list(words.values()))

    def best(self, changes: int) -> Bytes:
        """The best codeword (n,), see :meth:`words`."""
        word: Bytes = self.words(changes, 1)[0]
        return word

    def _threes(self, most: int) -> list[tuple[float, tuple[int, ...]]]:
        weak = np.argsort(self._cost, kind="stable")[:TRIPLE_BITS]
        signs, cost = self._signs[weak], self._cost[weak]
        left, right = np.triu_indices(len(cost), 1)
        # A change counted twice only costs: it never beats the single change it equals.
        three = (signs[left] * signs[right] * self._kept) @ signs.T
        three += self._base - (cost[left] + cost[right])[:, None] - cost[None, :]
        flat = three.ravel()
        result = []
        for place in _largest(flat, 3 * most):
            row, column = divmod(int(place), len(cost))
            flips = {int(left[row]), int(right[row]), column}
            if len(flips) == 3:
                result.append((float(flat[place]), tuple(int(weak[flip]) for flip in flips)))
        return result

    def _matched(
        self, more: int, fewer: int, control: int, most: int
    ) -> list[tuple[float, tuple[int, ...]]]:
        """Changes of `more` and of `fewer` at once that leave some control bits right.

        The control bits are the surest ones outside the basis, CONTROL_SETS sets in turn.
        """
        one, other = self._combined(more, MATCHED[more]), self._combined(fewer, MATCHED[fewer])
        turns = self._signs < 0
        result: list[tuple[float, tuple[int, ...]]] = []
        for number in range(CONTROL_SETS):
            bits = slice(number * control, (number + 1) * control)
            if bits.stop > turns.shape[1]:
                break
            weights = (1 << np.arange(control)).astype(np.int64)
            keys = turns[:, bits] @ weights
            target = int((self._kept[bits] < 0) @ weights)
            left = np.bitwise_xor.reduce(keys[one], axis=1) ^ target
            right = np.bitwise_xor.reduce(keys[other], axis=1)
            order = np.argsort(right, kind="stable")
            low = np.searchsorted(right[order], left, "left")
            count = np.searchsorted(right[order], left, "right") - low
            first = np.repeat(np.arange(len(left)), count)
            offset = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
            second = order[np.repeat(low, count) + offset]
            places = np.concatenate([one[first], other[second]], axis=1)
            cost = self._cost[places].sum(axis=1)
            cheap = _largest(-cost, MOST_MATCHED)
            places, cost = places[cheap], cost[cheap]
            signs = self._signs[places[:, 0]]
            for column in range(1, places.shape[1]):
                signs = signs * self._signs[places[:, column]]
            agreement = self._base + signs @ self._kept - cost
            for place in _largest(agreement, most):
                flips = tuple(int(flip) for flip in places[place])
                if len(set(flips)) == len(flips):
                    result.append((float(agreement[place]), flips))
        return result

    def _combined(self, changes: int, among: int) -> NDArray[np.intp]:
        """All sets of so many of the cheapest changes, (sets, changes)."""
        cheapest = np.argsort(self._cost, kind="stable")[:among]
        return np.asarray(cheapest[_combinations(len(cheapest), changes)], np.intp)

    def _word(self, flips: tuple[int, ...]) -> Bytes:
        turned = np.zeros(len(self._start), bool)
        for flip in flips:
            turned ^= self._rows[self._flips[flip]].sum(axis=0) % 2 == 1
        bits = np.zeros(len(turned), bool)
        bits[self._order] = self._start ^ turned
        word: Bytes = np.packbits(bits)
        return word


@cache
def _combinations(count: int, changes: int) -> NDArray[np.intp]:
    sets = np.array(list(combinations(range(count), changes)), np.intp)
    sets.setflags(write=False)
    return sets


def _largest(values: NDArray[np.floating], most: int) -> NDArray[np.intp]:
    """Places of the largest values, in any order."""
    if len(values) <= most:
        return np.arange(len(values))
    return np.argpartition(-values, most - 1)[:most]


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

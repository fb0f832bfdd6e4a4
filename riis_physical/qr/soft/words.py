"""Words for the Reed-Solomon blocks of one code, by decoders from cheap to dear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from riis_physical.qr.code import reed_solomon
from riis_physical.qr.code.reed_solomon import Bytes, encode_block
from riis_physical.qr.code.segments import BYTE, count_bits
from riis_physical.qr.code.structure import (
    Block,
    Level,
    blocks,
    codeword_count,
    data_mask,
    data_positions,
    known_modules,
)
from riis_physical.qr.prior.message_prior import (
    DataBits,
    Fit,
    SoftText,
    characters_log2,
    texts_log2,
)
from riis_physical.qr.soft.evidence import CAPS, bit_gains, expected_bits
from riis_physical.qr.soft.ordered import OrderedBlock

Method = Literal["algebraic", "ordered", "prior", "weighted", "list"]
Floats = NDArray[np.float32]

SURE_BITS = 20.0
"""Evidence of a word by which it counts as known while others are sought."""
MOST_FITS = 4
"""Hypotheses about way and length that are tried one by one."""
WORDS = 64
"""Words of a block that are compared as text."""
SWEEPS = 3
"""Times that each block's word is chosen anew beside the others."""
SURE_TEXT_BITS = 12.0
"""The same of a word chosen as text, which the whole message's evidence tests again."""
DEAR_FITS = 2
"""Hypotheses that are tried with the dear decoders."""
UNLIKELIER_BITS = 12.0
"""A hypothesis that is unlikelier than the best one by so much is left out."""
LEAST_INFORMATION, DEAR_INFORMATION = 0.15, 0.26
"""Bits a module must tell, by its own account, for ordered statistics to be tried, and for
their highest order: under Gaussian noise 30 % and 24 % of the modules are wrong there."""
_KNOWN = 400.0
_NEIGHBOURHOOD = 2.0  # sigma in modules of the map of local error rates


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


class Words:
    """Finds words for all blocks of a code.

    Args:
        bits: the code's soft bits.
        prefixes: beginnings that the reader gave.
    """

    def __init__(self, bits: CodeBits, prefixes: tuple[bytes, ...] = ()) -> None:
        self.bits = bits
        self._prefixes = prefixes
        self._sure: list[Bytes | None] = [None] * len(bits.layout)
        self._by_text: set[int] = set()

    def attempts(self, *, thorough: bool) -> Iterator[tuple[Method, Bytes]]:
        """Data codewords that may be the message's, the cheap ones first.

        Args:
            thorough: try all that decoders know, for up to half a second.
        """
        for number in range(len(self._sure)):
            self._sure[number] = self._algebraic(number)
        if not self._missing():
            yield "algebraic", self._data(self._sure)
        information = expected_bits(self.bits.odds) / self.bits.odds.size
        if information < LEAST_INFORMATION:
            return
        flat = self._ordered_words()
        if flat is not None:
            yield "ordered", flat
        for data in self._with_prior(3, MOST_FITS):
            yield "prior", data
        yield from self._weighted()
        if thorough and information >= DEAR_INFORMATION:
            for number in self._by_text:
                self._sure[number] = None  # one of them may be why the whole was refused
            for data in self._with_prior(5, DEAR_FITS):
                yield "prior", data

    def _data(self, words: list[Bytes | None]) -> Bytes:
        parts = [
            word[: block.data_count]
            for word, block in zip(words, self.bits.layout, strict=True)
            if word is not None
        ]
        return np.concatenate(parts)

    def _gain(self, number: int, word: Bytes) -> float:
        """Bits that a block's values speak for a word."""
        return float(self.bits.word_gains(number, word).max()) - np.log2(len(CAPS))

    def _evidence(self, number: int, word: Bytes) -> float:
        """Bits of a word by itself, its data as likely as any other."""
        return self._gain(number, word) - 8.0 * self.bits.layout[number].data_count

    def _algebraic(self, number: int) -> Bytes | None:
        block = self.bits.layout[number]
        soft = self.bits.odds[block.positions]
        hard = np.packbits(soft.ravel() > 0)[None]
        unknown = (soft == 0).any(axis=1)[None]
        words, valid = reed_solomon.decode(hard, unknown, block.check_count)
        word: Bytes = words[0]
        return word if valid[0] and self._evidence(number, word) >= SURE_BITS else None

    def _missing(self) -> list[int]:
        return [number for number, word in enumerate(self._sure) if word is None]

    def _ordered_words(self) -> Bytes | None:
        """Each block by itself; what is sure is kept, a guess is no answer."""
        for number in self._missing():
            block = self.bits.layout[number]
            soft = self.bits.odds[block.positions].ravel()
            word = OrderedBlock(soft, block.data_count, block.check_count).best(2)
            if self._evidence(number, word) >= SURE_BITS:
                self._sure[number] = word
        return None if self._missing() else self._data(self._sure)

    def _with_prior(self, changes: int, most_fits: int) -> Iterator[Bytes]:
        """With what is known of messages, as long as blocks become sure by it."""
        tried: set[bytes] = set()
        while True:
            known = len(self._missing())
            ones, zeros = self._data_gains()
            text = DataBits(ones, zeros, self.bits.version, self.bits.level, self._prefixes)
            fits = text.ranked(most_fits)
            for fit in fits:
                if fit.log2 < fits[0].log2 - UNLIKELIER_BITS:
                    continue
                data = self._prior_data(text.soft_text(fit), fit, changes)
                if data.tobytes() not in tried:
                    tried.add(data.tobytes())
                    yield data
                if len(self._missing()) < known:
                    break
            else:
                return
            if not self._missing():
                return

    def _data_gains(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        ones, zeros = (gain.copy() for gain in self.bits.data_gains())
        for number, word in enumerate(self._sure):
            if word is not None:
                part = self.bits.data_part(number)
                bits = np.unpackbits(word)[: part.stop - part.start].astype(bool)
                ones[part] = np.where(bits, 1.0, -_KNOWN)
                zeros[part] = np.where(bits, -_KNOWN, 1.0)
        return ones, zeros

    def _prior_data(self, text: SoftText, fit: Fit, changes: int) -> Bytes:
        """The data codewords that fit soft bits and text best; sure words are kept."""
        missing = self._missing()
        lists = {number: self._word_list(number, text, changes) for number in missing}
        chosen = dict.fromkeys(missing, 0)
        layout = self.bits.layout

        def whole() -> Bytes:
            words = [
                lists[n][chosen[n]] if one is None else one for n, one in enumerate(self._sure)
            ]
            return self._data(words)

        if fit.way.mode != BYTE:
            return whole()
        gains = {n: np.array([self._gain(n, word) for word in lists[n]]) for n in missing}
        scores: dict[int, NDArray[np.float64]] = {}
        for _ in range(SWEEPS):
            before = dict(chosen)
            for number in missing:
                part = self.bits.data_part(number)
                data = np.repeat(whole()[None], len(lists[number]), axis=0)
                data[:, part.start // 8 : part.stop // 8] = lists[number][
                    :, : layout[number].data_count
                ]
                scores[number] = gains[number] + texts_log2(data, fit, self.bits.version)
                chosen[number] = int(scores[number].argmax())
            if before == chosen:
                break
        best = whole()
        if len(missing) == 1:
            return best
        characters = characters_log2(best[None], fit, self.bits.version)[0]
        for number in missing:
            own = float(characters[self._characters(number, fit)].sum())
            if gains[number][chosen[number]] + own >= SURE_TEXT_BITS:
                self._sure[number] = lists[number][chosen[number]]
                self._by_text.add(number)
        return best

    def _characters(self, number: int, fit: Fit) -> slice:
        """Characters of a text in byte mode that lie in a block, even with one bit."""
        part = self.bits.data_part(number)
        head = 4 + count_bits(fit.way.mode, self.bits.version)
        first, last = (part.start - head) // 8, -((head - part.stop) // 8)
        return slice(max(0, first), min(fit.count, max(0, last)))

    def _word_list(self, number: int, text: SoftText, changes: int) -> Bytes:
        """Words (K, n) of a block that fit its soft bits and the text."""
        block, part = self.bits.layout[number], self.bits.data_part(number)
        soft = self.bits.odds[block.positions].astype(np.float64).ravel() / np.log(2.0)
        soft[: part.stop - part.start] = text.odds[part]
        ordered = OrderedBlock(soft.astype(np.float32), block.data_count, block.check_count)
        start = ordered.start
        patterns = []
        for at, values in text.likely:
            low, high = max(at, part.start), min(at + values.shape[1], part.stop)
            if low >= high:
                continue
            for value in values:
                pattern = np.zeros(len(soft), bool)
                here = slice(low - part.start, high - part.start)
                pattern[here] = value[low - at : high - at] ^ start[here]
                patterns.append(pattern)
        if patterns:
            ordered.add_changes(np.array(patterns))
        return ordered.words(changes, WORDS)

    def _weighted(self) -> Iterator[tuple[Method, Bytes]]:
        """Each block by itself once more, with all that decoders know."""
        if len(self._missing()) > len(self._sure) / 2:
            return  # nothing to learn the weights from
        weights = _local_weights(self.bits, self._sure)
        for number in self._missing():
            block = self.bits.layout[number]
            soft = self.bits.odds[block.positions]
            for values in (soft, soft * weights[block.positions]):
                word = self._dear_word(number, values)
                if word is not None:
                    self._sure[number] = word
                    break
            else:
                return
        yield "weighted", self._data(self._sure)

    def _dear_word(self, number: int, soft: Floats) -> Bytes | None:
        block = self.bits.layout[number]
        word = OrderedBlock(soft.ravel(), block.data_count, block.check_count).best(3)
        if self._evidence(number, word) >= SURE_BITS:
            return word
        erased = erasure_ladder(soft, block.check_count)
        received = np.repeat(np.packbits(soft.ravel() > 0)[None], len(erased), axis=0)
        words, valid = reed_solomon.decode(received, erased, block.check_count)
        for one in words[valid]:
            if self._evidence(number, one) >= SURE_BITS:
                found: Bytes = one
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


def _local_weights(bits: CodeBits, words: list[Bytes | None]) -> Floats:
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
    near = gaussian_filter(wrong, _NEIGHBOURHOOD, mode="constant") + 0.05 * overall
    rate = near / (gaussian_filter(count, _NEIGHBOURHOOD, mode="constant") + 0.05)
    rate = np.clip(rate, 0.005, 0.495)
    weights: Floats = np.log((1 - rate) / rate)[places].astype(np.float32)
    return weights.reshape(-1, 8)

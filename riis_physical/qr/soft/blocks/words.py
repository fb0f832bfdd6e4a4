"""Words for the Reed-Solomon blocks of one code, by decoders from cheap to dear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code import reed_solomon
from riis_physical.qr.code.reed_solomon import Bytes
from riis_physical.qr.code.segments import BYTE, count_bits
from riis_physical.qr.prior.message_prior import (
    DataBits,
    Fit,
    SoftText,
    characters_log2,
    texts_log2,
)
from riis_physical.qr.prior.ways import frames
from riis_physical.qr.soft.blocks.doubt import erasure_ladder, local_weights
from riis_physical.qr.soft.blocks.ordered import OrderedBlock
from riis_physical.qr.soft.code_bits import CodeBits
from riis_physical.qr.soft.evidence import CAPS, expected_bits
from riis_physical.qr.soft.tried import Tried

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


class Words:
    """Finds words for all blocks of a code.

    Args:
        bits: the code's soft bits.
        prefixes: beginnings that the reader gave.
        tried: what the words may cost; nothing is spared if None.
    """

    def __init__(
        self, bits: CodeBits, prefixes: tuple[bytes, ...] = (), tried: Tried | None = None
    ) -> None:
        self.bits = bits
        self._tried = tried or Tried()
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
        """With what is known of messages, each likely hypothesis by itself.

        What the likeliest one made sure is kept, unless it made all sure and yet no message.
        """
        tried: set[bytes] = set()
        start, kept = (self._sure, self._by_text), None
        text = self._text()
        fits = text.ranked(most_fits)
        for fit in fits:
            if fit.log2 < fits[0].log2 - UNLIKELIER_BITS or not self._tried.left:
                break
            self._sure, self._by_text = list(start[0]), set(start[1])
            for data in self._followed(text, fit, changes):
                if data.tobytes() not in tried:
                    tried.add(data.tobytes())
                    yield data
            if kept is None:
                kept = (self._sure, self._by_text) if self._missing() else start
        self._sure, self._by_text = kept or start

    def _followed(self, text: DataBits, fit: Fit, changes: int) -> Iterator[Bytes]:
        """Data by one hypothesis, and by what follows from blocks that it makes sure."""
        while True:
            before = len(self._missing())
            yield self._prior_data(text.soft_text(fit), fit, changes)
            if not 0 < len(self._missing()) < before:
                return
            text = self._text()
            fit = text.ranked(1)[0]

    def _text(self) -> DataBits:
        """The data bits as they are known by now."""
        ones, zeros = self._data_gains()
        return DataBits(ones, zeros, self.bits.version, self.bits.level, self._prefixes)

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
        framed = {number: self._framed(number, lists[number], fit) for number in missing}
        for number, fits in framed.items():
            if fits.any():
                lists[number] = lists[number][fits]
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
            if framed[number].any() and gains[number][chosen[number]] + own >= SURE_TEXT_BITS:
                self._sure[number] = lists[number][chosen[number]]
                self._by_text.add(number)
        return best

    def _framed(self, number: int, words: Bytes, fit: Fit) -> NDArray[np.bool_]:
        """Which words (K, n) of a block have the header and padding of a hypothesis, (K,)."""
        part = self.bits.data_part(number)
        mask, values = frames(self.bits.version, self.bits.level, fit.way.mode)
        known = mask[fit.count][part]
        bits = np.unpackbits(words, axis=1)[:, : part.stop - part.start] > 0
        return np.asarray((bits == values[fit.count][part])[:, known].all(axis=1))

    def _characters(self, number: int, fit: Fit) -> slice:
        """Characters of a text in byte mode that lie in a block, even with one bit."""
        part = self.bits.data_part(number)
        head = 4 + count_bits(fit.way.mode, self.bits.version)
        first, last = (part.start - head) // 8, -((head - part.stop) // 8)
        return slice(max(0, first), min(fit.count, max(0, last)))

    def _word_list(self, number: int, text: SoftText, changes: int) -> Bytes:
        """Words (K, n) of a block that fit its soft bits and the text."""
        self._tried.lists += 1
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
        weights = local_weights(self.bits, self._sure)
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

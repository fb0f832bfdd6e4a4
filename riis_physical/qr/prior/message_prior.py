"""How likely a message is before anything is seen, and which ones the soft bits fit.

The mixture of :mod:`ways` is fixed before the photo is looked at. For the soft bits of a grid
:func:`ranked` orders the hypotheses (way, length) by how well header, text, terminator and padding
fit together, before any block is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code import payload as codec
from riis_physical.qr.code import segments
from riis_physical.qr.code.segments import BYTE
from riis_physical.qr.code.structure import Level
from riis_physical.qr.prior import chain, text_model
from riis_physical.qr.prior.ways import (
    Bits,
    Floats,
    Way,
    alphabet,
    frames,
    length_log2,
    random_log2,
    ways,
)

LIKELY_VALUES = 6
"""Values of a unit that are tried in place of each other."""
_LIMIT = 40.0  # log2 odds of what is known for sure


@dataclass(frozen=True)
class Fit:
    """A way and a length, and how well they fit the soft bits.

    Attributes:
        way: see :class:`Way`.
        count: characters.
        log2: of the chance of way, length and soft data bits, over that under coins.
    """

    way: Way
    count: int
    log2: float


@dataclass(frozen=True)
class SoftText:
    """Data bits as a hypothesis sees them.

    Attributes:
        odds: log2 odds of each data bit being 1, (data bits,).
        likely: of each unit of the text its place among the data bits, and the bits of its
            likeliest values (values, bits).
    """

    odds: Floats
    likely: tuple[tuple[int, Bits], ...]


class DataBits:
    """The soft data bits of one grid against all that a message can be.

    Args:
        ones, zeros: (data bits,) log2 of each bit's chance over that under a coin, if the
            bit is 1 and if it is 0; bits that are known for sure have some +-40.
        version, level: of the code.
        prefixes: beginnings that the reader gave.
    """

    def __init__(
        self,
        ones: Floats,
        zeros: Floats,
        version: int,
        level: Level,
        prefixes: tuple[bytes, ...] = (),
    ) -> None:
        self._ones, self._zeros = ones, zeros
        self._version, self._level = version, level
        self._ways = ways(prefixes)
        self._units: dict[tuple[int, int, int], Floats] = {}
        self._seen: dict[Way, chain.Forward] = {}

    def ranked(self, most: int) -> list[Fit]:
        """The hypotheses that fit best, best first."""
        fits: list[Fit] = []
        for way in self._ways:
            lengths = self._fit_lengths(way)
            for count in np.argsort(-lengths, kind="stable")[:most]:
                if np.isfinite(lengths[count]):
                    fits.append(Fit(way, int(count), float(lengths[count])))
        return sorted(fits, key=lambda fit: -fit.log2)[:most]

    def soft_text(self, fit: Fit) -> SoftText:
        """What a hypothesis says of each data bit, given all data bits."""
        way, count = fit.way, fit.count
        mask, values = frames(self._version, self._level, way.mode)
        result = np.where(values[count], _LIMIT, -_LIMIT)
        letters = alphabet(way.mode)
        head = 4 + segments.count_bits(way.mode, self._version)
        known, units = self._text_units(way, count)
        at = head
        for bits in known:
            result[at : at + len(bits)] = np.where(bits, _LIMIT, -_LIMIT)
            at += len(bits)
        chances = chain.posteriors(letters, self._forward(way), [one for one, _ in units])
        likely = []
        for (_, characters), chance in zip(units, chances, strict=True):
            patterns = letters.patterns(characters)
            one = chance @ patterns
            odds = np.log2((one + 1e-13) / (1 - one + 1e-13))
            result[at : at + len(odds)] = odds
            likely.append((at, patterns[np.argsort(-chance)[:LIKELY_VALUES]]))
            at += len(odds)
        return SoftText(np.clip(result, -_LIMIT, _LIMIT), tuple(likely))

    def _fit_lengths(self, way: Way) -> Floats:
        """log2 of way, length and soft bits together, by number of characters."""
        letters = alphabet(way.mode)
        prior = length_log2(self._version, self._level, way.mode)
        mask, values = frames(self._version, self._level, way.mode)
        framed = np.where(mask, np.where(values, self._ones, self._zeros), 0.0).sum(axis=1)
        seen = self._forward(way)
        begun, at = self._beginning(way)
        lengths = np.full(len(prior), -np.inf)
        for whole, log2 in enumerate(seen.log2):
            for extra in range(letters.unit):
                count = begun + whole * letters.unit + extra
                if count >= len(prior) or not np.isfinite(prior[count]):
                    continue
                log2_text = log2
                if extra:
                    emission = self._unit(way.mode, at + whole * letters.bits[-1], extra)
                    rest = chain.joint(letters, seen.states[whole], emission).sum()
                    log2_text += float(np.log2(max(float(rest), 1e-300)))
                lengths[count] = way.log2 + prior[count] + framed[count] + log2_text
        return lengths + self._known_gain(way)

    def _beginning(self, way: Way) -> tuple[int, int]:
        """Characters of the beginning that fill whole units, and where the rest starts."""
        letters = alphabet(way.mode)
        begun = len(way.beginning) // letters.unit * letters.unit
        head = 4 + segments.count_bits(way.mode, self._version)
        return begun, head + segments.content_bits(way.mode, begun)

    def _known_bits(self, way: Way) -> list[Bits]:
        begun, _ = self._beginning(way)
        if not begun:
            return []
        segment = segments.Segment(way.mode, way.beginning[:begun])
        number, length = segments.to_number((segment,), self._version)
        head = 4 + segments.count_bits(way.mode, self._version)
        bits = np.array([number >> (length - 1 - bit) & 1 for bit in range(head, length)], bool)
        return [bits]

    def _known_gain(self, way: Way) -> float:
        _, at = self._beginning(way)
        total = 0.0
        for bits in self._known_bits(way):
            start = at - len(bits)
            if at > len(self._ones):
                return -np.inf
            total += float(np.where(bits, self._ones[start:at], self._zeros[start:at]).sum())
        return total

    def _text_units(self, way: Way, count: int) -> tuple[list[Bits], list[tuple[Floats, int]]]:
        """Known bits of the beginning, and emissions of the units after it."""
        letters = alphabet(way.mode)
        begun, at = self._beginning(way)
        units = []
        left = count - begun
        while left > 0:
            characters = min(left, letters.unit)
            units.append((self._unit(way.mode, at, characters), characters))
            at += letters.bits[characters - 1]
            left -= characters
        return self._known_bits(way), units

    def _forward(self, way: Way) -> chain.Forward:
        if way not in self._seen:
            letters = alphabet(way.mode)
            begun, at = self._beginning(way)
            start = np.zeros(letters.size + 1)
            start[_last(way, begun)] = 1.0
            units = []
            while at + letters.bits[-1] <= len(self._ones):
                units.append(self._unit(way.mode, at, letters.unit))
                at += letters.bits[-1]
            self._seen[way] = chain.forward(letters, start, units)
        return self._seen[way]

    def _unit(self, mode: int, at: int, characters: int) -> Floats:
        key = (mode, at, characters)
        if key not in self._units:
            letters = alphabet(mode)
            part = slice(at, at + letters.bits[characters - 1])
            self._units[key] = chain.emissions(
                letters, self._ones[part], self._zeros[part], characters
            )
        return self._units[key]


def _last(way: Way, begun: int) -> int:
    """State after the beginning: the place of its last character, or the start."""
    size = alphabet(way.mode).size
    if not begun:
        return size
    character = way.beginning[begun - 1]
    return character if way.mode == BYTE else segments.CHARACTERS.index(character)


def message_log2(
    payload: bytes, version: int, level: Level, prefixes: tuple[bytes, ...] = ()
) -> float:
    """log2 of the chance of a message in a code of this version and level."""
    segmented = codec.segmented(payload, version, level)
    bits = segments.total_bits(segmented, version)
    total = [random_log2(prefixes) - bits]
    if len(segmented) == 1:
        mode = segmented[0].mode
        length = float(length_log2(version, level, mode)[len(payload)])
        for way in ways(prefixes):
            if way.mode == mode and payload.startswith(way.beginning):
                total.append(way.log2 + length + _text_log2(payload, way))
    return float(np.logaddexp2.reduce(total))


def texts_log2(data: NDArray[np.uint8], fit: Fit, version: int) -> Floats:
    """log2 of the chance of the text in data codewords (K, data codewords), in byte mode.

    Header and padding are not looked at.
    """
    return characters_log2(data, fit, version).sum(axis=1)


def characters_log2(data: NDArray[np.uint8], fit: Fit, version: int) -> Floats:
    """The same of each character after the one before it, (K, fit.count)."""
    head = 4 + segments.count_bits(BYTE, version)
    start = head // 8
    shifted = (data[:, start:-1] << 4) | (data[:, start + 1 :] >> 4)
    text = shifted[:, : fit.count].astype(np.intp)
    begun = len(fit.way.beginning)
    before = text[:, :-1]
    first = np.full((len(text), 1), text_model.START)
    found = np.log2(text_model.chances()[np.concatenate([first, before], axis=1), text])
    found[:, :begun] = 0.0  # the beginning is given
    return np.asarray(found)


def _text_log2(payload: bytes, way: Way) -> float:
    letters = alphabet(way.mode)
    begun = len(way.beginning) // letters.unit * letters.unit
    if way.mode == BYTE:
        before = payload[begun - 1] if begun else text_model.START
        return -text_model.text_bits(payload[begun:], before)
    places = [segments.CHARACTERS.index(character) for character in payload]
    before_all = [places[begun - 1] if begun else letters.size, *places[begun:-1]]
    chance = letters.chances[before_all[: len(places) - begun], places[begun:]]
    return float(np.log2(chance).sum())

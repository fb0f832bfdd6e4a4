"""The ways in which a message may have come about, with their chances.

Bytes at random; text by the character model, from the start or after a known beginning;
capitals and digits in their own modes. Lengths are those that `hide` puts into a code of this
version, and, rarely, any other. The chances of all messages sum to less than 1, which is all
that the bound of :mod:`evidence` asks of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code import payload as codec
from riis_physical.qr.code import segments
from riis_physical.qr.code.segments import ALPHANUMERIC, BYTE, NUMERIC
from riis_physical.qr.code.structure import Level, data_codeword_count
from riis_physical.qr.prior import text_model
from riis_physical.qr.prior.chain import Alphabet

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
BEGINNINGS = (
    (b"https://", 0.22), (b"https://www.", 0.08), (b"http://", 0.04), (b"http://www.", 0.02),
    (b"www.", 0.02),
)  # fmt: skip
"""Ways to begin that the character model alone would find too unlikely, with their chance."""
CAPITALS = ((b"", 0.03), (b"HTTPS://", 0.03), (b"HTTP://", 0.01))
_RANDOM = 0.12  # bytes at random
_TEXT = 0.34  # text from the start
_DIGITS = 0.03
_GIVEN = 0.5  # all beginnings that a reader gives, together; the others share the rest
_USUAL_LENGTH = 0.95  # lengths that `hide` puts into the version


@dataclass(frozen=True)
class Way:
    """One way in which a message may have come about.

    Attributes:
        mode: of its one segment.
        beginning: bytes that it starts with.
        log2: of its chance.
    """

    mode: int
    beginning: bytes
    log2: float


@lru_cache(maxsize=64)
def ways(prefixes: tuple[bytes, ...] = ()) -> tuple[Way, ...]:
    """All ways with their chances, those of `prefixes` included."""
    share = 1 - _GIVEN if prefixes else 1.0
    found = [Way(BYTE, one, _GIVEN / len(prefixes)) for one in prefixes]
    found += [Way(BYTE, b"", _TEXT * share)]
    found += [Way(BYTE, one, chance * share) for one, chance in BEGINNINGS]
    found += [Way(ALPHANUMERIC, one, chance * share) for one, chance in CAPITALS]
    found += [Way(NUMERIC, b"", _DIGITS * share)]
    for one in prefixes:  # the same beginning in capitals, as --fold-case writes it
        if all(character in segments.CHARACTERS for character in one):
            found.append(Way(ALPHANUMERIC, one, 0.02 * share / len(prefixes)))
    return tuple(Way(one.mode, one.beginning, float(np.log2(one.log2))) for one in found)


def random_log2(prefixes: tuple[bytes, ...]) -> float:
    """log2 of the chance that a message is bytes at random."""
    return float(np.log2(_RANDOM * (1 - _GIVEN if prefixes else 1.0)))


@cache
def alphabet(mode: int) -> Alphabet:
    """The characters of a mode with their chances."""
    if mode == BYTE:
        return Alphabet(text_model.chances(), 1, (8,))
    if mode == ALPHANUMERIC:
        return Alphabet(text_model.alphabet_chances(segments.CHARACTERS), 2, (6, 11))
    return Alphabet(text_model.alphabet_chances(segments.CHARACTERS[:10]), 3, (4, 7, 10))


@cache
def length_log2(version: int, level: Level, mode: int) -> Floats:
    """log2 of the chance of each number of characters in one segment, from 0, (most + 1,)."""
    room = 8 * data_codeword_count(version, level) - 4 - segments.count_bits(mode, version)
    sizes = np.array([segments.content_bits(mode, n) for n in range(room + 1)])
    most = int(np.flatnonzero(sizes <= room)[-1])
    chance = np.full(most + 1, (1 - _USUAL_LENGTH) / max(most, 1))
    usual = [n for n in range(1, most + 1) if _is_usual(version, level, mode, n)]
    if usual:
        chance[usual] += _USUAL_LENGTH / len(usual)
    chance[0] = 0.0
    with np.errstate(divide="ignore"):
        result: Floats = np.log2(chance)
    result.setflags(write=False)
    return result


@cache
def _is_usual(version: int, level: Level, mode: int, count: int) -> bool:
    """Whether `hide` puts so many characters of a mode into this version and level."""
    sample = {BYTE: b"a", ALPHANUMERIC: b"A", NUMERIC: b"1"}[mode] * count
    if codec.smallest_code(sample, version) != (version, level):
        return False
    return codec.segmented(sample, version, level)[0].mode == mode


@cache
def frames(version: int, level: Level, mode: int) -> tuple[Bits, Bits]:
    """Data bits that are known where a message has n characters of one mode.

    Returns:
        mask and values, (most + 1, data bits): header, terminator and padding.
    """
    most = len(length_log2(version, level, mode)) - 1
    total = 8 * data_codeword_count(version, level)
    head = 4 + segments.count_bits(mode, version)
    mask = np.ones((most + 1, total), bool)
    values = np.zeros((most + 1, total), bool)
    for count in range(1, most + 1):
        end = head + segments.content_bits(mode, count)
        mask[count, head:end] = False
        number = mode << (head - 4) | count
        values[count, :head] = [number >> (head - 1 - bit) & 1 for bit in range(head)]
        after = -(-min(end + 4, total) // 8)
        padding = np.unpackbits(np.resize(np.array([0xEC, 0x11], np.uint8), total // 8 - after))
        values[count, 8 * after :] = padding[: total - 8 * after]
    mask.setflags(write=False)
    values.setflags(write=False)
    return mask, values

"""A message as segments of numeric, alphanumeric and byte mode, as bits and back.

Which characters go into which mode is split by the ``qrcode`` package; here segments
become bits (ISO/IEC 18004, 7.4) and come back, exact to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qrcode import util

BYTE, ALPHANUMERIC, NUMERIC = 0b0100, 0b0010, 0b0001
MODES = (BYTE, ALPHANUMERIC, NUMERIC)

CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""What alphanumeric mode holds, in the order of its values."""

_COUNT_BITS = {BYTE: (8, 16), ALPHANUMERIC: (9, 11), NUMERIC: (10, 12)}  # to version 9, above
_VALUE = {character: value for value, character in enumerate(CHARACTERS)}
_SHORTEST = range(2, 21)  # runs of characters from which a mode of their own is tried


@dataclass(frozen=True)
class Segment:
    """Characters of one mode.

    Attributes:
        mode: BYTE, ALPHANUMERIC or NUMERIC.
        content: the message's bytes in it.
    """

    mode: int
    content: bytes


def count_bits(mode: int, version: int) -> int:
    """Bits of the character count, for versions 1 to 10."""
    return _COUNT_BITS[mode][version > 9]


def content_bits(mode: int, count: int) -> int:
    """Bits of so many characters."""
    if mode == BYTE:
        return 8 * count
    if mode == ALPHANUMERIC:
        return 11 * (count // 2) + 6 * (count % 2)
    return 10 * (count // 3) + (0, 4, 7)[count % 3]


def total_bits(segments: tuple[Segment, ...], version: int) -> int:
    """Bits of all segments with their headers."""
    return sum(
        4 + count_bits(s.mode, version) + content_bits(s.mode, len(s.content)) for s in segments
    )


def least_bits(payload: bytes) -> float:
    """A lower bound on the bits of a message, however it is split."""
    others = len(payload.translate(None, CHARACTERS))
    digits = len(payload) - len(payload.translate(None, CHARACTERS[:10]))
    return 12 + 8 * others + 5.5 * (len(payload) - others - digits) + 10 / 3 * digits - 1


@lru_cache(maxsize=4096)
def shortest(payload: bytes, version: int) -> tuple[Segment, ...]:
    """The segments with the fewest bits among several ways to split a message."""
    ways: set[tuple[Segment, ...]] = {(Segment(BYTE, payload),)}
    if any(character in CHARACTERS for character in payload):
        for least in _SHORTEST:
            chunks = util.optimal_data_chunks(payload, minimum=least)
            ways.add(tuple(Segment(int(chunk.mode), bytes(chunk.data)) for chunk in chunks))
    return min(ways, key=lambda way: (total_bits(way, version), len(way), repr(way)))


def to_number(segments: tuple[Segment, ...], version: int) -> tuple[int, int]:
    """All bits of the segments as one number, and how many they are."""
    number = length = 0
    for segment in segments:
        parts = [(segment.mode, 4), (len(segment.content), count_bits(segment.mode, version))]
        parts += _content_parts(segment)
        for value, bits in parts:
            number, length = number << bits | value, length + bits
    return number, length


def _content_parts(segment: Segment) -> list[tuple[int, int]]:
    content = segment.content
    if segment.mode == BYTE:
        return [(int.from_bytes(content, "big"), 8 * len(content))]
    if segment.mode == ALPHANUMERIC:
        values = [_VALUE[character] for character in content]
        pairs = [
            (45 * one + other, 11) for one, other in zip(values[::2], values[1::2], strict=False)
        ]
        return pairs + ([(values[-1], 6)] if len(values) % 2 else [])
    return [
        (int(content[at : at + 3]), (0, 4, 7, 10)[len(content[at : at + 3])])
        for at in range(0, len(content), 3)
    ]


def from_bits(number: int, length: int, version: int) -> tuple[bytes, tuple[Segment, ...]] | None:
    """Message and segments at the head of a bit string, None where it holds none.

    Args:
        number: the bits, the first one highest.
        length: how many.
    """
    at = 0

    def take(bits: int) -> int | None:
        nonlocal at
        at += bits
        return None if at > length else number >> (length - at) & ((1 << bits) - 1)

    segments: list[Segment] = []
    while length - at >= 4:
        mode = take(4)
        if mode == 0:
            break
        if mode not in MODES:
            return None
        count = take(count_bits(mode, version))
        if not count or at + content_bits(mode, count) > length:
            return None
        content = _content(mode, count, take)
        if content is None:
            return None
        segments.append(Segment(mode, content))
    if not segments:
        return None
    return b"".join(segment.content for segment in segments), tuple(segments)


def _content(mode: int, count: int, take: object) -> bytes | None:
    assert callable(take)
    if mode == BYTE:
        return int(take(8 * count)).to_bytes(count, "big")
    if mode == ALPHANUMERIC:
        values: list[int] = []
        for _ in range(count // 2):
            values += divmod(int(take(11)), 45)
        values += [int(take(6))] if count % 2 else []
        if any(value >= 45 for value in values):
            return None
        return bytes(CHARACTERS[value] for value in values)
    digits = ""
    for left in range(count, 0, -3):
        width = min(left, 3)
        value = int(take((0, 4, 7, 10)[width]))
        if value >= 10**width:
            return None
        digits += f"{value:0{width}}"
    return digits.encode()

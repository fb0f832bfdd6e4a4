"""Message bytes to data codewords and back, exact to the last padding bit.

Byte mode where the message fits the code in it; else the shortest mix of numeric,
alphanumeric and byte mode (:mod:`segments`). After the segments up to four terminating
zeros, zeros to the next byte, then 0xEC and 0x11 in turn. Text is UTF-8 without an ECI
header. One message has one form in a code, and :func:`parse` accepts nothing else.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from riis_physical.qr.code import segments as parts
from riis_physical.qr.code.reed_solomon import Bytes
from riis_physical.qr.code.segments import BYTE, Segment
from riis_physical.qr.code.structure import LEVELS, Level, data_codeword_count

_PADDING = (0xEC, 0x11)


@cache
def capacity(version: int, level: Level) -> int:
    """Message bytes that fit in byte mode."""
    bits = 8 * data_codeword_count(version, level)
    return (bits - 4 - parts.count_bits(BYTE, version)) // 8


def fits(payload: bytes, version: int, level: Level) -> bool:
    """Whether a message fits, in whatever modes."""
    if len(payload) <= capacity(version, level):
        return True
    room = 8 * data_codeword_count(version, level)
    if parts.least_bits(payload) > room:
        return False
    return parts.total_bits(parts.shortest(payload, version), version) <= room


def smallest_code(payload: bytes, max_version: int) -> tuple[int, Level] | None:
    """Version and level that a message is hidden with, None where it fits nowhere.

    The strongest level that holds it, in the smallest version.
    """
    for level in LEVELS:
        for version in range(1, max_version + 1):
            if fits(payload, version, level):
                return version, level
    return None


@lru_cache(maxsize=4096)
def segmented(payload: bytes, version: int, level: Level) -> tuple[Segment, ...]:
    """The segments of a message in a code.

    Raises:
        ValueError: the message does not fit.
    """
    if not fits(payload, version, level):
        raise ValueError(f"{len(payload)} bytes: expected at most {capacity(version, level)}")
    if len(payload) <= capacity(version, level):
        return (Segment(BYTE, payload),)
    return parts.shortest(payload, version)


def build(payload: bytes, version: int, level: Level) -> Bytes:
    """Data codewords (data_codeword_count,) of a message that fits.

    Raises:
        ValueError: the message does not fit.
    """
    number, used = parts.to_number(segmented(payload, version, level), version)
    total = data_codeword_count(version, level)
    end = min(4, 8 * total - used)
    number, used = number << end, used + end
    number, used = number << -used % 8, used + -used % 8
    codewords = bytearray(number.to_bytes(used // 8, "big"))
    for index in range(total - len(codewords)):
        codewords.append(_PADDING[index % 2])
    return np.frombuffer(bytes(codewords), np.uint8)


def parse(data: Bytes, version: int, level: Level) -> bytes | None:
    """Message in the data codewords, None where anything about them is not exact."""
    number = int.from_bytes(data.tobytes(), "big")
    found = parts.from_bits(number, 8 * len(data), version)
    if found is None:
        return None
    payload, _ = found
    if not fits(payload, version, level):
        return None
    return payload if np.array_equal(build(payload, version, level), data) else None

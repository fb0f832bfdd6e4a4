"""Message bytes to data codewords and back, exact to the last padding bit.

Byte mode only: mode nibble 0100, character count (8 bits up to version 9, 16
above), the bytes, up to four terminating zeros, zeros to the next byte, then 0xEC
and 0x11 in turn. Text is UTF-8 without an ECI header. :func:`parse` accepts nothing
else, and so rejects all but about one in 60,000 random codewords.
"""

from __future__ import annotations

import numpy as np

from riis_physical.qr.reed_solomon import Bytes
from riis_physical.qr.structure import Level, data_codeword_count

_BYTE_MODE = 0b0100
_PADDING = (0xEC, 0x11)


def _header_bits(version: int) -> int:
    return 4 + (8 if version <= 9 else 16)


def capacity(version: int, level: Level) -> int:
    """Message bytes that fit."""
    return (8 * data_codeword_count(version, level) - _header_bits(version)) // 8


def build(payload: bytes, version: int, level: Level) -> Bytes:
    """Data codewords (data_codeword_count,) of a message that fits.

    Raises:
        ValueError: the message is longer than :func:`capacity`.
    """
    if len(payload) > capacity(version, level):
        raise ValueError(f"{len(payload)} bytes: expected at most {capacity(version, level)}")
    header = _header_bits(version)
    total = data_codeword_count(version, level)
    # Header and terminator share bytes with the message: shift it all as one number.
    number = _BYTE_MODE << (header - 4) | len(payload)
    number = number << 8 * len(payload) | int.from_bytes(payload, "big")
    used = header + 8 * len(payload)
    number <<= -used % 8
    used += -used % 8
    # After whole bytes plus a nibble, the terminator exactly fills the last byte.
    codewords = bytearray(number.to_bytes(used // 8, "big"))
    for index in range(total - len(codewords)):
        codewords.append(_PADDING[index % 2])
    return np.frombuffer(bytes(codewords), np.uint8)


def parse(data: Bytes, version: int, level: Level) -> bytes | None:
    """Message in the data codewords, None where anything about them is not exact."""
    header = _header_bits(version)
    number = int.from_bytes(data[:3].tobytes(), "big")
    mode = number >> 20
    count = (number >> (24 - header)) & ((1 << (header - 4)) - 1)
    if mode != _BYTE_MODE or not 0 < count <= capacity(version, level):
        return None
    start = header // 8
    shifted = (data[start:-1] << 4) | (data[start + 1 :] >> 4)
    payload = shifted[:count].tobytes()
    return payload if np.array_equal(build(payload, version, level), data) else None

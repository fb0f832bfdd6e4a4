"""Reed-Solomon codes over GF(256) as QR codes use them.

The field is GF(2)[x] / (x^8 + x^4 + x^3 + x^2 + 1) with generator 2, the code's
roots are 2^0 ... 2^(check_count - 1). A codeword is an array of byte values, data
symbols first. Decoding works on a batch of words at a time, because the soft
reader tries many erasure patterns of the same block.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

_PRIMITIVE = 0x11D


def _tables() -> tuple[NDArray[np.int64], Bytes]:
    exp = np.zeros(255, np.int64)
    value = 1
    for power in range(255):
        exp[power] = value
        value <<= 1
        if value & 0x100:
            value ^= _PRIMITIVE
    log = np.zeros(256, np.int64)
    log[exp] = np.arange(255)
    sums = (log[:, None] + log[None, :]) % 255
    product = exp[sums].astype(np.uint8)
    product[0, :] = 0
    product[:, 0] = 0
    return exp, product


EXP, PRODUCT = _tables()
"""Powers of 2, (255,), and the multiplication table, (256, 256)."""
INVERSE: Bytes = np.zeros(256, np.uint8)
INVERSE[EXP] = EXP[(255 - np.arange(255)) % 255]


def multiply(left: NDArray[np.integer], right: NDArray[np.integer] | int) -> Bytes:
    """Product in GF(256), elementwise with broadcasting."""
    result: Bytes = PRODUCT[left, right]
    return result


@cache
def check_matrix(data_count: int, check_count: int) -> Bytes:
    """Check symbols that each unit data symbol contributes.

    Returns:
        (data_count, check_count); the check symbols of ``data`` are the XOR over i
        of ``multiply(data[i], matrix[i])``.
    """
    generator = np.array([1], np.uint8)
    for power in range(check_count):
        longer = np.zeros(len(generator) + 1, np.uint8)
        longer[:-1] = generator
        longer[1:] ^= multiply(generator, int(EXP[power]))
        generator = longer
    matrix = np.zeros((data_count, check_count), np.uint8)
    remainder = generator[1:].copy()  # x^check_count modulo the generator
    for row in range(data_count - 1, -1, -1):
        matrix[row] = remainder
        shifted = np.append(remainder[1:], np.uint8(0))
        remainder = shifted ^ multiply(generator[1:], int(remainder[0]))
    matrix.setflags(write=False)
    return matrix


def encode_block(data: Bytes, check_count: int) -> Bytes:
    """Append ``check_count`` check symbols to data symbols (k,)."""
    matrix = check_matrix(len(data), check_count)
    checks = np.bitwise_xor.reduce(multiply(matrix, data[:, None]), axis=0)
    return np.concatenate([data, checks]).astype(np.uint8)

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


@cache
def _evaluation_powers(length: int) -> tuple[Bytes, Bytes]:
    """Locators X_i (length,) of all places, and X_i ** -j for j = 0 ... 254, (255, length)."""
    places = np.arange(length - 1, -1, -1)
    powers = EXP[(-np.outer(np.arange(255), places)) % 255].astype(np.uint8)
    return EXP[places].astype(np.uint8), powers


def syndromes(words: Bytes, check_count: int) -> Bytes:
    """Values of the words (..., n) at the code's roots, (..., check_count)."""
    length = words.shape[-1]
    places = np.arange(length - 1, -1, -1)
    powers = EXP[np.outer(places, np.arange(check_count)) % 255]
    result: Bytes = np.bitwise_xor.reduce(PRODUCT[words[..., None], powers], axis=-2)
    return result


def _evaluate(polynomials: Bytes, powers: Bytes) -> Bytes:
    """Values (T, n) of polynomials (T, d), lowest degree first, at points given by powers."""
    degree = polynomials.shape[1]
    terms = PRODUCT[polynomials[:, :, None], powers[None, :degree]]
    result: Bytes = np.bitwise_xor.reduce(terms, axis=1)
    return result


def decode(words: Bytes, erased: Bools, check_count: int) -> tuple[Bytes, Bools]:
    """Correct errors and erasures in many words of one code.

    Args:
        words: received words (T, n), data symbols first, n <= 255.
        erased: (T, n), True where a symbol is not to be believed. A word with e
            erasures is corrected where it has at most (check_count - e) // 2 errors
            besides; words with more than ``check_count`` erasures fail.

    Returns:
        corrected words (T, n), and which of them (T,) are codewords. Words that could
        not be corrected come back as they were.
    """
    count, length = words.shape
    locators, powers = _evaluation_powers(length)
    syndrome = syndromes(words, check_count)
    erasures = erased.sum(axis=1)

    # Erasure locator polynomial, the product of (1 + X_i x) over erased places.
    locator = np.zeros((count, check_count + 1), np.uint8)
    locator[:, 0] = 1
    for place in np.flatnonzero(erased.any(axis=0)):
        shifted = multiply(locator[:, :-1], int(locators[place]))
        locator[:, 1:] ^= np.where(erased[:, place, None], shifted, np.uint8(0))

    # Berlekamp-Massey, each word starting after its own erasures.
    previous = locator.copy()
    degree = erasures.copy()
    for step in range(1, check_count + 1):
        active = step > erasures
        window = syndrome[:, step - 1 :: -1] if step > 1 else syndrome[:, :1]
        gap = np.bitwise_xor.reduce(PRODUCT[locator[:, :step], window], axis=1)
        shifted = np.zeros_like(previous)
        shifted[:, 1:] = previous[:, :-1]
        updated = locator ^ multiply(shifted, gap[:, None])
        grow = active & (gap != 0) & (2 * degree <= step + erasures - 1)
        scaled = multiply(locator, INVERSE[gap][:, None])
        previous = np.where(grow[:, None], scaled, np.where(active[:, None], shifted, previous))
        locator = np.where(active[:, None], updated, locator)
        degree = np.where(grow, step + erasures - degree, degree)

    # Roots of the locator are the places, Forney's formula gives the values.
    evaluator = np.zeros((count, check_count), np.uint8)
    for shift in range(check_count):
        evaluator[:, shift:] ^= multiply(
            syndrome[:, : check_count - shift], locator[:, shift, None]
        )
    wrong = _evaluate(locator, powers) == 0
    slope_terms = locator[:, 1:].copy()
    slope_terms[:, 1::2] = 0  # the formal derivative keeps odd powers only
    slope = _evaluate(slope_terms, powers)
    values = multiply(multiply(_evaluate(evaluator, powers), INVERSE[slope]), locators)
    corrected = words ^ np.where(wrong & (slope != 0), values, np.uint8(0))
    valid = (wrong.sum(axis=1) == degree) & (erasures <= check_count)
    valid &= (syndromes(corrected, check_count) == 0).all(axis=1)
    return np.where(valid[:, None], corrected, words), valid

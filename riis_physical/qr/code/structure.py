"""Where everything sits in a QR code's grid, and what is known before reading.

The mask pattern is fixed, so that the format bits of each error-correction level
are one known word and count as known modules. Tables (blocks, alignment patterns,
BCH words) come from the ``qrcode`` package. All arrays returned are cached and
read-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
import qrcode
from numpy.typing import NDArray
from qrcode import base, constants, util

from riis_physical.qr.code.reed_solomon import Bytes, encode_block

Level = Literal["H", "Q", "M", "L"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Error-correction levels, the strongest first."""

MAX_VERSION = 10
"""Largest version that is written or looked for (57 x 57 modules)."""

MASK_PATTERN = 6
"""The one mask in use. Pattern 6 is half dark itself and varies along both axes, so
that even a message of zero bytes gives a balanced grid without stripes; its penalty
over typical messages is within 1.5 % of the best fixed pattern."""

_ERROR_CORRECTION: dict[Level, int] = {
    "H": constants.ERROR_CORRECT_H,
    "Q": constants.ERROR_CORRECT_Q,
    "M": constants.ERROR_CORRECT_M,
    "L": constants.ERROR_CORRECT_L,
}

BoolGrid = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """One Reed-Solomon block.

    Attributes:
        data_count: data symbols.
        check_count: check symbols.
        positions: (data_count + check_count,) places of the block's symbols in the
            interleaved stream of codewords, data symbols first.
    """

    data_count: int
    check_count: int
    positions: Indices


def grid_size(version: int) -> int:
    """Modules along one side, without quiet zone."""
    if not 1 <= version <= 40:
        raise ValueError(f"QR version {version}: expected 1 to 40")
    return 17 + 4 * version


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


@cache
def format_positions(version: int) -> tuple[Indices, Indices]:
    """Places of the two copies of the 15 format bits, lowest bit first.

    Returns:
        rows (2, 15) and columns (2, 15).
    """
    size = grid_size(version)
    near = [0, 1, 2, 3, 4, 5, 7, 8]
    rows = [near + list(range(size - 7, size)), [8] * 15]
    columns = [[8] * 15, list(range(size - 1, size - 9, -1)) + [7, 5, 4, 3, 2, 1, 0]]
    return _frozen(np.array(rows, np.intp)), _frozen(np.array(columns, np.intp))


@cache
def format_bits(level: Level) -> BoolGrid:
    """The 15 format bits of a level with the fixed mask, lowest bit first, (15,)."""
    word = util.BCH_type_info(_ERROR_CORRECTION[level] << 3 | MASK_PATTERN)
    return _frozen(np.array([word >> i & 1 for i in range(15)], bool))


@cache
def function_grid(version: int, level: Level) -> tuple[BoolGrid, BoolGrid]:
    """Mask and values of function patterns, format, version bits and dark module."""
    size = grid_size(version)
    code: Any = qrcode.QRCode(version, _ERROR_CORRECTION[level], mask_pattern=MASK_PATTERN)
    code.modules_count = size
    code.modules = [[None] * size for _ in range(size)]
    for row, column in ((0, 0), (size - 7, 0), (0, size - 7)):
        code.setup_position_probe_pattern(row, column)
    code.setup_position_adjust_pattern()
    code.setup_timing_pattern()
    code.setup_type_info(False, MASK_PATTERN)
    if version >= 7:
        code.setup_type_number(False)
    mask = np.array([[module is not None for module in row] for row in code.modules])
    values = np.array([[bool(module) for module in row] for row in code.modules])
    return _frozen(mask), _frozen(values)


@cache
def _data_path(version: int) -> tuple[Indices, Indices, BoolGrid]:
    """Rows and columns of all non-function modules in placement order, and the mask there."""
    size = grid_size(version)
    taken = function_grid(version, "H")[0]
    rows, columns = [], []
    upwards = True
    for right in range(size - 1, 0, -2):
        if right <= 6:
            right -= 1  # the vertical timing pattern has a column to itself
        for row in range(size - 1, -1, -1) if upwards else range(size):
            for column in (right, right - 1):
                if not taken[row, column]:
                    rows.append(row)
                    columns.append(column)
        upwards = not upwards
    r, c = np.array(rows, np.intp), np.array(columns, np.intp)
    masked = ((r * c) % 2 + (r * c) % 3) % 2 == 0  # pattern 6
    return _frozen(r), _frozen(c), _frozen(masked)


@cache
def codeword_count(version: int) -> int:
    """Codewords in the grid, data and check together."""
    return sum(block.total_count for block in base.rs_blocks(version, _ERROR_CORRECTION["H"]))


@cache
def data_positions(version: int) -> tuple[Indices, Indices]:
    """Places of the codeword bits, most significant bit of the first codeword first.

    Returns:
        rows (8 * codeword_count,) and columns (the same).
    """
    rows, columns, _ = _data_path(version)
    count = 8 * codeword_count(version)
    return _frozen(rows[:count]), _frozen(columns[:count])


@cache
def data_mask(version: int) -> BoolGrid:
    """True where the mask pattern inverts the codeword bit at ``data_positions``."""
    return _frozen(_data_path(version)[2][: 8 * codeword_count(version)])


@cache
def blocks(version: int, level: Level) -> tuple[Block, ...]:
    """Reed-Solomon blocks and how they are interleaved."""
    table = base.rs_blocks(version, _ERROR_CORRECTION[level])
    data_counts = [entry.data_count for entry in table]
    check_count = table[0].total_count - table[0].data_count
    positions: list[list[int]] = [[] for _ in table]
    place = 0
    for index in range(max(data_counts)):
        for block, count in enumerate(data_counts):
            if index < count:
                positions[block].append(place)
                place += 1
    for _ in range(check_count):
        for block in range(len(table)):
            positions[block].append(place)
            place += 1
    return tuple(
        Block(count, check_count, _frozen(np.array(places, np.intp)))
        for count, places in zip(data_counts, positions, strict=True)
    )


@cache
def data_codeword_count(version: int, level: Level) -> int:
    """Data codewords of all blocks."""
    return sum(block.data_count for block in blocks(version, level))


@cache
def known_modules(version: int, level: Level) -> tuple[BoolGrid, BoolGrid]:
    """Modules that are the same for every message.

    Finder, separator, timing and alignment patterns, the dark module, format and
    version bits, and the few remainder bits after the last codeword.

    Returns:
        mask (N, N), True where a module is known, and values (N, N), True where it
        is known to be dark. Both read-only.
    """
    mask, values = (array.copy() for array in function_grid(version, level))
    rows, columns, masked = _data_path(version)
    rest = slice(8 * codeword_count(version), None)
    mask[rows[rest], columns[rest]] = True
    values[rows[rest], columns[rest]] = masked[rest]
    return _frozen(mask), _frozen(values)


def modules_of(data: Bytes, version: int, level: Level) -> BoolGrid:
    """Grid (N, N) that holds the data codewords (data_codeword_count,)."""
    expected = data_codeword_count(version, level)
    if data.shape != (expected,):
        raise ValueError(f"data codewords {data.shape}: expected ({expected},)")
    stream = np.zeros(codeword_count(version), np.uint8)
    start = 0
    for block in blocks(version, level):
        part = data[start : start + block.data_count]
        stream[block.positions] = encode_block(part, block.check_count)
        start += block.data_count
    modules = known_modules(version, level)[1].copy()
    modules[data_positions(version)] = np.unpackbits(stream).astype(bool) ^ data_mask(version)
    return modules

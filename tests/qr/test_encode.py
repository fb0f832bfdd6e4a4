"""Encoding against the ``qrcode`` package, and what is known of every grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import qrcode
from qrcode import constants, util

from riis_physical.errors import MessageError
from riis_physical.qr.code import payload as codec
from riis_physical.qr.code import structure
from riis_physical.qr.code.encode import encode, encode_as
from riis_physical.qr.code.structure import LEVELS, MASK_PATTERN, MAX_VERSION, Level

VERSIONS = range(1, MAX_VERSION + 1)
ALL_BYTES = bytes(range(256))


def reference_modules(payload: bytes, version: int, level: Level) -> np.ndarray:
    code: Any = qrcode.QRCode(
        version, getattr(constants, f"ERROR_CORRECT_{level}"), mask_pattern=MASK_PATTERN
    )
    code.add_data(util.QRData(payload, mode=util.MODE_8BIT_BYTE, check_data=False))
    code.make(fit=False)
    return np.array(code.modules, bool)


def random_payload(rng: np.random.Generator, version: int, level: Level) -> bytes:
    most = codec.capacity(version, level)
    return rng.integers(1, 256, rng.integers(1, most + 1), dtype=np.uint8).tobytes()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_modules_equal_those_of_the_qrcode_package(version: int, level: Level) -> None:
    rng = np.random.default_rng(version)
    full = rng.integers(0, 256, codec.capacity(version, level), dtype=np.uint8).tobytes()
    for payload in (b"a", random_payload(rng, version, level), full):
        ours = encode_as(payload, version, level).modules
        np.testing.assert_array_equal(ours, reference_modules(payload, version, level))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_known_modules_are_those_that_no_message_changes(version: int, level: Level) -> None:
    mask, values = structure.known_modules(version, level)
    rng = np.random.default_rng(version)
    grids = []
    for _ in range(40):
        data = rng.integers(0, 256, structure.data_codeword_count(version, level), dtype=np.uint8)
        grids.append(structure.modules_of(data, version, level))
    stacked = np.array(grids)
    constant = (stacked == stacked[0]).all(axis=0)
    np.testing.assert_array_equal(mask, constant)
    reference = reference_modules(b"x", version, level)
    np.testing.assert_array_equal(values[mask], reference[mask])
    assert not values[~mask].any()


def test_known_modules_cannot_be_spoiled_by_a_caller() -> None:
    mask, values = structure.known_modules(3, "H")
    with pytest.raises(ValueError, match="read-only"):
        mask[0, 0] = False
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = False


def test_format_bits_stand_twice_in_the_grid() -> None:
    for level in LEVELS:
        modules = encode_as(b"format", 4, level).modules
        for copy in modules[structure.format_positions(4)]:
            np.testing.assert_array_equal(copy, structure.format_bits(level))


def test_format_words_of_the_levels_differ_in_at_least_seven_bits() -> None:
    words = np.array([structure.format_bits(level) for level in LEVELS])
    distances = (words[:, None] ^ words[None]).sum(axis=2)
    assert distances[np.triu_indices(4, 1)].min() >= 7


@pytest.mark.parametrize(
    ("length", "version", "level"),
    [
        (1, 1, "H"),
        (7, 1, "H"),
        (8, 2, "H"),
        (44, 5, "H"),
        (45, 6, "H"),
        (119, 10, "H"),
        (120, 9, "Q"),
        (151, 10, "Q"),
        (152, 8, "M"),
        (213, 10, "M"),
        (214, 9, "L"),
        (271, 10, "L"),
    ],
)
def test_level_h_first_then_the_smallest_version(length: int, version: int, level: str) -> None:
    code = encode(b"m" * length)
    assert (code.version, code.level) == (version, level)
    assert code.size == 17 + 4 * version == code.modules.shape[0] == code.modules.shape[1]
    assert code.mask == MASK_PATTERN


def test_a_smaller_largest_version_lowers_the_level() -> None:
    assert encode(b"m" * 45, max_version=5).level == "Q"
    with pytest.raises(MessageError, match="107 bytes, and 106 bytes fit"):
        encode(b"m" * 107, max_version=5)
    with pytest.raises(ValueError, match="expected 1 to 10"):
        encode("m", max_version=11)


@pytest.mark.parametrize("empty", ["", b""])
def test_an_empty_message_is_refused(empty: str | bytes) -> None:
    with pytest.raises(MessageError, match="empty"):
        encode(empty)


def test_an_over_long_message_is_refused_with_both_sizes() -> None:
    with pytest.raises(MessageError, match=r"272 bytes, and 271 bytes fit \(119 with"):
        encode("x" * 272)
    with pytest.raises(MessageError, match="272 bytes"):
        encode("ü" * 136)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(MessageError, match="character 3 "):
        encode("ab\ud83d")


@pytest.mark.parametrize(
    "message", ["plain", "Grüße, Öl & Maß", "🙂🇩🇪 日本語", ALL_BYTES, bytes(44), b"\xff" * 20]
)
def test_the_payload_parses_back_from_its_codewords(message: str | bytes) -> None:
    code = encode(message)
    data = codec.build(code.payload, code.version, code.level)
    parsed = codec.parse(data, code.version, code.level)
    assert parsed == (message.encode() if isinstance(message, str) else message)


@pytest.mark.parametrize("version", [1, 9, 10])
def test_every_spoiled_bit_outside_the_message_is_noticed(version: int) -> None:
    payload = b"short"
    data = codec.build(payload, version, "H")
    header = 12 if version < 10 else 20
    message_bits = range(header, header + 8 * len(payload))
    bits = np.unpackbits(data)
    for place in range(len(bits)):
        flipped = bits.copy()
        flipped[place] ^= 1
        parsed = codec.parse(np.packbits(flipped), version, "H")
        assert (parsed is not None) == (place in message_bits)


def test_random_codewords_hardly_ever_parse() -> None:
    rng = np.random.default_rng(0)
    words = rng.integers(0, 256, (100_000, structure.data_codeword_count(1, "H")), dtype=np.uint8)
    assert sum(codec.parse(word, 1, "H") is not None for word in words) < 20

"""Soft reading: far beyond hard decoding, and never a message out of nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from riis_physical.qr.code import payload as codec
from riis_physical.qr.code import reed_solomon as rs
from riis_physical.qr.code import structure
from riis_physical.qr.code.encode import QrCode, encode, encode_as
from riis_physical.qr.code.structure import LEVELS, Level
from riis_physical.qr.soft import decode as soft
from riis_physical.qr.soft import evidence, presence
from riis_physical.qr.soft.blocks import ordered

TEXT = "Meet me at the old bridge, 9 pm sharp"  # 37 bytes, version 5


def noisy(code: QrCode, error_rate: float, rng: np.random.Generator) -> np.ndarray:
    """Signs of the modules plus Gaussian noise that turns ``error_rate`` of them."""
    sigma = 1 / -norm.ppf(error_rate)
    return np.where(code.modules, 1.0, -1.0) + sigma * rng.normal(size=code.modules.shape)


def code_like(version: int, rng: np.random.Generator) -> np.ndarray:
    """All known modules of a code, and coins with random sizes everywhere else."""
    mask, values = structure.known_modules(version, "H")
    coins = rng.normal(size=mask.shape)
    return np.where(mask, np.where(values, 1.0, -1.0), coins).astype(np.float32)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", range(1, structure.MAX_VERSION + 1))
def test_clean_grids_of_every_version_and_level_read_exactly(version: int, level: Level) -> None:
    rng = np.random.default_rng(version)
    for length in (1, codec.capacity(version, level)):
        message = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
        code = encode_as(message, version, level)
        reading = soft.read_grid(np.where(code.modules, 0.2, -0.3), version)
        assert reading is not None
        assert (reading.payload, reading.level, reading.method) == (message, level, "algebraic")
        assert reading.agreement == 1.0
        assert reading.confidence == pytest.approx(1.0)
        np.testing.assert_array_equal(reading.modules, code.modules)


@pytest.mark.parametrize(
    "message", ["Grüße aus Köln, schön!", "🙂🇩🇪 日本", bytes(range(220, 256)), bytes(40)]
)
def test_text_and_raw_bytes_come_back_exactly_at_eight_per_cent(message: str | bytes) -> None:
    code = encode(message)
    reading = soft.read_grid(noisy(code, 0.08, np.random.default_rng(5)), code.version)
    assert reading is not None
    assert reading.payload == (message.encode() if isinstance(message, str) else message)
    assert reading.method == "ordered"
    assert 0.88 < reading.agreement < 0.96
    assert 0.5 < reading.confidence < 1


@pytest.mark.parametrize(("version", "error_rate"), [(1, 0.06), (2, 0.08), (5, 0.09), (10, 0.07)])
def test_module_errors_far_beyond_hard_decoding_are_read(version: int, error_rate: float) -> None:
    rng = np.random.default_rng(version)
    for _ in range(10):
        message = rng.integers(0, 256, codec.capacity(version, "H"), dtype=np.uint8).tobytes()
        code = encode_as(message, version, "H")
        reading = soft.read_grid(noisy(code, error_rate, rng), version)
        assert reading is not None
        assert reading.payload == message


@pytest.mark.parametrize("level", ["Q", "M", "L"])
def test_lower_levels_read_with_noise_too(level: Level) -> None:
    rng = np.random.default_rng(3)
    rate = {"Q": 0.04, "M": 0.025, "L": 0.01}[level]
    message = rng.integers(0, 256, codec.capacity(7, level), dtype=np.uint8).tobytes()
    reading = soft.read_grid(noisy(encode_as(message, 7, level), rate, rng), 7)
    assert reading is not None
    assert (reading.payload, reading.level) == (message, level)


def test_the_scale_of_soft_values_does_not_matter() -> None:
    grid = noisy(encode(TEXT), 0.07, np.random.default_rng(1))
    readings = [soft.read_grid(grid * scale, 5) for scale in (1e-4, 1.0, 1e5)]
    assert all(reading is not None and reading.payload == TEXT.encode() for reading in readings)


def test_a_covered_tenth_is_read_whether_unknown_or_wrong() -> None:
    code = encode(TEXT)
    for fill in (0.0, np.nan, 1.5, -1.5):
        grid = noisy(code, 0.02, np.random.default_rng(2))
        grid[14:26, 12:24] = fill
        reading = soft.read_grid(grid, 5)
        assert reading is not None
        assert reading.payload == TEXT.encode()


def test_half_a_covered_grid_of_random_bytes_is_refused() -> None:
    message = np.random.default_rng(3).integers(0, 256, 40, dtype=np.uint8).tobytes()
    grid = np.where(encode(message).modules, 1.0, -1.0)
    grid[7:30] = 0
    assert soft.read_grid(grid, 5) is None


def test_wrong_messages_are_not_read_from_real_codes_with_too_much_noise() -> None:
    rng = np.random.default_rng(4)
    for _ in range(40):
        reading = soft.read_grid(noisy(encode(TEXT), 0.15, rng), 5)
        assert reading is None or reading.payload == TEXT.encode()


def test_every_block_must_be_certain_by_itself() -> None:
    """One block replaced by another message's words makes no mixed message."""
    code, other = encode(b"a" * 44), encode(b"b" * 44)
    stream = structure.blocks(5, "H")[1].positions
    bits = np.zeros(8 * structure.codeword_count(5), bool)
    bits.reshape(-1, 8)[stream] = True
    rows, columns = (places[bits] for places in structure.data_positions(5))
    grid = np.where(code.modules, 1.0, -1.0)
    grid[rows, columns] = np.random.default_rng(0).normal(size=len(rows))
    assert soft.read_grid(grid, 5) is None
    grid[rows, columns] = np.where(other.modules, 1.0, -1.0)[rows, columns]
    reading = soft.read_grid(grid, 5)  # a codeword of every block: a valid, other code
    assert reading is not None
    assert set(reading.payload) == set(b"ab")


def test_inverted_turned_and_mirrored_grids_are_refused() -> None:
    grid = np.where(encode(TEXT).modules, 1.0, -1.0)
    for changed in (-grid, np.rot90(grid), np.rot90(grid, 2), np.rot90(grid, 3)):
        assert soft.read_grid(changed, 5) is None
    assert soft.read_grid(grid.T, 5) is None


@pytest.mark.parametrize("fill", [0.0, 1.0, -1.0, np.nan, np.inf])
def test_grids_without_information_are_refused(fill: float) -> None:
    assert soft.read_grid(np.full((37, 37), fill), 5) is None


def test_a_code_without_format_word_of_our_mask_is_refused() -> None:
    grid = np.where(encode(TEXT).modules, 1.0, -1.0)
    grid[structure.data_positions(5)] *= -1
    assert soft.read_grid(grid, 5) is None


def test_bytes_after_the_message_must_be_the_padding() -> None:
    code = encode("ab")
    data = codec.build(code.payload, 1, "H").copy()
    data[-1] ^= 0x10
    assert soft.read_grid(np.where(structure.modules_of(data, 1, "H"), 1.0, -1.0), 1) is None


def test_random_grids_give_no_message() -> None:
    rng = np.random.default_rng(6)
    for version in range(1, structure.MAX_VERSION + 1):
        size = structure.grid_size(version)
        for _ in range(100):
            assert soft.read_grid(rng.normal(size=(size, size)), version) is None
    for version, count in ((1, 150), (2, 60), (5, 20), (10, 5)):
        for _ in range(count):
            assert soft.read_grid(code_like(version, rng), version) is None


@pytest.mark.slow
def test_a_hundred_thousand_random_grids_give_no_message() -> None:
    rng = np.random.default_rng(7)
    for index in range(100_000):
        version = 1 + index % structure.MAX_VERSION
        size = structure.grid_size(version)
        grid = rng.standard_normal((size, size), np.float32)
        assert soft.read_grid(grid, version) is None


@pytest.mark.slow
def test_twenty_thousand_grids_with_the_patterns_of_a_code_give_no_message() -> None:
    """The gate on the patterns is passed on purpose, so that the blocks decide."""
    rng = np.random.default_rng(8)
    for index in range(20_000):
        version = (1, 1, 1, 2, 3)[index % 5]
        assert soft.read_grid(code_like(version, rng), version) is None


def test_the_evidence_of_coins_is_as_rare_as_it_says() -> None:
    """b bits for some message of a list in at most 2 ** -b of the grids."""
    rng = np.random.default_rng(9)
    count, words = 4000, 32
    odds = rng.normal(0, 2, (count, 60))  # of sizes that have nothing to do with the signs
    ones, zeros = evidence.bit_gains(odds)
    messages = rng.random((words, 60)) < 0.5
    scores = np.where(messages[None], ones[:, None], zeros[:, None]).sum(axis=2)
    bits = scores.max(axis=1) - np.log2(words)
    assert (bits > 0).any()
    for least in (0, 1, 2, 4, 8):
        assert (bits >= least).mean() <= 2.0**-least + 4 * 2.0 ** (-least / 2) / count**0.5


def test_bits_of_a_value_are_those_of_a_coin_at_most() -> None:
    ones, zeros = evidence.bit_gains(np.array([0.0, 50.0, -50.0, 1.0]))
    np.testing.assert_allclose(ones[:3], [0, 1, 1 - 50 / np.log(2)], atol=1e-9)
    np.testing.assert_allclose(zeros[[0, 2]], [0, 1], atol=1e-9)
    assert 2.0 ** ones[3] + 2.0 ** zeros[3] == pytest.approx(2)  # the mean over a coin is 1
    assert evidence.expected_bits(np.zeros(9)) == 0
    assert evidence.expected_bits(np.full(9, 30.0)) == pytest.approx(9)


def test_ordered_statistics_give_words_in_the_order_of_their_agreement() -> None:
    rng = np.random.default_rng(10)
    for data_count, check_count in ((2, 4), (9, 17), (12, 22)):
        word = rs.encode_block(rng.integers(0, 256, data_count, np.uint8), check_count)
        signs = np.unpackbits(word).astype(np.float32) * 2 - 1
        values = signs + 0.7 * rng.standard_normal(len(signs), np.float32)
        block = ordered.OrderedBlock(values, data_count, check_count)
        for changes in (2, 3, 5):
            words = block.words(changes, 16)
            assert not rs.syndromes(words, check_count).any()
            assert len(np.unique(words, axis=0)) == len(words)
            agreement = (np.unpackbits(words, axis=1) * 2.0 - 1) @ values
            assert (np.diff(agreement) <= 1e-3).all()
        if data_count > 2:
            np.testing.assert_array_equal(block.best(3), word)


def test_ordered_statistics_equal_a_search_over_all_words_of_a_small_code() -> None:
    rng = np.random.default_rng(11)
    words = np.array([rs.encode_block(np.array([i], np.uint8), 2) for i in range(256)])
    signs = np.unpackbits(words, axis=1) * 2.0 - 1
    for _ in range(50):
        values = rng.standard_normal(24, np.float32)
        block = ordered.OrderedBlock(values, 1, 2)
        np.testing.assert_array_equal(block.best(3), words[(signs @ values).argmax()])


def test_more_changes_at_once_mend_more_of_the_basis() -> None:
    """Of 12 data symbols four bits that seem sure are wrong: three changes do not suffice."""
    rng = np.random.default_rng(12)
    found = {3: 0, 5: 0}
    for _ in range(20):
        word = rs.encode_block(rng.integers(0, 256, 12, np.uint8), 22)
        signs = np.unpackbits(word).astype(np.float32) * 2 - 1
        values = signs * rng.uniform(0.2, 1.0, len(signs)).astype(np.float32)
        order = np.argsort(-np.abs(values))
        values[rng.choice(order[55:92], 4, replace=False)] *= -1
        values[rng.choice(order[180:], 30, replace=False)] *= -1
        block = ordered.OrderedBlock(values, 12, 22)
        for changes in found:
            found[changes] += np.array_equal(block.best(changes), word)
    assert found[5] >= 12
    assert found[3] < found[5]


def test_grids_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(37, 37\) for version 5"):
        soft.read_grid(np.zeros((21, 21)), 5)
    with pytest.raises(ValueError, match=r"expected \(37, 37\)"):
        presence.presence_score(np.zeros((21, 21)), 5)
    with pytest.raises(ValueError, match="expected 1 to 40"):
        soft.read_grid(np.zeros((21, 21)), 0)


def test_presence_tells_codes_from_noise_and_constant_grids() -> None:
    rng = np.random.default_rng(13)
    for version in (1, 5, 10):
        code = encode_as(b"here", version, "H")
        grid = np.where(code.modules, 1.0, -1.0)
        assert presence.presence_score(grid, version) == pytest.approx(1)
        assert presence.presence_score(-grid, version) == pytest.approx(-1)
        assert presence.presence_score(noisy(code, 0.1, rng), version) > 0.6
        assert abs(presence.presence_score(rng.normal(size=grid.shape), version)) < 0.25
        assert presence.presence_score(np.ones(grid.shape), version) == 0
        assert presence.presence_score(np.zeros(grid.shape), version) == 0
        assert presence.presence_score(np.full(grid.shape, np.nan), version) == 0


def test_finder_score_looks_at_the_top_left_corner_alone() -> None:
    grid = np.where(encode(TEXT).modules, 2.0, -2.0)
    assert presence.finder_score(grid) == pytest.approx(1)
    assert presence.finder_score(grid[:8, :8]) == pytest.approx(1)
    assert abs(presence.finder_score(np.rot90(grid, 2)[:12, :12])) < 0.5
    with pytest.raises(ValueError, match="at least"):
        presence.finder_score(grid[:7, :8])


def test_unknown_modules_are_neither_right_nor_wrong() -> None:
    code = encode(TEXT)
    rng = np.random.default_rng(6)
    read = 0
    for _ in range(5):
        grid = noisy(code, 0.06, rng)
        grid[10:25, 12:26] = 0  # three in twenty
        reading = soft.read_grid(grid, 5)
        if reading is not None:
            assert reading.payload == TEXT.encode()
            assert reading.agreement > 0.9
            read += 1
    assert read >= 3

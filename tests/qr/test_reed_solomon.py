"""Correction up to the bound, and beyond it never a word that is no codeword."""

from __future__ import annotations

import numpy as np
import pytest

from riis_physical.qr.code import reed_solomon as rs

CODES = [(9, 17), (12, 22), (16, 28), (69, 18), (13, 22), (60, 15)]


def spoil(
    rng: np.random.Generator, word: np.ndarray, errors: int, erasures: int
) -> tuple[np.ndarray, np.ndarray]:
    places = rng.permutation(len(word))[: errors + erasures]
    received = word.copy()
    received[places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    erased = np.zeros(len(word), bool)
    erased[places[errors:]] = True
    return received, erased


@pytest.mark.parametrize(("data_count", "check_count"), CODES)
def test_errors_and_erasures_are_corrected_up_to_the_bound(
    data_count: int, check_count: int
) -> None:
    rng = np.random.default_rng(data_count)
    sent, received, erased = [], [], []
    for erasures in range(check_count + 1):
        for errors in range((check_count - erasures) // 2 + 1):
            word = rs.encode_block(rng.integers(0, 256, data_count, np.uint8), check_count)
            spoiled, places = spoil(rng, word, errors, erasures)
            sent.append(word)
            received.append(spoiled)
            erased.append(places)
    corrected, valid = rs.decode(np.array(received), np.array(erased), check_count)
    assert valid.all()
    np.testing.assert_array_equal(corrected, np.array(sent))


def test_erased_symbols_may_be_right_already() -> None:
    word = rs.encode_block(np.arange(10, dtype=np.uint8), 8)
    erased = np.zeros((1, 18), bool)
    erased[0, :8] = True
    corrected, valid = rs.decode(word[None], erased, 8)
    assert valid[0]
    np.testing.assert_array_equal(corrected[0], word)


def test_too_many_erasures_fail_and_leave_the_word() -> None:
    rng = np.random.default_rng(1)
    word, erased = spoil(rng, rs.encode_block(np.arange(10, dtype=np.uint8), 8), 0, 9)
    corrected, valid = rs.decode(word[None], erased[None], 8)
    assert not valid[0]
    np.testing.assert_array_equal(corrected[0], word)


def test_random_words_are_rarely_taken_and_only_for_codewords() -> None:
    rng = np.random.default_rng(2)
    words = rng.integers(0, 256, (3000, 26), dtype=np.uint8)
    corrected, valid = rs.decode(words, np.zeros(words.shape, bool), 17)
    assert valid.mean() < 0.001
    words = rng.integers(0, 256, (3000, 12), dtype=np.uint8)
    corrected, valid = rs.decode(words, np.zeros(words.shape, bool), 4)
    assert 0 < valid.mean() < 0.1
    assert not rs.syndromes(corrected[valid], 4).any()


def test_all_zero_data_has_zero_checks() -> None:
    assert not rs.encode_block(np.zeros(11, np.uint8), 22).any()

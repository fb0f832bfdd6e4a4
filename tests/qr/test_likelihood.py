"""Soft values become odds that are honest, and add up."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.decode import read_grid
from riis_physical.qr.soft.likelihood import SURELY_WRONG, log_likelihoods

CODE = encode("Meet me at the old bridge, 9 pm sharp")  # version 5
SIGNS = np.where(CODE.modules, 1.0, -1.0)


def reading(error_rate: float, seed: int, unit: float = 1.0) -> np.ndarray:
    """Signs plus noise that turns so many of them: the true log-odds are linear."""
    noise = np.random.default_rng(seed).normal(size=SIGNS.shape)
    return unit * (SIGNS + noise / -norm.ppf(error_rate))


@pytest.mark.parametrize("error_rate", [0.01, 0.05, 0.15, 0.3])
def test_the_odds_tell_how_many_are_wrong(error_rate: float) -> None:
    expected, wrong = [], []
    for seed in range(20):
        odds = log_likelihoods(reading(error_rate, seed), CODE.version)
        expected.append((1 / (1 + np.exp(np.abs(odds)))).mean())
        wrong.append(((odds > 0) != CODE.modules).mean())
    assert np.mean(expected) == pytest.approx(np.mean(wrong), rel=0.15, abs=0.008)


def test_the_unit_does_not_matter_and_the_odds_are_limited() -> None:
    one, other = (log_likelihoods(reading(0.05, 0, unit), 5) for unit in (1e-5, 1e5))
    np.testing.assert_allclose(one, other, rtol=1e-4)
    most = np.log((1 - SURELY_WRONG) / SURELY_WRONG)
    assert np.abs(log_likelihoods(SIGNS * 1e6, 5)).max() <= most + 1e-6


def test_a_reading_of_nothing_counts_for_little() -> None:
    nothing = np.random.default_rng(1).normal(size=SIGNS.shape)
    assert np.abs(log_likelihoods(nothing, 5)).mean() < 0.5
    assert (log_likelihoods(np.full(SIGNS.shape, np.nan), 5) == 0).all()


def test_covered_modules_have_no_say() -> None:
    logits, reliability = reading(0.02, 2), np.ones(SIGNS.shape)
    logits[:12, :12] = -40 * SIGNS[:12, :12]  # a finder pattern upside down
    reliability[:12, :12] = 0
    odds = log_likelihoods(logits, 5, reliability)
    assert (odds[:12, :12] == 0).all()
    trusted = np.abs(odds[12:]).mean()
    assert trusted > 2 * np.abs(log_likelihoods(logits, 5)[12:]).mean()


def test_sums_read_what_no_reading_does_and_a_bad_one_does_not_spoil_them() -> None:
    many = [reading(0.33, seed) for seed in range(6)]
    assert all(read_grid(one, 5) is None for one in many)
    many.append(1e3 * np.random.default_rng(9).normal(size=SIGNS.shape))
    together = np.sum([log_likelihoods(one, 5) for one in many], axis=0)
    found = read_grid(together, 5)
    assert found is not None
    assert found.payload == CODE.payload


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(37, 37\) for version 5"):
        log_likelihoods(np.zeros((36, 36)), 5)

"""The report's statistics against other ways to the same figures, on tables made up by the seed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("statsmodels")

from scipy import optimize, stats
from statsmodels.discrete.discrete_model import Logit
from statsmodels.stats.proportion import proportion_confint

from capture.study.report.fits import fit_width
from capture.study.report.mixed import fit_mixed, posterior
from capture.study.report.paired import compare
from capture.study.report.rates import rate_of

WIDTH95 = 250.0
SLOPE = 3.0


def photos(seed: int, n: int = 400) -> pd.DataFrame:
    """logit(rate) = SLOPE * log2(width / WIDTH95) + logit(0.95)."""
    rng = np.random.default_rng(seed)
    width = WIDTH95 * 2 ** rng.uniform(-2, 1.5, n)
    chance = 1 / (1 + np.exp(-(SLOPE * np.log2(width / WIDTH95) + math.log(19))))
    return pd.DataFrame({"width_px": width, "is_right": rng.random(n) < chance})


def repeated(seed: int, n: int = 600, hosts: int = 12, phones: int = 3) -> pd.DataFrame:
    """Photos of pictures (log-odds spread by 1) and phones (by 0.5); doubling the width adds 2."""
    rng = np.random.default_rng(seed)
    host, phone = rng.integers(hosts, size=n), rng.integers(phones, size=n)
    width, angle = 250 * 2 ** rng.uniform(-1.5, 1.5, n), rng.choice([0.0, 20.0, 40.0], n)
    own = rng.normal(0, 1.0, hosts)[host] + rng.normal(0, 0.5, phones)[phone]
    odds = 0.5 + 2 * np.log2(width / 250) - 0.03 * angle + own
    return pd.DataFrame({
        "host": [f"h{i}" for i in host], "device": [f"d{i}" for i in phone], "width_px": width,
        "angle_deg": angle, "strength": 1.0, "message_length": 30, "light": "day",
        "medium": "print", "model": "m", "is_right": rng.random(n) < 1 / (1 + np.exp(-odds)),
    })  # fmt: skip


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (1, 12), (57, 60), (60, 60), (731, 1000)])
def test_wilson_intervals_are_those_of_statsmodels(hits: int, n: int) -> None:
    found = rate_of(pd.Series([True] * hits + [False] * (n - hits)))
    assert (found.low, found.high) == pytest.approx(
        proportion_confint(hits, n, method="wilson"), abs=1e-9
    )


def test_the_logistic_fit_is_that_of_logit_and_of_a_plain_search() -> None:
    frame = photos(1)
    fit = fit_width(frame)
    x, y = np.log2(frame["width_px"].to_numpy()), frame["is_right"].to_numpy(float)
    logit = Logit(y, np.column_stack([np.ones(len(x)), x])).fit(disp=False)
    assert (fit.intercept, fit.slope) == pytest.approx(tuple(logit.params), rel=1e-5)
    assert fit.covariance == pytest.approx(np.asarray(logit.cov_params()), rel=1e-3)

    def lost(values: np.ndarray) -> float:
        odds = values[0] + values[1] * x
        return float(np.sum(np.logaddexp(0, odds) - y * odds))

    plain = optimize.minimize(lost, [0.0, 1.0], method="Nelder-Mead",
                              options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000})  # fmt: skip
    at = 2 ** ((math.log(19) - plain.x[0]) / plain.x[1])
    assert fit.width95 == pytest.approx(at, rel=1e-4)
    assert fit.rate(np.array([at]))[0] == pytest.approx(0.95, abs=1e-4)


def test_the_95_percent_width_is_covered_as_often_as_it_says() -> None:
    fits = [fit_width(photos(seed)) for seed in range(200)]
    widths = [(f.width95_low, f.width95, f.width95_high) for f in fits if f.width95 is not None]
    assert len(widths) == 200
    covered = sum(low <= WIDTH95 <= high for low, _, high in widths)  # type: ignore[operator]
    assert 180 <= covered <= 199  # 190 are expected, 3 are a standard deviation
    assert np.median([w[1] for w in widths]) == pytest.approx(WIDTH95, rel=0.02)  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second"), [(9, 1), (0, 6), (14, 11), (0, 0)])
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    pairs = [(True, True)] * 8 + [(True, False)] * first + [(False, True)] * second
    frame = pd.DataFrame([
        {"photo": photo, "setting_id": key, "is_right": right}
        for photo, pair in enumerate(pairs) for key, right in zip("ab", pair, strict=True)
    ])  # fmt: skip
    found = compare(frame, {"a": "A", "b": "B"})[0]
    unequal = first + second
    expected = stats.binomtest(first, unequal, 0.5).pvalue if unequal else 1.0
    assert found.p == pytest.approx(expected, abs=1e-9)
    assert (found.first_only, found.second_only, found.both) == (first, second, 8)


def test_the_mixed_model_is_the_posterior_by_plain_integration() -> None:
    """An intercept and one random factor: both integrated out on fine grids."""
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(5), 24)
    right = (rng.random(120) < 1 / (1 + np.exp(-(0.4 + rng.normal(0, 1.2, 5)[group])))).astype(
        float
    )
    found = posterior(right, np.ones((120, 1)), [np.eye(5)[group]])
    hits, sizes = np.bincount(group, right), np.bincount(group)
    intercepts, spreads = np.linspace(-5, 6, 221), np.linspace(-3.15, 2.4, 75)
    at, weight = np.polynomial.hermite_e.hermegauss(60)
    table = np.zeros((len(intercepts), len(spreads)))
    for column, spread in enumerate(spreads):
        odds = intercepts[:, None] + math.exp(spread) * at
        fall = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
        for hit, size in zip(hits, sizes, strict=True):
            table[:, column] += np.log(np.exp(hit * fall[0] + (size - hit) * fall[1]) @ weight)
        table[:, column] -= intercepts**2 / (2 * 3.0**2) + spread**2 / 2
    exact = np.exp(table - table.max())
    for share in (0.025, 0.5, 0.975):
        for marginal, values, own, room in (
            (exact.sum(1), intercepts, found.effect(0, share), 0.25),
            (exact.sum(0), spreads, found.log_spread(0, share), 0.2),
        ):
            below = np.cumsum(marginal) - marginal / 2
            assert own == pytest.approx(np.interp(share, below / marginal.sum(), values), abs=room)


def test_few_pictures_leave_their_spread_open() -> None:
    """Four pictures that hardly differ do not show that pictures do not differ."""
    covered = 0
    for seed in range(12):
        fit = fit_mixed(repeated(seed, n=200, hosts=4))
        for (_, _, low, high), truth in zip(fit.spreads, (1.0, 0.5), strict=True):
            covered += low <= truth <= high
            assert high > 0.5
    assert covered >= 21  # of 24


def test_the_mixed_model_covers_what_photos_were_made_with() -> None:
    fits = [fit_mixed(repeated(seed)) for seed in range(24)]
    covered = {"twice the width in the photo": 0, "10 degrees more angle": 0}
    truth = {"twice the width in the photo": math.exp(2), "10 degrees more angle": math.exp(-0.3)}
    for fit in fits:
        for effect in fit.effects:
            covered[effect.name] += effect.low <= truth[effect.name] <= effect.high
    assert all(count >= 20 for count in covered.values())  # 22.8 are expected
    pictures = [fit.spreads[0][1] for fit in fits]
    assert np.median(pictures) == pytest.approx(1.0, abs=0.25)

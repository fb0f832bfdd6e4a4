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

from capture.study.report.fits import fit_mixed, fit_width
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


def test_the_mixed_model_is_at_the_top_of_its_own_posterior() -> None:
    frame = repeated(3)
    fit = fit_mixed(frame)
    log_width = np.log2(frame["width_px"].to_numpy())
    angle = frame["angle_deg"].to_numpy() / 10
    fixed = np.column_stack([np.ones(len(frame)), log_width - log_width.mean(),
                             angle - angle.mean()])  # fmt: skip
    groups = [pd.factorize(frame[name], sort=True)[0] for name in ("host", "device")]
    sizes = [int(g.max()) + 1 for g in groups]
    right = frame["is_right"].to_numpy(float)

    def lost(values: np.ndarray) -> float:
        """Minus the log posterior, up to a constant."""
        effects, scales, own = values[:3], values[3:5], values[5:]
        parts = np.split(own, [sizes[0]])
        odds = fixed @ effects + parts[0][groups[0]] + parts[1][groups[1]]
        prior = effects @ effects / (2 * 3.0**2) + scales @ scales / 2
        for part, scale in zip(parts, scales, strict=True):
            prior += part @ part / (2 * math.exp(2 * scale)) + len(part) * scale
        return float(np.sum(np.logaddexp(0, odds) - right * odds) + prior)

    top = optimize.minimize(lost, np.zeros(5 + sum(sizes)), method="BFGS", options={"gtol": 1e-4})
    ratios = {e.name: math.log(e.ratio) for e in fit.effects}
    assert ratios["twice the width in the photo"] == pytest.approx(top.x[1], abs=0.02)
    assert ratios["10 degrees more angle"] == pytest.approx(top.x[2], abs=0.02)
    for (_, spread, low, high), scale in zip(fit.spreads, top.x[3:5], strict=True):
        assert spread == pytest.approx(math.exp(scale), rel=0.05) and low < spread < high


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

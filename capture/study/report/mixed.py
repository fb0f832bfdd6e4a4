"""What matters beside width, where photos repeat pictures and phones: a logistic mixed model.

Few pictures and fewer phones say little of how much they differ, and that doubt must reach the
other figures. So the spreads are not set to one likeliest value (which is zero all too easily)
but averaged over: a grid of spreads, Laplace's approximation at each (Rue, Martino and Chopin,
"Approximate Bayesian inference for latent Gaussian models", 2009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq
from scipy.special import expit, logsumexp
from scipy.stats import norm

FloatArray = NDArray[np.float64]

LEAST_PHOTOS, LEAST_OF_A_KIND = 20, 3
#: Photos that the model is fitted to at most, drawn with a fixed seed.
MIXED_PHOTOS = 5000
#: Weak priors: of effects, on the logit scale; of a spread's logarithm, about 0.
EFFECT_SIGMA, LOG_SPREAD_SIGMA = 3.0, 1.0
LOG_SPREADS = np.linspace(-3.0, 2.25, 15)
NEWTON_STEPS, STILL = 50, 1e-8
_GROUPS = {"host": "pictures", "device": "phones"}
_TAIL = 0.025


@dataclass(frozen=True)
class Effect:
    """An odds ratio with its 95 % interval: how a change multiplies the odds of reading."""

    name: str
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class MixedFit:
    """Logistic regression with a random intercept for each picture and each phone.

    Attributes:
        effects: fixed ones. spreads: standard deviation of each random intercept on the
            logit scale, by name, with its 95 % interval.
        n: photos fitted to. reason: why there is no fit.
    """

    n: int
    effects: tuple[Effect, ...] = ()
    spreads: tuple[tuple[str, float, float, float], ...] = ()
    reason: str | None = None


def fit_mixed(frame: pd.DataFrame) -> MixedFit:
    """Fit the model; medians of the posterior and its 95 % intervals."""
    rows = frame[frame["width_px"].notna()]
    if len(rows) > MIXED_PHOTOS:
        rows = rows.sample(MIXED_PHOTOS, random_state=0)
    groups = {name: text for name, text in _GROUPS.items() if rows[name].nunique() > 1}
    n, right = len(rows), rows["is_right"].to_numpy(float)
    if n < LEAST_PHOTOS or min(right.sum(), n - right.sum()) < LEAST_OF_A_KIND:
        return MixedFit(n, reason="too few photos of one kind, read or unread")
    if not groups:
        return MixedFit(n, reason="one picture and one phone only: nothing repeats")
    columns, names = _fixed(rows)
    fixed = np.column_stack([np.ones(n), *columns])
    random = [pd.get_dummies(rows[name]).to_numpy(float) for name in groups]
    found = posterior(right, fixed, random)
    effects = []
    for number, name in enumerate(names, start=1):
        low, middle, high = (found.effect(number, at) for at in (_TAIL, 0.5, 1 - _TAIL))
        effects.append(Effect(name, math.exp(middle), math.exp(low), math.exp(min(high, 50))))
    spreads = []
    for number, text in enumerate(groups.values()):
        middle, low, high = (
            math.exp(found.log_spread(number, at)) for at in (0.5, _TAIL, 1 - _TAIL)
        )
        spreads.append((text, middle, low, high))
    return MixedFit(n, tuple(effects), tuple(spreads))


@dataclass(frozen=True)
class Posterior:
    """Normal approximations at a grid of spreads.

    Attributes:
        log_spreads: (G, K) of K random factors. weights: (G,), of sum 1.
        means, sigmas: (G, P) of the fixed effects.
    """

    log_spreads: FloatArray
    weights: FloatArray
    means: FloatArray
    sigmas: FloatArray

    def effect(self, number: int, share: float) -> float:
        """The value of a fixed effect below which this share of the posterior lies."""
        means, sigmas = self.means[:, number], self.sigmas[:, number]

        def over(value: float) -> float:
            return float(self.weights @ norm.cdf(value, means, sigmas)) - share

        return float(brentq(over, (means - 9 * sigmas).min(), (means + 9 * sigmas).max()))

    def log_spread(self, number: int, share: float) -> float:
        """The same of the logarithm of a random factor's standard deviation."""
        levels, places = np.unique(self.log_spreads[:, number], return_inverse=True)
        step = float(levels[1] - levels[0])
        below = np.r_[0.0, np.cumsum(np.bincount(places.ravel(), self.weights))]
        edges = np.r_[levels - step / 2, levels[-1] + step / 2]
        return float(np.interp(share, below / below[-1], edges))


def posterior(right: FloatArray, fixed: FloatArray, random: Sequence[FloatArray]) -> Posterior:
    """The posterior of a logistic mixed model.

    Args:
        right: (N,) of 0 and 1. fixed: (N, P). random: (N, L) of 0 and 1 for each random factor.
    """
    design = np.column_stack([fixed, *random])
    counts = [part.shape[1] for part in random]
    grid = np.array(list(product(LOG_SPREADS, repeat=len(random))))
    state = np.zeros(design.shape[1])
    logs, means, sigmas = [], [], []
    p = fixed.shape[1]
    for spreads in grid:
        variances = np.r_[
            np.full(p, EFFECT_SIGMA**2), np.repeat(np.exp(2 * spreads), counts)
        ]  # fmt: skip
        state, height, spread = _laplace(right, design, variances, state)
        prior = -0.5 * float(spreads @ spreads) / LOG_SPREAD_SIGMA**2
        logs.append(height + prior)
        means.append(state[:p])
        sigmas.append(spread[:p])
    weights = np.exp(np.array(logs) - logsumexp(logs))
    return Posterior(grid, weights, np.array(means), np.array(sigmas))


def _laplace(
    right: FloatArray, design: FloatArray, variances: FloatArray, start: FloatArray
) -> tuple[FloatArray, float, FloatArray]:
    """Mode, log of the integral (up to a constant) and standard deviations, priors given."""
    state, precision = start, 1 / variances

    def height(values: FloatArray) -> float:
        odds = design @ values
        fit = float(right @ odds - np.logaddexp(0, odds).sum())
        return fit - 0.5 * float(precision @ values**2)

    now = height(state)
    for _ in range(NEWTON_STEPS):
        chance = expit(design @ state)
        slope = design.T @ (right - chance) - precision * state
        curve = (design.T * (chance * (1 - chance))) @ design + np.diag(precision)
        factor = cho_factor(curve)
        step = cho_solve(factor, slope)
        length = 1.0
        while (then := height(state + length * step)) < now - 1e-12 and length > 1e-6:
            length /= 2
        state = state + length * step
        if abs(then - now) < STILL * (1 + abs(now)):
            break
        now = then
    log_det = 2 * float(np.log(np.diag(factor[0])).sum())
    value = height(state) - 0.5 * float(np.log(variances).sum()) - 0.5 * log_det
    return state, value, np.sqrt(np.diag(cho_solve(factor, np.eye(len(state)))))


def _fixed(rows: pd.DataFrame) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Columns of the fixed effects, centred, and what one unit of each is."""
    columns, names = [], []
    log_width = np.log2(rows["width_px"].to_numpy(float))
    if np.ptp(log_width) > 0.1:
        columns.append(log_width - log_width.mean())
        names.append("twice the width in the photo")
    for name, unit, text in (
        ("angle_deg", 10.0, "10 degrees more angle"),
        ("strength", 0.1, "0.1 more strength"),
        ("message_length", 10.0, "10 more characters"),
    ):
        if rows[name].nunique() > 1:
            value = rows[name].to_numpy(float) / unit
            columns.append(value - value.mean())
            names.append(text)
    for name in ("light", "medium", "model"):
        levels = rows[name].value_counts().index.tolist()
        for level in sorted(levels[1:]):
            columns.append((rows[name] == level).to_numpy(float))
            names.append(f"{name} {level} in place of {levels[0]}")
    return columns, names

"""Rate against width in the photo, and what else matters once width is known."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TARGET = 0.95
LEAST_PHOTOS = 20
#: Photos that the mixed model is fitted to at most, drawn with a fixed seed.
MIXED_PHOTOS = 5000
_LEAST_OF_A_KIND = 3


@dataclass(frozen=True)
class WidthFit:
    """logit(rate) = intercept + slope * log2(width in px), by maximum likelihood.

    Attributes:
        covariance: (2, 2) of intercept and slope.
        width95: px at which 95 % are read, with its 95 % interval (delta method on log width).
        range_px: (narrowest, widest) of the photos.
        reason: why there is no fit; the other values are then None.
    """

    range_px: tuple[float, float]
    n: int
    intercept: float | None = None
    slope: float | None = None
    covariance: NDArray[np.float64] | None = None
    width95: float | None = None
    width95_low: float | None = None
    width95_high: float | None = None
    reason: str | None = None

    def rate(self, width_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """The fitted rate at widths."""
        assert self.intercept is not None and self.slope is not None
        return np.asarray(1 / (1 + np.exp(-(self.intercept + self.slope * np.log2(width_px)))))


def fit_width(frame: pd.DataFrame) -> WidthFit:
    """Fit the rate of reading against the width of the container in the photo."""
    import statsmodels.api as sm

    rows = frame[frame["width_px"].notna()]
    right = rows["is_right"].to_numpy(float)
    width = rows["width_px"].to_numpy(float)
    n = len(rows)
    span = (float(width.min()), float(width.max())) if n else (math.nan, math.nan)
    wrong = int(n - right.sum())
    if n < LEAST_PHOTOS:
        return WidthFit(span, n, reason=f"{n} photos are too few: at least {LEAST_PHOTOS}")
    if min(wrong, n - wrong) < _LEAST_OF_A_KIND:
        what = f"only {wrong} not read" if wrong < n - wrong else f"only {n - wrong} read"
        return WidthFit(
            span, n, reason=f"{what} of {n}: take photos from farther away" if wrong < n - wrong
            else f"{what} of {n}: take photos from nearer",
        )  # fmt: skip
    design = np.column_stack([np.ones(n), np.log2(width)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # judged by the result below
        fitted = sm.GLM(right, design, family=sm.families.Binomial()).fit()
    intercept, slope = (float(v) for v in fitted.params)
    covariance = np.asarray(fitted.cov_params(), np.float64)
    if not np.isfinite(covariance).all() or covariance[1, 1] > 1e4:
        return WidthFit(
            span, n, reason="width separates read from unread photos completely: take photos "
            "of widths in between",
        )  # fmt: skip
    if slope <= 0:
        return WidthFit(
            span, n, reason="wider ones are not read more often: something else decides"
        )
    at = (math.log(TARGET / (1 - TARGET)) - intercept) / slope
    # d at / d (intercept, slope)
    gradient = np.array([-1 / slope, -at / slope])
    error = math.sqrt(float(gradient @ covariance @ gradient))
    low, high = 2 ** (at - 1.96 * error), 2 ** (at + 1.96 * error)
    return WidthFit(span, n, intercept, slope, covariance, 2**at, low, high)


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


_GROUPS = {"host": "pictures", "device": "phones"}


def fit_mixed(frame: pd.DataFrame) -> MixedFit:
    """What matters beside width, where photos repeat pictures and phones.

    Binomial mixed model with weak normal priors (statsmodels' BinomialBayesMixedGLM): the
    likeliest values, intervals from the curvature there (Laplace's approximation).
    """
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

    rows = frame[frame["width_px"].notna()]
    if len(rows) > MIXED_PHOTOS:
        rows = rows.sample(MIXED_PHOTOS, random_state=0)
    groups = {name: text for name, text in _GROUPS.items() if rows[name].nunique() > 1}
    n, right = len(rows), rows["is_right"].to_numpy(float)
    if n < LEAST_PHOTOS or min(right.sum(), n - right.sum()) < _LEAST_OF_A_KIND:
        return MixedFit(n, reason="too few photos of one kind, read or unread")
    if not groups:
        return MixedFit(n, reason="one picture and one phone only: nothing repeats")
    columns, names = _fixed(rows)
    fixed = np.column_stack([np.ones(n), *columns])
    parts, idents = [], []
    for number, name in enumerate(groups):
        dummies = pd.get_dummies(rows[name]).to_numpy(float)
        parts.append(dummies)
        idents += [number] * dummies.shape[1]
    random = np.column_stack(parts)
    model = BinomialBayesMixedGLM(right, fixed, random, np.array(idents), vcp_p=1.0, fe_p=3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: judged by the result below
        fitted = model.fit_map()
    means, deviations = np.asarray(fitted.fe_mean), np.asarray(fitted.fe_sd)
    if not np.isfinite(means).all():
        return MixedFit(n, reason="the fit did not converge")
    effects = [
        Effect(name, math.exp(m), math.exp(m - 1.96 * s), math.exp(min(m + 1.96 * s, 50)))
        for name, m, s in zip(names, means[1:], deviations[1:], strict=True)
    ]
    spreads = [
        (text, math.exp(m), math.exp(m - 1.96 * s), math.exp(m + 1.96 * s))
        for text, m, s in zip(groups.values(), fitted.vcp_mean, fitted.vcp_sd, strict=True)
    ]
    return MixedFit(n, tuple(effects), tuple(spreads))


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

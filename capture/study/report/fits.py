"""Rate against width in the photo."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TARGET = 0.95
LEAST_PHOTOS = 20
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

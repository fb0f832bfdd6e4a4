"""Soft module values as log-likelihoods that can be added up over readings.

The network's values say how sure it is, and within one reading they say so in
proportion: the logarithm of the odds that a value's sign is right grows linearly with
its size. The factor differs from photo to photo: under an unexpected blur or with
corners off by half a module the network is surer than it should be. Each reading
therefore gets its own factor from the modules that every code has, some 250 of them in
version 5, so that a poor reading counts for little in a sum by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.structure import grid_size
from riis_physical.qr.soft.presence import function_modules

Floats = NDArray[np.float32]

SURELY_WRONG = 0.002
"""Part of the modules that are wrong however sure the network is: dirt, reflections."""
USUAL_FACTOR = 5.5
"""Log-odds at the median size of a reading, where its known modules do not say."""

_PRIOR_COUNT = 4.0  # shape of the gamma density of factors, whose mode is the usual one
_STEPS = 30


def log_likelihoods(
    logits: NDArray[np.floating],
    version: int,
    reliability: NDArray[np.floating] | None = None,
) -> Floats:
    """Log of the odds that each module is dark, calibrated on the known modules.

    Args:
        logits: (N, N) soft values, positive for dark, in any unit. NaN counts as not
            known.
        version: 1 to 10; N = 17 + 4 * version.
        reliability: (N, N) in [0, 1] from where the picture is covered (0) to where it
            is not (1): known modules count by it, and the result is multiplied by it.

    Returns:
        (N, N) natural logarithms of odds, within +-6.3: sums over readings with
        independent errors are log-likelihoods again.

    Raises:
        ValueError: a grid has not the version's size.
    """
    grid = _checked(logits, version)
    weight = np.ones(grid.shape) if reliability is None else _checked(reliability, version)
    sizes = np.abs(grid)
    counted = sizes[(weight > 0.5) & (sizes > 0)]
    unit = float(np.median(counted)) if counted.size else 1.0
    mask, values = function_modules(version)
    signed = np.where(values, grid, -grid)[mask] / unit
    odds = calibrated_factor(signed, weight[mask]) * grid / unit
    return (weight * _limited(odds)).astype(np.float32)


def calibrated_factor(signed: NDArray[np.floating], weight: NDArray[np.floating]) -> float:
    """The factor that makes values log-odds, from modules whose sign is known.

    The likeliest one where a value x is right with the odds exp(factor * x), and factors
    are scattered about the usual one.

    Args:
        signed: (M,) values in units of their median size, positive where right.
        weight: (M,) how much each counts, in [0, 1].
    """
    value = np.clip(signed.astype(np.float64), -3, 3)
    low, high = 0.0, 8 * USUAL_FACTOR
    for _ in range(_STEPS):  # halves the interval: the posterior has one peak
        factor = (low + high) / 2
        doubt = 1 / (1 + np.exp(np.clip(factor * value, -50, 50)))
        gain = (weight * doubt * value).sum() + _PRIOR_COUNT * (1 / factor - 1 / USUAL_FACTOR)
        low, high = (factor, high) if gain > 0 else (low, factor)
    return (low + high) / 2


def _limited(odds: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log-odds with a share of modules that are wrong whatever their odds."""
    likely = np.clip(odds.astype(np.float64), -50, 50)
    top = np.logaddexp(likely + np.log1p(-SURELY_WRONG), np.log(SURELY_WRONG))
    bottom = np.logaddexp(likely + np.log(SURELY_WRONG), np.log1p(-SURELY_WRONG))
    return np.asarray(top - bottom, np.float64)


def _checked(grid: NDArray[np.floating], version: int) -> NDArray[np.float64]:
    size = grid_size(version)
    if grid.shape != (size, size):
        raise ValueError(f"grid {grid.shape}: expected ({size}, {size}) for version {version}")
    return np.nan_to_num(grid.astype(np.float64), nan=0.0, posinf=1e30, neginf=-1e30)

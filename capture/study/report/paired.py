"""Settings compared on the same photos, and how what is seen goes with what is read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from capture.study.report.rates import Rate, rate_of

LEAST_CONTAINERS = 10  # for a correlation over them


@dataclass(frozen=True)
class Comparison:
    """Two settings on the photos that both scanned.

    Attributes:
        both, first_only, second_only, neither: photos read.
        p: of McNemar's exact test that both read equally often.
    """

    first: str
    second: str
    both: int
    first_only: int
    second_only: int
    neither: int
    p: float

    @property
    def n(self) -> int:
        """Photos that both scanned."""
        return self.both + self.first_only + self.second_only + self.neither


def compare(frame: pd.DataFrame, names: dict[str, str]) -> list[Comparison]:
    """All pairs of settings, on photos that both scanned. `names` by setting id."""
    from statsmodels.stats.contingency_tables import mcnemar

    table = frame.pivot(index="photo", columns="setting_id", values="is_right")
    found = []
    for one, two in combinations([key for key in names if key in table], 2):
        part = table[[one, two]].dropna().astype(bool)
        if part.empty:
            continue
        a, b = part[one], part[two]
        counts = [[int((a & b).sum()), int((a & ~b).sum())],
                  [int((~a & b).sum()), int((~a & ~b).sum())]]  # fmt: skip
        p = float(mcnemar(counts, exact=True).pvalue)
        (both, first_only), (second_only, neither) = counts
        found.append(
            Comparison(names[one], names[two], both, first_only, second_only, neither, min(p, 1.0))
        )
    return found


@dataclass(frozen=True)
class Visibility:
    """A container: how visible the change is, and how often it was read."""

    container: int
    host: str
    strength: float
    psnr: float
    flip: float | None
    rate: Rate


def visibility(frame: pd.DataFrame) -> list[Visibility]:
    """One line a container, the most visible first."""
    found = []
    for number, part in frame.groupby("container"):
        first = part.iloc[0]
        flip = None if pd.isna(first["flip"]) else float(first["flip"])
        found.append(
            Visibility(int(str(number)), str(first["host"]), float(first["strength"]),
                       float(first["psnr"]), flip, rate_of(part["is_right"]))
        )  # fmt: skip
    return sorted(found, key=lambda v: v.psnr)


def rank_correlation(lines: list[Visibility]) -> tuple[float, float] | None:
    """Spearman's rho of PSNR and rate over containers, and its p; None where
    nothing varies or they are few."""
    from scipy.stats import spearmanr

    psnr, rate = [v.psnr for v in lines], [v.rate.rate for v in lines]
    if len(lines) < LEAST_CONTAINERS or len(set(psnr)) < 2 or len(set(rate)) < 2:
        return None
    found = spearmanr(psnr, rate)
    return float(found.statistic), float(found.pvalue)

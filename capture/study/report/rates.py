"""Rates with Wilson intervals, by factor and by pairs of factors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from riis_physical.metrics import wilson_interval

#: Factors of a study in the order in which they are shown, with their names for people.
LABELS = {
    "distance_m": "distance in m", "angle_deg": "angle in degrees", "light": "light",
    "device": "phone", "strength": "strength", "width_mm": "width in mm", "medium": "shown on",
    "message_length": "message length", "model": "hidden with model", "host": "picture",
}  # fmt: skip
MOST_LEVELS = 12  # of a numeric factor, before its values are put into bins
BINS = 6
MOST_PAIRS = 4


@dataclass(frozen=True)
class Rate:
    """A share of photos that were read, with its 95 % Wilson interval."""

    label: str
    n: int
    right: int
    rate: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """For people: 97.5 % (92.9 to 99.1), n = 120."""
        return (
            f"{100 * self.rate:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f}), n = {self.n}"
        )


def rate_of(right: pd.Series, label: str = "") -> Rate:
    """The rate of a column of truth values; at least one."""
    n, hits = len(right), int(right.sum())
    low, high = wilson_interval(hits, n)
    return Rate(label, n, hits, hits / n, low, high)


def varied(frame: pd.DataFrame) -> list[str]:
    """Factors with more than one level among the rows."""
    return [name for name in LABELS if frame[name].nunique() > 1]


def levels_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """The levels of a factor as ordered categories; many numbers become bins of equal counts."""
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column):
        if column.nunique() > MOST_LEVELS:
            bins = pd.qcut(column, BINS, duplicates="drop")
            named = [f"{i.left:.3g} to {i.right:.3g}" for i in bins.cat.categories]
            return bins.cat.rename_categories(named)
        values = sorted(column.unique())
        return pd.Series(
            pd.Categorical([f"{v:g}" for v in column], [f"{v:g}" for v in values], ordered=True),
            index=column.index,
        )
    return column.astype(pd.CategoricalDtype(sorted(column.unique()), ordered=True))


def by_factor(frame: pd.DataFrame, name: str) -> list[Rate]:
    """One rate for every level of a factor."""
    groups = frame.groupby(levels_of(frame, name), observed=True)["is_right"]
    return [rate_of(part, str(level)) for level, part in groups]


@dataclass(frozen=True)
class Grid:
    """Rates by two factors: rates[i][j] of rows[i] and columns[j]; None where no photo was."""

    row_name: str
    column_name: str
    rows: list[str]
    columns: list[str]
    rates: list[list[Rate | None]]


def by_pair(frame: pd.DataFrame, row: str, column: str) -> Grid:
    """Rates by two factors."""
    one, two = levels_of(frame, row), levels_of(frame, column)
    table = frame.groupby([one, two], observed=True)["is_right"].agg(["size", "sum"])
    rows, columns = [str(v) for v in one.cat.categories], [str(v) for v in two.cat.categories]
    rates: list[list[Rate | None]] = [[None] * len(columns) for _ in rows]
    for (a, b), (n, hits) in zip(table.index, table.to_numpy(), strict=True):
        low, high = wilson_interval(int(hits), int(n))
        rates[rows.index(str(a))][columns.index(str(b))] = Rate(
            "", int(n), int(hits), hits / n, low, high
        )
    return Grid(row, column, rows, columns, rates)


def pairs(frame: pd.DataFrame) -> list[Grid]:
    """The pairs worth showing: distance by angle first, then those that matter most."""
    names = [name for name in varied(frame) if name != "host"]
    spread = {name: np.ptp([r.rate for r in by_factor(frame, name)]) for name in names}
    wanted = list(combinations(names, 2))
    wanted.sort(key=lambda p: (p != ("distance_m", "angle_deg"), -spread[p[0]] - spread[p[1]]))
    return [by_pair(frame, *pair) for pair in wanted[:MOST_PAIRS]]


def stages(frame: pd.DataFrame) -> list[Rate]:
    """How far photos came, as shares of all."""
    return [
        rate_of(frame["stage"] == stage, stage)
        for stage in ("read", "reading", "finding", "wrong text", "file")
        if stage == "read" or (frame["stage"] == stage).any()
    ]

"""From factors and a design to the rows of a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.study.config import (
    FACTORS,
    MAX_ROWS,
    SHOT_FACTORS,
    Factors,
    Span,
    StudyConfig,
    numbers_of,
)
from riis_physical.errors import ConfigError

#: Digits kept of values that a Latin hypercube draws, so that people can set them up.
ROUNDED = {"strength": 2, "width_mm": 0, "distance_m": 2, "angle_deg": 0}
#: From what takes longest to change to what takes shortest.
WALK = ("device", "light", "medium", "width_mm", "model", "strength", "message_length", "host",
        "distance_m", "angle_deg")  # fmt: skip


@dataclass(frozen=True)
class Combination:
    """One row: the level of every factor, by name, and which repeat it is (from 1)."""

    levels: dict[str, Any]
    repeat: int = 1


def combinations(config: StudyConfig, hosts: Sequence[str]) -> list[Combination]:
    """All rows of a study, in the order in which they are taken.

    Args:
        hosts: levels of the factor host.

    Raises:
        ConfigError: too many rows, or a design that these factors do not allow.
    """
    design = config.design
    levels = _levels(config.factors, hosts)
    if design.kind == "latin":
        rows = _latin(config.factors, levels, int(design.rows or 0), design.seed)
    else:
        rows = _products(levels, design.kind == "fractional", design.reduction)
    if len(rows) * design.repeats > MAX_ROWS:
        raise ConfigError(
            f"the design has {len(rows) * design.repeats} rows, at most {MAX_ROWS} are planned: "
            "take fewer levels, `kind: fractional`, or `kind: latin` with `rows:`"
        )
    rows = _ordered(rows, levels, design.order, design.seed)
    return [Combination(row, repeat + 1) for row in rows for repeat in range(design.repeats)]


def _levels(factors: Factors, hosts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for name in FACTORS:
        value = getattr(factors, name)
        found[name] = tuple(hosts) if name == "host" else tuple(numbers_of(value))
    return found


def _products(
    levels: dict[str, tuple[Any, ...]], fractional: bool, reduction: int
) -> list[dict[str, Any]]:
    counts = [len(values) for values in levels.values()]
    total = math.prod(counts)
    if total > MAX_ROWS * (reduction if fractional else 1):
        raise ConfigError(
            f"these levels have {total} combinations, at most {MAX_ROWS} are planned: take fewer "
            "levels, or `kind: latin` with `rows:`"
        )
    varied = [i for i, count in enumerate(counts) if count > 1]
    if not fractional:
        table = np.indices(counts).reshape(len(counts), -1).T
    else:
        if len(varied) < 2 or reduction > total:
            raise ConfigError(
                f"a fractional design needs two factors with several levels; there "
                f"{'is' if len(varied) == 1 else 'are'} {len(varied)}: take `kind: full`"
            )
        from pyDOE3 import gsd

        try:
            part = np.asarray(gsd([counts[i] for i in varied], reduction))
        except ValueError as error:
            raise ConfigError(
                f"no part of one in {reduction} exists for these levels ({error}): take a smaller "
                "`reduction`, or `kind: latin`"
            ) from error
        table = np.zeros((len(part), len(counts)), int)
        table[:, varied] = part
    names = list(levels)
    return [
        {name: levels[name][int(i)] for name, i in zip(names, row, strict=True)} for row in table
    ]


def _latin(
    factors: Factors, levels: dict[str, tuple[Any, ...]], rows: int, seed: int
) -> list[dict[str, Any]]:
    """Spans take any value, lists their levels about equally often."""
    from pyDOE3 import lhs

    names = list(levels)
    drawn = np.asarray(lhs(len(names), rows, criterion="center", seed=seed))
    table = []
    for place in drawn:
        row: dict[str, Any] = {}
        for name, share in zip(names, place, strict=True):
            value = getattr(factors, name)
            if isinstance(value, Span):
                number = round(value.low + float(share) * (value.high - value.low), ROUNDED[name])
                row[name] = min(max(number, value.low), value.high)
            else:
                row[name] = levels[name][min(int(share * len(levels[name])), len(levels[name]) - 1)]
        table.append(row)
    return table


def _ordered(
    rows: list[dict[str, Any]], levels: dict[str, tuple[Any, ...]], order: str, seed: int
) -> list[dict[str, Any]]:
    if order == "random":
        return [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]

    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(
            levels[name].index(row[name]) if row[name] in levels[name] else row[name]
            for name in WALK
        )

    return sorted(rows, key=place)


def sheets_of(rows: Sequence[Combination]) -> list[tuple[Any, ...]]:
    """The distinct sheets, in the order of their first row: levels of all but SHOT_FACTORS."""
    return list(dict.fromkeys(sheet_of(row) for row in rows))


def sheet_of(row: Combination) -> tuple[Any, ...]:
    """The levels of a row's sheet, in the order of FACTORS."""
    return tuple(row.levels[name] for name in FACTORS if name not in SHOT_FACTORS)

"""The pictures of the paper's figures 5, 6 and 8, as tiles without words.

A figure is a PNG of equal tiles beside the result, one row a pair and one column a picture; the
result says what each tile is, and training.report.paper.figures writes it down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from riis_physical.images import save_image
from riis_physical.metrics import psnr
from training.measure.paper.making import Trained
from training.measure.paper.measuring import Answer, Measurer

ROWS = 2
"""Pairs shown, the first ones."""


@dataclass(frozen=True)
class Column:
    """One kind of picture: `what` of an Answer by a model under a distortion."""

    title: str
    what: str
    plan: str
    distortion: str


def _of(plan: str, distortion: str, title: str, what: str = "revealed") -> Column:
    return Column(title, what, plan, distortion)


_STAR = "riis-star"
FIGURES: dict[str, tuple[Column, ...]] = {
    "figure-5": (
        _of(_STAR, "sigma=10", "container, σ = 10", "received"),
        _of(_STAR, "sigma=10", "secret", "secret"),
        _of("no-cem", "sigma=10", "without CEM"),
        _of("no-canp", "sigma=10", "without CANP"),
        _of(_STAR, "sigma=10", "RIIS*"),
    ),
    "figure-6": (
        _of(_STAR, "none", "secret", "secret"),
        _of("riis-blind", "sigma=10", "RIIS-Blind, σ = 10"),
        _of(_STAR, "sigma=10", "RIIS*, σ = 10"),
        _of("riis-blind", "jpeg=40", "RIIS-Blind, JPEG 40"),
        _of(_STAR, "jpeg=40", "RIIS*, JPEG 40"),
    ),
    "figure-8": (
        _of(_STAR, "none", "host", "host"),
        _of(_STAR, "none", "container, RIIS*", "container"),
        _of(_STAR, "none", "secret", "secret"),
        _of("hinet", "jpeg=90", "HiNet, JPEG 90"),
        _of("isn+@jpeg=90", "jpeg=90", "ISN+, JPEG 90"),
        _of(_STAR, "jpeg=90", "RIIS*, JPEG 90"),
        _of("hinet", "sigma=10", "HiNet, σ = 10"),
        _of("isn+@sigma=10", "sigma=10", "ISN+, σ = 10"),
        _of(_STAR, "sigma=10", "RIIS*, σ = 10"),
    ),
}


def save_figures(
    measurer: Measurer, models: list[Trained], output: Path, rows: int = ROWS
) -> dict[str, Any]:
    """Write the tiles beside `output`; what each tile is, by figure. Of the first seed.

    A column of a model that is not there is left out.
    """
    there = {m.plan.name for m in models if m.seed == 0}
    written = {}
    for name, columns in FIGURES.items():
        shown = [column for column in columns if column.plan in there]
        if not any(column.what == "revealed" for column in shown):
            continue
        tiles = [[_tile(measurer, column, pair) for column in shown] for pair in range(rows)]
        picture = np.vstack([np.hstack([tile for tile, _ in row]) for row in tiles])
        place = output.with_name(f"{output.stem}-{name}.png")
        save_image(place, picture, force=True)
        written[name] = {
            "file": place.name,
            "columns": [column.title for column in shown],
            "psnr": [[value for _, value in row] for row in tiles],
        }
    return written


def _tile(measurer: Measurer, column: Column, pair: int):  # type: ignore[no-untyped-def]
    answer: Answer = measurer.answer(column.plan, 0, pair, column.distortion)
    if column.what == "revealed":
        return answer.revealed[0], round(psnr(answer.secrets[0], answer.revealed[0]), 1)
    if column.what == "secret":
        return answer.secrets[0], None
    picture = {"host": answer.host, "container": answer.container, "received": answer.received}[
        column.what
    ]
    value = None if column.what == "host" else round(psnr(answer.host, picture), 1)
    return picture, value

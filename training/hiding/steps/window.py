"""What the steps said since they were last asked: kept on the device, read all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

EXPLOSION_FACTOR = 4.0

Figures = dict[str, float]


@dataclass
class Window:
    """Figures of the steps since the last reading; a value read waits for the device."""

    names: tuple[str, ...] = ()
    rows: list[Tensor] = field(default_factory=list)

    def take(self, names: tuple[str, ...], row: Tensor) -> None:
        """Keep a step's figures, one tensor of as many values as names."""
        self.names = names
        self.rows.append(row)

    def read(self) -> list[Figures]:
        """All figures, oldest first; the window is then empty."""
        if not self.rows:
            return []
        values = torch.stack(self.rows).tolist()
        self.rows = []
        return [dict(zip(self.names, row, strict=True)) for row in values]


def mean_of(rows: list[Figures]) -> Figures:
    """Each figure's mean over the steps that had it."""
    means: Figures = {}
    for name in rows[0]:
        known = [row[name] for row in rows if math.isfinite(row[name])]
        means[name] = sum(known) / len(known) if known else math.nan
    return means


def sound(row: Figures, level: float, *, settled: bool) -> bool:
    """Whether loss and gradient are finite and the loss has not jumped.

    Args:
        level: of the loss in the steps before, NaN where there were none.
        settled: the loss has a level that it is compared with.
    """
    loss = row["loss"]
    if not (math.isfinite(loss) and math.isfinite(row["gradient_norm"])):
        return False
    jumped = math.isfinite(level) and loss > EXPLOSION_FACTOR * level + 1.0
    return not (settled and jumped)


def followed(level: float, loss: float) -> float:
    """The level of the loss after one more step."""
    return loss if math.isnan(level) else 0.98 * level + 0.02 * loss

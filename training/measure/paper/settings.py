"""What one measurement of the paper's models is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from riis_physical.errors import ConfigError
from training.measure.common.settings import Plain
from training.measure.paper.models import BY_NAME, PLANS, Plan


@dataclass(frozen=True)
class PaperSettings(Plain):
    """Which models, on which pictures.

    Attributes:
        data: a folder of pictures, or an unpacked DIV2K, COCO or ImageNet.
        runs: folder of the trained models, one run each.
        config: a shipped training configuration or a .yaml file, for all models.
        overrides: of its settings, ``key=value``.
        steps: optimiser steps of a model; models that go on from another take a quarter.
        models: names of plans. seeds: each trained so many times.
        n: pairs of pictures. size: short side that pictures are scaled down to, 0 for none.
        crop: side of the central square that is hidden in, a multiple of 16.
    """

    data: str
    runs: str
    config: str = "paper-cpu"
    overrides: tuple[str, ...] = ()
    steps: int = 0
    models: tuple[str, ...] = tuple(plan.name for plan in PLANS)
    seeds: int = 2
    n: int = 16
    size: int = 256
    crop: int = 128

    def __post_init__(self) -> None:
        unknown = [name for name in self.models if name not in BY_NAME]
        if unknown:
            raise ConfigError(f"no model {unknown[0]!r}: expected one of {', '.join(BY_NAME)}")
        if self.crop % 16 or self.crop < 32:
            raise ConfigError(f"pictures of {self.crop} px: expected a multiple of 16, 32 or more")
        if self.size and self.size < self.crop:
            raise ConfigError(f"{self.crop} px of pictures of {self.size}: expected a smaller crop")
        if self.n < 2 or self.seeds < 1:
            raise ConfigError(f"{self.n} pairs, {self.seeds} seeds: expected at least 2 and 1")

    def plans(self) -> list[tuple[Plan, int]]:
        """Models to train, each with its seed: all of the first seed, then all of the next.

        What a model goes on from is trained before it.
        """
        wanted = set(self.models)
        wanted |= {start for name in self.models if (start := BY_NAME[name].start)}
        return [(plan, seed) for seed in range(self.seeds) for plan in PLANS if plan.name in wanted]

    def folder(self, name: str, seed: int) -> Path:
        """Of the run of a model and seed."""
        return Path(self.runs) / f"{name}-s{seed}"

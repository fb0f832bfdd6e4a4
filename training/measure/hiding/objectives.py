"""`riis-physical measure objectives`: what a change of the training's objective moves.

Every variant is the same training with some settings changed: the same start, seed, hosts,
secrets and draws, a few hundred steps. Its averaged weights then hide in held-out photographs
at several strengths, and the same fixed draws of the channel are revealed. A stronger residual
is read better and seen more, so that each variant gives a curve; compared is how little is
seen where the worst captures are read equally: as with the first variant at strength 1, or
with a given share of right modules, such as soft reading needs.
Simulated captures of patches, true corners.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from riis_physical.errors import ConfigError
from riis_physical.hiding.masking import container_loss
from riis_physical.hiding.visible import METRICS
from riis_physical.model.network import HidingNetwork
from training.hiding.config import TrainConfig, load_config
from training.hiding.loop import main as train
from training.hiding.material.batches import draw_params, planned
from training.hiding.material.data import (
    Photos,
    draw_grids,
    draw_hosts,
    list_photos,
    load_photos,
    step_rng,
)
from training.hiding.running.checkpoint import load_checkpoint
from training.hiding.steps.step import compose, draw_noise
from training.measure.common.draws import digest
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each
from training.measure.common.settings import plain

KIND = "objectives"
STRENGTHS = (0.5, 0.65, 0.8, 1.0, 1.25, 1.6)
BATCH = 8
PERCENTILE = 5
LOOKED_AT = 16
"""Items whose containers the metric of sight is asked about, the first ones."""
CHROMA, COARSE = 2.0, 8.0  # of what is seen, the same for every variant: as refining judges
_DRAW_SEED = 31_000

Json = dict[str, Any]


@dataclass(frozen=True)
class ObjectiveSettings:
    """Variants of one training.

    Attributes:
        config: name of the configuration that all share. shared: its settings for all.
        variants: name and settings of each; the first is what the others are compared with.
        init: model that all start from, None for nothing.
        images, held: folders of photographs to train on, and to be judged on.
        items: patches with a draw each that judge, of the first preset.
        worst: share of right modules at which the worst captures are compared; None for that
            of the first variant at strength 1.
        runs: folder of the runs, which go on where they were stopped.
    """

    config: str
    variants: tuple[tuple[str, tuple[str, ...]], ...]
    images: str
    held: str
    runs: str
    shared: tuple[str, ...] = ()
    init: str | None = None
    items: int = 96
    worst: float | None = None

    def __post_init__(self) -> None:
        names = [name for name, _ in self.variants]
        if len(set(names)) < max(2, len(names)):
            raise ConfigError(f"variants {', '.join(names)}: expected two or more, of other names")
        if self.items < BATCH or self.items % BATCH:
            raise ConfigError(f"{self.items} items: expected a multiple of {BATCH}")
        for name, _ in self.variants:
            if load_config(self.config, self.overrides(name)).channel != "physical":
                raise ConfigError(f"variant {name}: expected the physical channel")

    def overrides(self, name: str) -> list[str]:
        """All settings that a variant changes of the configuration."""
        return [*self.shared, *dict(self.variants)[name]]

    def as_dict(self) -> Json:
        """Plain values for JSON; of paths the last part alone, wherever they lie."""
        values = {**plain(self), "variants": [[name, list(own)] for name, own in self.variants]}
        values.pop("runs")
        return values


@dataclass(frozen=True)
class Trial:
    """Trains a variant and judges it; a runner of pool.run_tasks."""

    settings: ObjectiveSettings

    @cached_property
    def held(self) -> Photos:
        """The photographs that judge."""
        return load_photos(list_photos(Path(self.settings.held)), 128)

    def run(self, name: str) -> Iterator[PlainRecord]:
        """The variant's figures at every strength."""
        s = self.settings
        folder = Path(s.runs) / name
        resume = (folder / "checkpoint.pt").is_file()
        train(
            s.config, Path(s.images), folder, resume=resume, overrides=s.overrides(name),
            cpu=True, init=None if resume else s.init,
        )  # fmt: skip
        state = load_checkpoint(folder / "checkpoint.pt")
        config = load_config(s.config, s.overrides(name))
        model = config.model.model_copy(update={"decoupled": state["decoupled"]})
        network = HidingNetwork(model)
        network.load_state_dict(state["average"])
        judged = [self._judged(network.eval(), config, strength) for strength in STRENGTHS]
        yield PlainRecord(
            {
                "variant": name,
                "steps": state["step"],
                "seconds": round(state["seconds"], 1),
                "container_weight": float(f"{float(state['container_weight']):.5g}"),
                "strengths": judged,
            }
        )

    @torch.no_grad()
    def _judged(self, network: HidingNetwork, config: TrainConfig, strength: float) -> Json:
        accuracy: list[float] = []
        seen: list[float] = []
        error: list[float] = []
        looked: list[float] = []
        side = config.patch_modules
        alone = config.model_copy(update={"presets": dict([next(iter(config.presets.items()))])})
        fraction = side / config.modules_total
        for first in range(0, self.settings.items, BATCH):
            rng = step_rng(_DRAW_SEED, first)
            pitch = (0.75 * fraction, 1.5 * fraction)
            host = draw_hosts(self.held, rng, BATCH, side * config.display_px, pitch)
            secret = draw_grids(rng, BATCH, side)
            params, _ = draw_params(alone, side, BATCH, 1.0, _DRAW_SEED + first)
            plan = planned(config, params, side)
            noise = draw_noise(
                (BATCH, 3, *plan.canvas),
                plan.frame_size,
                config.model,
                torch.Generator().manual_seed(first),
            )
            container, _, _ = compose(network, host, secret, plan.frame_size[0], strength)
            accuracy += _accuracies(network, container, secret, plan, noise)
            for one, its in zip(container.split(1), host.split(1), strict=True):
                seen.append(_decibels(container_loss(one, its, CHROMA, COARSE)))
                error.append(_decibels((one - its).square().mean()))
                if len(looked) < LOOKED_AT and METRICS["ssimulacra2"].is_there():
                    looked.append(METRICS["ssimulacra2"].measure(_pixels(its), _pixels(one)))
        figures = {
            "strength": strength,
            "accuracy": round(float(np.mean(accuracy)), 5),
            "worst": round(float(np.percentile(accuracy, PERCENTILE)), 5),
            "seen_db": round(float(np.mean(seen)), 3),
            "psnr_db": round(float(np.mean(error)), 3),
        }
        if looked:
            figures["ssimulacra2"] = round(float(np.mean(looked)), 2)
        return figures


def _accuracies(network, container, secret, plan, noise) -> list[float]:  # type: ignore[no-untyped-def]
    from riis_physical.channel.simulate import capture_planned

    seen = capture_planned(container, plan, noise.sensor)
    level = torch.cat([network.estimate_condition(seen), plan.condition[:, 3:]], dim=1)
    logits = network.reveal_from(seen, level, noise.z).logits
    right: Tensor = ((logits > 0) == (secret[:, 0] > 0)).float().mean(dim=(1, 2))
    return [float(one) for one in right]


def _decibels(loss: Tensor) -> float:
    return float(-10 * torch.log10(loss.clamp_min(1e-12)))


def _pixels(picture: Tensor) -> Any:
    return (picture[0].permute(1, 2, 0) * 255).round().byte().numpy()


def evaluate_objectives(
    settings: ObjectiveSettings, output: Path, *, workers: int = 1, force: bool = False
) -> Json:
    """Train every variant, judge it and write `output`; see :func:`carry_out`."""
    photos = {key: digest(list_photos(Path(getattr(settings, key)))) for key in ("images", "held")}
    experiment = Experiment(
        kind=KIND,
        head={"settings": settings.as_dict(), "photographs": photos},
        about={
            "captures": "simulated",
            "settings": settings.as_dict(),
            "photographs_sha256": photos,
        },
        settings=settings,
        make=Trial,
        **each([(name,) for name, _ in settings.variants], "variant"),
        unit="variant",
        summarise=lambda records: summarised([r.values for r in records], settings),
    )
    return carry_out(experiment, output, workers=workers, force=force)


def summarised(rows: list[Json], settings: ObjectiveSettings) -> Json:
    """The variants in their order, each with what is seen where the worst read equally."""
    order = [name for name, _ in settings.variants]
    rows = sorted(rows, key=lambda row: order.index(row["variant"]))
    if not rows or rows[0]["variant"] != order[0]:
        return {"variants": rows}
    own = next(one["worst"] for one in rows[0]["strengths"] if one["strength"] == 1.0)
    aim = own if settings.worst is None else settings.worst
    compared = []
    for row in rows:
        there = {
            key: at_equal_reading(row["strengths"], aim, key)
            for key in ("strength", "seen_db", "psnr_db", "ssimulacra2")
            if key in row["strengths"][0]
        }
        compared.append({**row, "at_equal_reading": there})
    return {"percentile": PERCENTILE, "equal_worst_accuracy": aim, "variants": compared}


def at_equal_reading(strengths: Sequence[Json], aim: float, key: str) -> float | None:
    """A figure where the worst captures have `aim` right, between the measured strengths.

    None where no strength reads so well, or all read better.
    """
    for low, high in zip(strengths, strengths[1:], strict=False):
        if low["worst"] <= aim <= high["worst"]:
            rise = high["worst"] - low["worst"]
            share = (aim - low["worst"]) / rise if rise else 0.0
            return round(float(low[key] + share * (high[key] - low[key])), 3)
    return None


def lines(result: Json) -> Iterator[str]:
    """A result for people."""
    for row in result["variants"]:
        (one,) = (s for s in row["strengths"] if s["strength"] == 1.0)
        text = (
            f"{row['variant']}: modules right {one['accuracy']:.2%} "
            f"({PERCENTILE}th percentile {one['worst']:.2%}), "
            f"visibility-weighted PSNR {one['seen_db']:.2f} dB"
        )
        there = row.get("at_equal_reading", {})
        if there.get("seen_db") is not None:
            text += (
                f"; where the worst read equally {there['seen_db']:.2f} dB "
                f"at strength {there['strength']:.2f}"
            )
        yield text

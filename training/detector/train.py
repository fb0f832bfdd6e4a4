"""Train the detector on stored composites. ``riis-physical train-detector`` calls :func:`task`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from capture.find.learned.networks.detector_net import DetectorNet, Maps
from riis_physical.artifacts import UInt8Image
from training.detector.loop import Settings, Task
from training.detector.material.scenes import Composites, Picture
from training.detector.targets import Example, stacked, view
from training.detector.validate import score

VIEW = (768, 1024)
OFFSET_BETA = 0.02
WEIGHTS = {"offsets": 2.0}
_STREAM = 13


@dataclass(frozen=True)
class Batch:
    """Examples as tensors, see :class:`training.detector.targets.Example`."""

    images: Tensor
    container: Tensor
    picture: Tensor
    offsets: Tensor
    weight: Tensor
    scale: Tensor


def task(out: Path, settings: Settings, device: str = "cpu") -> Task[DetectorNet, Batch]:
    """Learn to find pictures, from the composites of a run folder.

    Raises:
        TrainingError: the folder holds no composites.
    """
    learned, checks = Composites.of(out, "scenes", "pairs"), Composites.of(out, "checks")
    return Task(
        build=DetectorNet,
        draw=lambda step: stacked(Batch, _draw(learned, settings, step), device),
        losses=loss_of,
        weights=WEIGHTS,
        check=lambda network: score(network, checks, device).rounded(),
        about={"scenes": len(learned)},
    )


def _draw(composites: Composites, settings: Settings, step: int) -> list[Example]:
    """Views of twins (see :meth:`Composites.twins`), each pair seen in the same way."""
    rng = np.random.default_rng([settings.seed, _STREAM, step])
    size = VIEW if rng.random() < 0.5 else (VIEW[1], VIEW[0])
    examples: list[Example] = []
    for _ in range(-(-settings.batch // 2)):
        twins: list[tuple[UInt8Image, list[Picture]]] = composites.twins(rng)
        same = int(rng.integers(2**31))
        examples += [view(*twin, np.random.default_rng(same), size) for twin in twins]
    return examples[: settings.batch]


def loss_of(maps: Maps, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropy of both maps, and the corners' error as a share of the picture's size."""
    weight = batch.weight
    on = batch.picture * weight
    # Where there is a picture, telling containers from others is the hard part.
    container = functional.binary_cross_entropy_with_logits(
        maps.container, batch.container, reduction="none"
    )
    picture = functional.binary_cross_entropy_with_logits(
        maps.picture, batch.picture, reduction="none"
    )
    offsets = maps.offsets.flatten(1, 2) - batch.offsets
    error = functional.smooth_l1_loss(
        offsets * batch.scale[:, None],
        torch.zeros_like(offsets),
        reduction="none",
        beta=OFFSET_BETA,
    ).mean(1)
    return {
        "container": (container * weight * (1 + on)).sum() / weight.sum().clamp_min(1),
        "picture": (picture * weight).sum() / weight.sum().clamp_min(1),
        "offsets": (error * on).sum() / on.sum().clamp_min(1),
    }

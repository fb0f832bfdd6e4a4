"""Train the detector on stored composites. ``riis-physical train-detector`` calls :func:`main`."""

from __future__ import annotations

import json
import math
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from capture.learned import LearnedDetector
from capture.learned_net import DetectorNet, Maps
from riis_physical.errors import TrainingError
from riis_physical.files import make_folder, write_text
from training.checkpoint import AveragedWeights, load_checkpoint, save_checkpoint, to_cpu
from training.detector.scenes import load, stored_indices
from training.detector.targets import Example, plain, view
from training.detector.validate import Score, score
from training.provenance import commit, package_version

VIEW = (384, 512)
WARM_UP = 100
CHECK_EVERY = 400
OFFSET_BETA = 0.02
OFFSET_WEIGHT = 2.0


@dataclass(frozen=True)
class Settings:
    """Of one training run.

    Attributes:
        steps: in all. batch: views in a step. learning_rate: at its highest.
        seed: of everything drawn. average: decay of the averaged weights.
    """

    steps: int = 3000
    batch: int = 8
    learning_rate: float = 2e-3
    seed: int = 0
    average: float = 0.995


def main(
    out: Path,
    settings: Settings,
    *,
    resume: bool = False,
    start: Path | None = None,
    device: str = "cpu",
) -> DetectorNet:
    """Train on the composites in out/scenes, checked on those in out/checks.

    The run may be stopped at any time; with `resume` it goes on from out/checkpoint.pt,
    written every CHECK_EVERY steps.

    Args:
        start: weights (.safetensors) to begin with, in place of random ones.

    Returns:
        the network with averaged weights.

    Raises:
        TrainingError: no composites, or a checkpoint that does not fit.
        WeightsError: `start` holds no weights of this detector.
    """
    indices = stored_indices(out / "scenes")
    checks = stored_indices(out / "checks")
    if not indices or not checks:
        raise TrainingError(f"{out} holds no composites: make them first (--scenes N)")
    torch.manual_seed(settings.seed)
    network = DetectorNet() if start is None else LearnedDetector.load(start).network
    network = _placed(network, device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=1e-3
    )
    average = AveragedWeights(network, settings.average)
    step, seconds = 0, 0.0
    place = out / "checkpoint.pt"
    if resume:
        state = load_checkpoint(place)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        average.tensors = {k: v.to(device) for k, v in state["average"].items()}
        step, seconds = state["step"], state["seconds"]
    elif place.exists():
        raise TrainingError(f"{place} exists: resume that run (--resume) or choose another folder")
    bar = tqdm(total=settings.steps, initial=step, desc="detector")
    log = out / "metrics.jsonl"
    began = time.perf_counter()
    while step < settings.steps:
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _rate(step, settings.steps)
        if step % 50 == 0:
            indices = stored_indices(out / "scenes")
        batch = _draw(out / "scenes", indices, settings, step, device)
        network.train()
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            maps = network(batch.images)
        losses = loss_of(maps, batch)
        total = losses["container"] + losses["picture"] + OFFSET_WEIGHT * losses["offsets"]
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update(network, step)
        step += 1
        bar.update()
        if step % 20 == 0:
            row: dict[str, Any] = {"step": step, "scenes": len(indices)}
            row |= {name: round(float(value), 4) for name, value in losses.items()}
            bar.set_postfix({k: v for k, v in row.items() if k not in ("step", "scenes")})
            _append(log, row)
        if step % CHECK_EVERY == 0 or step == settings.steps:
            state = {
                "network": to_cpu(network.state_dict()),
                "optimiser": optimiser.state_dict(),
                "average": to_cpu(average.tensors),
                "step": step,
                "seconds": seconds + time.perf_counter() - began,
            }
            save_checkpoint(place, state)
            checked = check(averaged(average, device), out / "checks", checks, device)
            _append(log, {"step": step, **checked.rounded()})
            tqdm.write(f"step {step}: {checked}")
    bar.close()
    describe(out, settings, step, seconds + time.perf_counter() - began, len(indices))
    return averaged(average, device)


def averaged(average: AveragedWeights, device: str) -> DetectorNet:
    """A network with the averaged weights."""
    network = DetectorNet()
    network.load_state_dict(average.tensors)
    return _placed(network, device).eval()


def _placed(network: DetectorNet, device: str) -> DetectorNet:
    """On the device, in the memory order that convolutions are fastest with."""
    network.to(device)
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def check(network: DetectorNet, folder: Path, indices: list[int], device: str) -> Score:
    """Detections on stored composites against their truth."""
    return score(network, ((index, *load(folder, index)) for index in indices), device)


@dataclass(frozen=True)
class Batch:
    """Examples as tensors, see :class:`training.detector.targets.Example`."""

    images: Tensor
    container: Tensor
    picture: Tensor
    offsets: Tensor
    weight: Tensor
    scale: Tensor


def stack(examples: list[Example], device: str) -> Batch:
    """Examples of one size as a batch."""
    images = torch.from_numpy(np.stack([e.image for e in examples])).to(device)

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(e, name) for e in examples])).to(device)

    return Batch(
        (images.permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last),
        *(tensor(n) for n in ("container", "picture", "offsets", "weight", "scale")),
    )


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


def _draw(folder: Path, indices: list[int], settings: Settings, step: int, device: str) -> Batch:
    rng = np.random.default_rng([settings.seed, 13, step])
    size = VIEW if rng.random() < 0.5 else (VIEW[1], VIEW[0])
    chosen = [indices[int(k)] for k in rng.integers(len(indices), size=settings.batch)]
    examples = []
    for index in chosen:
        image, pictures = load(folder, index)
        examples.append(view(image, pictures, rng, size))
    return stack(examples, device)


def _rate(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / WARM_UP)
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _append(log: Path, row: dict[str, Any]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def describe(out: Path, settings: Settings, step: int, seconds: float, scenes: int) -> None:
    """Write what the run was to out/run.json."""
    text = {
        "steps": step,
        "batch": settings.batch,
        "learning_rate": settings.learning_rate,
        "seed": settings.seed,
        "scenes": scenes,
        "seconds": round(seconds),
        "commit": commit(),
        "torch": package_version("torch"),
        "python": platform.python_version(),
        "machine": platform.processor() or platform.machine(),
    }
    make_folder(out)
    write_text(out / "run.json", json.dumps(text, indent=2) + "\n", force=True)


__all__ = ["Settings", "averaged", "check", "loss_of", "main", "plain", "stack"]

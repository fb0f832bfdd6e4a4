"""The loop that trains the detector's networks: resumable, averaged, checked as it goes."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor
from tqdm import tqdm

from capture.find.learned.networks.blocks import ScaledNetwork
from riis_physical.errors import TrainingError
from riis_physical.system.files import make_folder, write_text
from riis_physical.system.provenance import commit, package_version
from training.hiding.running.checkpoint import (
    AveragedWeights,
    load_checkpoint,
    save_checkpoint,
    to_cpu,
)

WARM_UP = 100
CHECK_EVERY = 400
CHECKPOINT, DESCRIPTION = "checkpoint.pt", "run.json"


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


class WithImages(Protocol):
    """A batch: what the network sees, beside what it should say."""

    @property
    def images(self) -> Tensor:
        """(B, 3, H, W) in [0, 1]."""


Network = TypeVar("Network", bound=ScaledNetwork)
Batch = TypeVar("Batch", bound=WithImages)


@dataclass(frozen=True)
class Task(Generic[Network, Batch]):
    """What is learned.

    Attributes:
        build: an untrained network.
        draw: the batch of a step, on the run's device; called ahead, in a thread.
        losses: from the network's answer and the batch, by name.
        weights: of the losses; those not named count once.
        check: figures of a network on composites that were not learned from.
        about: added to the description of the run.
    """

    build: Callable[[], Network]
    draw: Callable[[int], Batch]
    losses: Callable[[Any, Batch], dict[str, Tensor]]
    weights: Mapping[str, float]
    check: Callable[[Network], dict[str, Any]]
    about: Mapping[str, Any]


def run(
    out: Path,
    settings: Settings,
    task: Task[Network, Batch],
    *,
    resume: bool = False,
    start: Network | None = None,
    device: str = "cpu",
) -> Network:
    """Train until settings.steps.

    The run may be stopped at any time; with `resume` it goes on from out/checkpoint.pt,
    written every CHECK_EVERY steps.

    Args:
        start: network to begin with, in place of an untrained one.

    Returns:
        the network with averaged weights.

    Raises:
        TrainingError: a checkpoint is in the way, or missing.
    """
    make_folder(out)
    torch.manual_seed(settings.seed)
    network = placed(task.build() if start is None else start, device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=1e-3
    )
    average = AveragedWeights(network, settings.average)
    step, seconds = 0, 0.0
    place = out / CHECKPOINT
    if resume:
        state = load_checkpoint(place)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        average.follow(network, {k: v.to(device) for k, v in state["average"].items()})
        step, seconds = state["step"], state["seconds"]
    elif place.exists():
        raise TrainingError(f"{place} exists: resume that run (--resume) or choose another folder")
    bar = tqdm(total=settings.steps, initial=step, desc=out.name)
    log = out / "metrics.jsonl"
    began = time.perf_counter()
    drawing = ThreadPoolExecutor(1)
    ahead = drawing.submit(task.draw, step)
    while step < settings.steps:
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _rate(step, settings.steps)
        batch = ahead.result()
        ahead = drawing.submit(task.draw, step + 1)
        network.train()
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            answer = network(batch.images)
        losses = task.losses(answer, batch)
        total = torch.stack([task.weights.get(k, 1.0) * v for k, v in losses.items()]).sum()
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update(step)
        step += 1
        bar.update()
        if step % 20 == 0:
            row = {name: round(float(value.detach()), 4) for name, value in losses.items()}
            bar.set_postfix(row)
            _append(log, {"step": step, **row})
        if step % CHECK_EVERY == 0 or step == settings.steps:
            spent = seconds + time.perf_counter() - began
            state = {
                "network": to_cpu(network.state_dict()),
                "optimiser": optimiser.state_dict(),
                "average": to_cpu(average.tensors),
                "step": step,
                "seconds": spent,
            }
            save_checkpoint(place, state)
            _describe(out, settings, step, spent, task.about)
            figures = task.check(averaged(task, average.tensors, device))
            _append(log, {"step": step, **figures})
            tqdm.write(f"step {step}: {figures}")
    drawing.shutdown(cancel_futures=True)
    bar.close()
    return averaged(task, average.tensors, device)


def averaged(
    task: Task[Network, Batch], tensors: Mapping[str, Tensor], device: str = "cpu"
) -> Network:
    """A network with averaged weights."""
    network = task.build()
    network.load_state_dict(tensors)
    return placed(network, device).eval()


def placed(network: Network, device: str) -> Network:
    """On the device, in the memory order that convolutions are fastest with."""
    network.to(device)
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def _rate(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / WARM_UP)
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _append(log: Path, row: dict[str, Any]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _describe(
    out: Path, settings: Settings, step: int, seconds: float, about: Mapping[str, Any]
) -> None:
    """Write what the run was so far to out/run.json."""
    text = {
        "steps": step,
        "batch": settings.batch,
        "learning_rate": settings.learning_rate,
        "seed": settings.seed,
        "seconds": round(seconds),
        **about,
        "commit": commit(),
        "torch": package_version("torch"),
        "python": platform.python_version(),
        "machine": platform.processor() or platform.machine(),
    }
    write_text(out / DESCRIPTION, json.dumps(text, indent=2) + "\n", force=True)

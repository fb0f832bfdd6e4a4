"""How a training begins or goes on: from nothing, from a model, or from its checkpoint."""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from riis_physical.channel.plan import CapturePlan
from riis_physical.errors import TrainingError
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import HidingNetwork
from riis_physical.model.weights import config_of, load_tensors
from riis_physical.profile import load_profile
from riis_physical.system.files import write_text
from riis_physical.system.provenance import commit, package_version
from training.baselines import Baseline, make_network
from training.hiding.config import TrainConfig
from training.hiding.material.batches import Batch, Draws, Request, Unpacking
from training.hiding.material.data import Photos
from training.hiding.running.checkpoint import AveragedWeights, load_checkpoint
from training.hiding.running.run import Run, make_optimiser
from training.hiding.steps.schedule import Clock, ContainerSteering, channel_strength
from training.hiding.steps.step import StepNoise, TrainingStep, draw_noise

METRICS = "metrics.jsonl"


def describe(config: TrainConfig, photos: Photos, accelerator: Accelerator) -> dict[str, Any]:
    return {
        "config": config.model_dump(mode="json"),
        "profiles": [load_profile(one).model_dump(mode="json") for one in config.profiles],
        "commit": commit(),
        "versions": {name: package_version(name) for name in ("torch", "kornia", "numpy")},
        "python": platform.python_version(),
        "machine": platform.processor() or platform.machine(),
        "device": str(accelerator.device),
        "processes": accelerator.num_processes,
        "photographs": len(photos.names),
        "manifest_sha256": photos.manifest,
    }


def history(description: Path, step: int) -> list[dict[str, Any]]:
    """Earlier parts of a run: up to which step, which commit, which settings.

    Settings are those that differ from the part before (all of them in the first).
    """
    if not description.is_file():
        return []
    before = json.loads(description.read_text(encoding="utf-8"))
    parts: list[dict[str, Any]] = before.get("resumed", [])
    known: dict[str, Any] = {}
    for part in parts:
        known.update(part["settings"])
    settings = {k: v for k, v in before["config"].items() if known.get(k) != v}
    return [*parts, {"until_step": step, "commit": before["commit"], "settings": settings}]


def started_from(description: Path) -> dict[str, str] | None:
    """What an earlier part of the run says that it started from."""
    if not description.is_file():
        return None
    before: dict[str, str] | None = json.loads(description.read_text(encoding="utf-8")).get(
        "started_from"
    )
    return before


def start_from(
    network: HidingNetwork | Baseline, method: str, model: str
) -> tuple[dict[str, str], float | None]:
    """Take over a model's weights, or the averaged ones of a run's folder.

    Returns:
        name and checksum, and the weight of the container that a run ended with.

    Raises:
        WeightsError: no such model, or a corrupted one.
        TrainingError: it has another shape than the run's network, or is of another method.
    """
    weight, theirs_method = None, "riis"
    if Path(model).is_dir():
        file = Path(model) / "checkpoint.pt"
        state = load_checkpoint(file)
        theirs_method, weight = state["config"].get("method", "riis"), state["container_weight"]
        shape = {**state["config"]["model"], "decoupled": state["decoupled"]}
        tensors, theirs = state["average"], ModelConfig.model_validate(shape)
        spent = f"{state['step']} steps in {state['seconds'] / 60:.0f} minutes"
        digest = sha256(file.read_bytes()).hexdigest()
        record = {"name": Path(model).name, "sha256": digest, "budget": spent}
    else:
        tensors, record = load_tensors(model)
        theirs = config_of(model, record)
    if (theirs.model_copy(update={"decoupled": False}), theirs_method) != (network.config, method):
        raise TrainingError(
            f"{model} is a network of another shape than the configuration's: "
            "start from a model of the same configuration, or change `model`"
        )
    if theirs.decoupled:
        network.decouple()
    network.load_state_dict(tensors)
    began = {"model": record["name"], "sha256": record["sha256"]}
    if "budget" in record:
        began["budget"] = str(record["budget"])
    return began, weight


def open_run(
    config: TrainConfig,
    out: Path,
    resume: bool,
    accelerator: Accelerator,
    start: str | None,
    began_at: float = 0.0,
) -> tuple[Run, dict[str, str] | None]:
    """A new run, or the one that the folder's checkpoint holds; and what it started from.

    A run of so many minutes that is resumed without a number keeps its own.

    Args:
        began_at: time.monotonic() from which its time counts, 0 for now.
    """
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise TrainingError(
            f"{out} holds a run already: go on with it by --resume, or name another folder"
        )
    torch.manual_seed(config.seed)
    network = make_network(config.method, config.model)
    state = load_checkpoint(checkpoint) if resume else None
    if state is not None:
        old = ModelConfig.model_validate({**state["config"]["model"], "decoupled": False})
        shape = config.model.model_copy(update={"decoupled": False})
        if (old, state["config"].get("method", "riis")) != (shape, config.method):
            raise TrainingError(
                f"{checkpoint} holds a network of another shape than {config.name!r}: "
                "resume with the configuration that started the run"
            )
        if state["decoupled"]:
            network.decouple()
        if config.minutes is None and state["config"].get("minutes") is not None:
            config = config.model_copy(update={"minutes": state["config"]["minutes"]})
    began, weight = None, None
    if start is not None and not resume:
        began, weight = start_from(network, config.method, start)
    if config.learn in ("reveal", "hide"):
        if network.backward_way is None:
            raise TrainingError(
                f"learn={config.learn} needs weights whose two ways have parted: start with "
                "--init MODEL from a model like print-2"
            )
        network.requires_grad_(config.learn == "reveal")
        network.forward_way.requires_grad_(config.learn == "hide")
    if config.learn == "estimate":
        if began is None and state is None:
            raise TrainingError(
                "learn=estimate needs weights that hide already: start with --init MODEL"
            )
        network.requires_grad_(False)
        network.estimator.requires_grad_(True)
    network = network.to(accelerator.device)
    if accelerator.device.type == "cpu" and accelerator.num_processes == 1:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    module = TrainingStep(network, config)
    run = Run(
        config,
        module,
        make_optimiser(network, config),
        AveragedWeights(network, config.ema),
        ContainerSteering(config, accelerator.device, weight if config.steer else None),
        Clock(config, state["seconds"] if state is not None else 0.0, began_at),
    )
    if state is not None:
        run.restore(state)
    return run, began


def cut_log(log: Path, step: int) -> None:
    """Drop rows after a step, which a run that was killed there makes once more."""
    if not log.is_file():
        return
    text = log.read_text(encoding="utf-8")
    rows = text[: text.rfind("\n") + 1].splitlines()
    kept = "".join(f"{row}\n" for row in rows if json.loads(row)["step"] <= step)
    if kept != text:
        write_text(log, kept, force=True)


def initialise_actnorm(run: Run, photos: Photos, unpack: Unpacking) -> None:
    """One hiding pass on data sets the actnorm layers; every process draws the same data."""
    run.step_module.train()
    strength = channel_strength(run.config, 0)
    batch = unpack(Draws(run.config, photos, rank=0)[Request(0, 0, 0, strength)])
    noise = noise_of(run, batch, torch.Generator(unpack.device))
    with torch.no_grad():
        run.step_module(batch, torch.zeros((), device=unpack.device), noise)


def noise_of(run: Run, batch: Batch, generator: torch.Generator) -> StepNoise:
    """The noise that belongs to a batch."""
    plan, received = batch.plan, tuple(batch.host.shape)
    frame = received[-2:]
    if isinstance(plan, CapturePlan):
        received, frame = (received[0], 3, *plan.canvas), plan.frame_size
    return draw_noise(received, frame, run.config.model, generator.manual_seed(batch.seed))

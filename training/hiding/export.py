"""Turn a run's averaged weights into a model file that ``riis-physical`` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from riis_physical.errors import TrainingError
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import HidingNetwork
from riis_physical.model.weights import save_weights
from riis_physical.system.files import check_writable
from training.hiding.running.checkpoint import load_checkpoint


def export(
    run_folder: Path, target: Path, released: bool = False, *, force: bool = False
) -> dict[str, Any]:
    """Write target.safetensors and its record from the run's checkpoint.

    Args:
        run_folder: of ``riis-physical train``.
        target: path ending in .safetensors.
        released: the name stays readable by later releases and is never replaced.
        force: replace a model of that name that is not released.

    Returns:
        The record as written.

    Raises:
        OutputError: the model exists and `force` is off, or cannot be written.
        TrainingError: the run has no checkpoint, or is of a baseline.
        WeightsError: the file would be too large or would replace a released model.
    """
    for file in (target, target.with_suffix(".json")):
        check_writable(file, force=force)
    state = load_checkpoint(run_folder / "checkpoint.pt")
    method = state["config"].get("method", "riis")
    if method != "riis":
        raise TrainingError(f"{run_folder} trained {method}, which is here for comparison alone")
    config = ModelConfig.model_validate(
        {**state["config"]["model"], "decoupled": state["decoupled"]}
    )
    network = HidingNetwork(config)
    network.load_state_dict(state["average"])
    description = run_folder / "run.json"
    if not description.is_file():
        raise TrainingError(f"{description} is missing: it says how the weights were trained")
    training = json.loads(description.read_text(encoding="utf-8"))
    training.update(step=state["step"], seconds=round(state["seconds"]))
    record = {
        "released": released,
        "config": config.model_dump(),
        "training": training,
        "budget": budget(training),
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    tensors: dict[str, torch.Tensor] = network.state_dict()
    return save_weights(target, tensors, record)


def budget(training: dict[str, Any]) -> str:
    """How long a model was trained, in words.

    Args:
        training: a run's description, with `step` and `seconds`.
    """
    config, before = training["config"], training.get("started_from")
    processes = int(training.get("processes", 1))
    many = "one process" if processes == 1 else f"{processes} processes"
    after = f", after {before['model']}" if before else ""
    if before and before.get("budget"):
        after += f" ({before['budget']})"
    return (
        f"{training['step']} steps of {config['batch'] * processes} in "
        f"{training['seconds'] / 60:.0f} minutes on {training.get('device', 'cpu')}, {many}{after}"
    )

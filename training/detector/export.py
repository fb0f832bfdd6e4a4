"""The averaged weights of a detector's run as a file that `scan` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from capture.find.learned.networks.network_file import packed
from riis_physical.errors import TrainingError
from riis_physical.model.weights import save_weights
from training.detector.loop import CHECKPOINT, DESCRIPTION, Batch, Network, Task, averaged
from training.hiding.running.checkpoint import load_checkpoint


def export(
    task: Task[Network, Batch],
    folder: Path,
    target: Path,
    device: str = "cpu",
    *,
    released: bool = False,
) -> dict[str, Any]:
    """Write target.safetensors and its record, with figures on the run's checks.

    Args:
        folder: of the run.

    Returns:
        the record as written.

    Raises:
        TrainingError: the run has no checkpoint.
        WeightsError: the file would be too large or would replace a released one.
    """
    state = load_checkpoint(folder / CHECKPOINT)
    description = folder / DESCRIPTION
    if not description.is_file():
        raise TrainingError(f"{description} is missing: go on with the run (--resume)")
    network = averaged(task, state["average"], device)
    record = {
        "released": released,
        "config": {"widths": list(network.widths)},
        "training": json.loads(description.read_text(encoding="utf-8")),
        "measured": {"simulated composites": task.check(network)},
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    return save_weights(target, packed(network.state_dict()), record)

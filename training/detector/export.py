"""The averaged weights of a detector run as a file that `scan` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from riis_physical.errors import TrainingError
from riis_physical.weights import save_weights
from training.checkpoint import AveragedWeights, load_checkpoint
from training.detector.scenes import stored_indices
from training.detector.train import averaged, check


def export(
    out: Path, target: Path, device: str = "cpu", *, released: bool = False
) -> dict[str, Any]:
    """Write target.safetensors and its record, with figures on the run's checks.

    Returns:
        the record as written.

    Raises:
        TrainingError: the run has not ended.
        WeightsError: the file would be too large or would replace a released one.
    """
    state = load_checkpoint(out / "checkpoint.pt")
    description = out / "run.json"
    if not description.is_file():
        raise TrainingError(f"{description} is missing: let the run end first (--resume)")
    from capture.learned_net import DetectorNet

    average = AveragedWeights(DetectorNet(), 0.0)
    average.tensors = state["average"]
    network = averaged(average, device)
    measured = check(network, out / "checks", stored_indices(out / "checks"), device)
    record = {
        "released": released,
        "config": {"widths": list(network.widths)},
        "training": json.loads(description.read_text(encoding="utf-8")),
        "measured": {"simulated composites": measured.rounded()},
        "parameters": sum(p.numel() for p in network.parameters()),
    }
    return save_weights(target, network.state_dict(), record)

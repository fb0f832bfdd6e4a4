"""The parts of the detector that are trained, and where each is kept in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capture.find.learned.networks.closeup_net import CloseUpNet
from capture.find.learned.networks.detector_net import DetectorNet
from capture.find.learned.networks.network_file import load_network
from training.detector import closeup_train, train
from training.detector.export import export
from training.detector.loop import Batch, Network, Settings, Task, run


def train_part(
    part: str,
    out: Path,
    *,
    steps: int,
    batch: int = 8,
    seed: int = 0,
    resume: bool = False,
    start: Path | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Train `detector` or `closeup` on the composites of a run folder and export it.

    Args:
        out: with composites; gets PART/ (checkpoint, metrics) and PART.safetensors.
        start: weights to begin with, in place of random ones.

    Returns:
        the record of the weights.

    Raises:
        TrainingError: no composites, or a checkpoint that is in the way or missing.
        WeightsError: `start` holds no weights of this part.
    """
    settings = Settings(steps=steps, batch=batch, seed=seed)
    if part == "closeup":
        look = None if start is None else load_network(CloseUpNet, start)
        return _trained(closeup_train.task(out, settings, device), out / part, settings, resume,
                        look, device)  # fmt: skip
    network = None if start is None else load_network(DetectorNet, start)
    return _trained(train.task(out, settings, device), out / part, settings, resume, network,
                    device)  # fmt: skip


def _trained(
    task: Task[Network, Batch],
    folder: Path,
    settings: Settings,
    resume: bool,
    start: Network | None,
    device: str,
) -> dict[str, Any]:
    run(folder, settings, task, resume=resume, start=start, device=device)
    return export(task, folder, folder.with_suffix(".safetensors"), device)

"""Checkpoints that resume exactly, and averaged weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from riis_physical.errors import TrainingError
from riis_physical.system.files import atomic_path

FORMAT_VERSION = 1


class AveragedWeights:
    """Exponential moving average of every floating-point tensor of a model."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.follow(model, {k: v.detach().clone() for k, v in model.state_dict().items()})

    def follow(self, model: nn.Module, tensors: dict[str, Tensor]) -> None:
        """Go on from averages by name, with the tensors that the model has now."""
        self.tensors = tensors
        self._floats: tuple[list[Tensor], list[Tensor]] = ([], [])
        self._others: tuple[list[Tensor], list[Tensor]] = ([], [])
        for key, value in model.state_dict().items():
            pair = self._floats if value.is_floating_point() else self._others
            pair[0].append(tensors[key])
            pair[1].append(value.detach())

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the current weights; the average is short at the start of a run."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(*self._floats, 1 - decay)
        if self._others[0]:
            torch._foreach_copy_(*self._others)

    def restart(self, model: nn.Module) -> None:
        """Take the keys of a model whose parameters have just parted (2DT)."""
        old, parted = self.tensors, {}
        for key, value in model.state_dict().items():
            source = key.replace("backward_way.", "forward_way.")
            parted[key] = old.get(key, old.get(source, value.detach())).clone()
        self.follow(model, parted)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint next to its place, then rename, so that none is half-written."""
    with atomic_path(path, force=True) as part:
        torch.save({"format_version": FORMAT_VERSION, **state}, part)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        TrainingError: missing, unreadable or of another format.
    """
    if not path.is_file():
        raise TrainingError(f"found no checkpoint {path}: start the run without --resume")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types for a broken file
        raise TrainingError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}): "
            "restore a copy or start a new run"
        ) from error
    if state.get("format_version") != FORMAT_VERSION:
        raise TrainingError(
            f"{path} has format {state.get('format_version')}, expected {FORMAT_VERSION}: "
            "resume with the release that wrote it"
        )
    return state


def to_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A copy of named tensors on the CPU."""
    return {key: value.detach().cpu().clone() for key, value in tensors.items()}

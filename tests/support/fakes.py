"""A stand-in for a trained model: tiny, exact on clean containers, no weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from riis_physical.artifacts import Condition, FloatArray, RevealedGrid

MODULE_PX = 8


class FakeRevealer:
    """Dark modules get a fine vertical wave, light ones its negative.

    On hosts without fine vertical stripes the wave's sign reads back exactly.
    """

    name = "fake"
    module_px = MODULE_PX
    device = torch.device("cpu")

    def __init__(self, amplitude: float = 4 / 255, record: dict[str, Any] | None = None) -> None:
        self.amplitude = amplitude
        self.record: dict[str, Any] = {} if record is None else record
        across = np.cos(np.pi * (np.arange(MODULE_PX) + 0.5) / 2).astype(np.float32)
        self.wave = np.broadcast_to(across, (MODULE_PX, MODULE_PX))

    def embed(self, host_frame: FloatArray, modules: NDArray[np.bool_]) -> FloatArray:
        """(8N, 8N, 3) residual."""
        signs = np.where(modules, 1, -1).astype(np.float32)
        residual = np.kron(signs, self.wave).astype(np.float32) * np.float32(self.amplitude)
        assert host_frame.shape == (*residual.shape, 3)
        return np.repeat(residual[..., None], 3, axis=2)

    def reveal(self, frames: FloatArray, conditions: Sequence[Condition | None]) -> RevealedGrid:
        """Correlate each module with the wave."""
        batch, height, width, _ = frames.shape
        assert len(conditions) == batch
        rows, columns = height // MODULE_PX, width // MODULE_PX
        cells = frames.mean(axis=3).reshape(batch, rows, MODULE_PX, columns, MODULE_PX)
        logits = np.einsum("brycx,yx->brc", cells, self.wave).astype(np.float32) * 20
        picture = np.kron(np.clip(logits, -1, 1), np.ones((1, 4, 4), np.float32))
        return RevealedGrid(logits=logits, picture=picture.astype(np.float32), enhanced=frames)

    def logits(self, frames: torch.Tensor, true_level: torch.Tensor) -> torch.Tensor:
        """As reveal, on tensors, with gradients."""
        assert len(true_level) == len(frames)
        batch, _, height, width = frames.shape
        rows, columns = height // MODULE_PX, width // MODULE_PX
        cells = frames.mean(1).reshape(batch, rows, MODULE_PX, columns, MODULE_PX)
        wave = torch.tensor(np.ascontiguousarray(self.wave))
        return torch.einsum("brycx,yx->brc", cells, wave) * 20

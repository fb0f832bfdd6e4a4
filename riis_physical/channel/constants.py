"""Constants of the channel on a device: made once, for each copy from the host stops a GPU."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

Values = tuple[float, ...] | tuple[tuple[float, ...], ...]


@lru_cache(maxsize=256)
def constant(values: Values, device: torch.device) -> Tensor:
    """Numbers as a float32 tensor on a device. It is shared: never write to it."""
    with torch.inference_mode(False):  # a tensor of inference could not be trained with later
        return torch.tensor(values, dtype=torch.float32).to(device)


@lru_cache(maxsize=64)
def pixel_grid(height: int, width: int, device: torch.device) -> Tensor:
    """Pixel centres (1, H, W, 2) as xy. It is shared: never write to it."""
    with torch.inference_mode(False):
        y, x = torch.meshgrid(
            torch.arange(height, dtype=torch.float32, device=device),
            torch.arange(width, dtype=torch.float32, device=device),
            indexing="ij",
        )
        return torch.stack([x, y], dim=-1)[None]

"""Many small tensors of one batch as one, so that they reach a device in a single copy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]


def float_fields(value: Any) -> dict[str, Tensor]:
    """Fields of a dataclass that are floating-point tensors, in their order."""
    found = {f.name: getattr(value, f.name) for f in fields(value)}
    return {
        name: one
        for name, one in found.items()
        if isinstance(one, Tensor) and one.is_floating_point()
    }


def packed(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors (B, ...) side by side as (B, K) float32."""
    return torch.cat([one.float().reshape(len(one), -1) for one in tensors], dim=1)


def unpacked(pack: Tensor, shapes: Sequence[Shape]) -> list[Tensor]:
    """The inverse of :func:`packed`: views of the pack, of the shapes (without B) given.

    Raises:
        ValueError: the shapes hold another number of values.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if sum(sizes) != pack.shape[1]:
        raise ValueError(f"a pack of {pack.shape[1]} columns with shapes of {sum(sizes)}")
    columns, found, first = pack.unbind(1), [], 0
    for size, shape in zip(sizes, shapes, strict=True):
        part = columns[first] if not shape else pack[:, first : first + size].unflatten(1, shape)
        found.append(part)
        first += size
    return found

"""A detector's network from its weights file, and its weights for one.

The kernels of convolutions are kept as 8-bit integers with a scale for each output channel,
which halves a file of half-precision numbers and changes no kernel by more than 0.4 % of
its largest value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from capture.find.learned.networks.blocks import ScaledNetwork
from riis_physical.errors import WeightsError
from riis_physical.model.shapes import filled
from riis_physical.model.weights import load_tensors
from riis_physical.system.documents import first_fault

Network = TypeVar("Network", bound=ScaledNetwork)

SCALE = ".scale"
_Width = Annotated[int, Field(ge=1, le=512)]


class _Widths(BaseModel):
    """The record's configuration: features at the four scales."""

    model_config = ConfigDict(frozen=True, strict=True)

    widths: Annotated[tuple[_Width, _Width, _Width, _Width], Field(strict=False)]


def load_network(
    build: Callable[[tuple[int, int, int, int]], Network], file: str | Path
) -> Network:
    """Build a network of the recorded widths and fill it.

    Args:
        build: from the widths of the four scales.
        file: .safetensors, with its record beside it.

    Raises:
        WeightsError: missing, corrupted or of another shape.
    """
    tensors, record = load_tensors(file)
    try:
        widths = _Widths.model_validate(record["config"]).widths
    except ValidationError as error:
        raise WeightsError(
            f"{file} holds no weights of this detector (config.{first_fault(error)}): "
            "install the package again"
        ) from error
    return filled(lambda: build(widths), unpacked(tensors), file)


def packed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Kernels (out, in, h, w) as int8, and their scales (out, 1, 1, 1) beside them."""
    small: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if value.dim() != 4:
            small[name] = value
            continue
        scale = value.abs().amax((1, 2, 3), keepdim=True).clamp_min(1e-6) / 127
        small[name] = (value / scale).round().to(torch.int8)
        small[name + SCALE] = scale
    return small


def unpacked(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict that was packed; one that was not stays as it is."""
    full = {name: value for name, value in tensors.items() if not name.endswith(SCALE)}
    for name, scale in tensors.items():
        if name.endswith(SCALE):
            kernel = name.removesuffix(SCALE)
            if kernel not in full:
                raise WeightsError(f"{name} scales a kernel that is missing: get the file again")
            full[kernel] = full[kernel].float() * scale
    return full

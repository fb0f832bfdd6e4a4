"""A detector's network run by torch or by ONNX Runtime: photos in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image
from riis_physical.model.onnx_network import CPU, CUDA, OnnxNetwork
from riis_physical.model.weights import load_record

if TYPE_CHECKING:
    from torch import nn

    Network = TypeVar("Network", bound=nn.Module | OnnxNetwork)

FloatArray = NDArray[np.float32]

ON_ONNX = (CPU, CUDA)
"""Devices that are ONNX Runtime's."""
PART = ".onnx"


def onnx_network(file: str | Path, device: str) -> OnnxNetwork:
    """The ONNX network beside a detector's weights, verified.

    Raises:
        WeightsError: missing, corrupted, or made from other weights.
    """
    return OnnxNetwork.load(Path(file), PART, str(load_record(file)["sha256"]), device)


def on_device(network: Network, device: str) -> Network:
    """The network ready to run; ONNX Runtime's is already."""
    if isinstance(network, OnnxNetwork):
        return network
    return network.eval().to(device)


def maps_of(
    network: nn.Module | OnnxNetwork, photos: Sequence[UInt8Image], device: str
) -> list[FloatArray]:
    """The network's maps of photos of one size, as the fields of what it returns.

    Args:
        photos: uint8 RGB (H, W, 3) each.
    """
    batch = np.stack(photos).transpose(0, 3, 1, 2)
    if isinstance(network, OnnxNetwork):
        return network.run(batch.astype(np.float32) / np.float32(255))
    import torch

    with torch.inference_mode():
        tensor = torch.from_numpy(np.ascontiguousarray(batch)).float() / 255
        maps: Any = network(tensor.to(device, memory_format=torch.channels_last))
        return [getattr(maps, field.name).cpu().numpy() for field in fields(maps)]

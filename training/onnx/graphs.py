"""The networks of a model as modules of tensors in, tensors out, ready for ONNX."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from capture.find.learned.networks.closeup_net import CloseUpNet
from capture.find.learned.networks.closeup_size import SIZE
from capture.find.learned.networks.detector_net import DetectorNet
from capture.find.learned.networks.detector_size import MULTIPLE
from capture.find.learned.networks.network_file import load_network
from capture.find.learned.networks.running import PART
from riis_physical.flow import InvertibleConv1x1
from riis_physical.model.network import C_CONDITION, HidingNetwork
from riis_physical.model.onnx_reader import ESTIMATE, REVEAL
from riis_physical.model.revealer import Revealer

_MODULES = (21, 25)
"""Rows and columns of the grid that a reading side is traced and tried with."""


@dataclass(frozen=True)
class Port:
    """One input or output.

    Attributes:
        name: of the tensor.
        shape: names of its axes or their sizes; a name stands for any size.
        unit: range and meaning.
    """

    name: str
    shape: tuple[str | int, ...]
    unit: str


@dataclass(frozen=True)
class Graph:
    """A network to export.

    Attributes:
        part: what follows the model's name in the file's name.
        kind: what it is, for the record.
        module: tensors in, a tuple of tensors out.
        inputs, outputs: in their order.
        example: inputs that it is traced and tried with.
    """

    part: str
    kind: str
    module: nn.Module
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    example: tuple[Tensor, ...]


_FRAMES = Port("frames", ("batch", 3, "height", "width"), "sRGB, 0 to 1, rectified")
_PHOTOS = "sRGB, 0 to 1"


class _Reveal(nn.Module):
    def __init__(self, network: HidingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, condition: Tensor, z: Tensor) -> tuple[Tensor, ...]:
        found = self.network.reveal_from(frames, condition, z)
        return found.logits, found.picture[:, 0], found.enhanced


class _Fields(nn.Module):
    """A network whose result's fields become a tuple."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, photos: Tensor) -> tuple[Tensor, ...]:
        maps: Any = self.network(photos)
        return tuple(getattr(maps, field.name) for field in fields(maps))


class _Folded(nn.Conv2d):
    """The inverse of an invertible 1x1 convolution as one convolution; reads only."""

    def __init__(self, mix: InvertibleConv1x1) -> None:
        weight = mix._inverse_weight().detach()
        super().__init__(weight.shape[1], weight.shape[0], 1, bias=False)
        self.weight = nn.Parameter(weight[:, :, None, None].clone(), requires_grad=False)

    def inverse(self, y: Tensor) -> Tensor:
        return self(y)


def folded(network: HidingNetwork) -> HidingNetwork:
    """A copy whose inverse way has no equations left to solve."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, InvertibleConv1x1):
                setattr(module, name, _Folded(child))
    return network.eval()


def reading_graphs(weights: Path) -> list[Graph]:
    """The reading side of a hiding model: enhancement and inverse flow, and the estimator."""
    network = folded(Revealer.load(weights).network)
    config, (h, w) = network.config, _MODULES
    side, picture_px = config.module_px, 2**config.secret_levels
    generator = torch.Generator().manual_seed(1)
    frames = torch.rand(2, 3, side * h, side * w, generator=generator)
    level = torch.rand(2, C_CONDITION, generator=generator)
    z = torch.randn(2, config.c_secret, h, w, generator=generator)
    reveal = Graph(
        REVEAL,
        "reveal",
        _Reveal(network),
        (
            _FRAMES,
            Port(
                "condition",
                ("batch", C_CONDITION),
                "0 to 1: blur sigma / 2 px of a container 512 px wide; noise sigma / 0.06; "
                "(100 - JPEG quality) / 60; log2(photo px a module / 8) / 3 + 0.5",
            ),
            Port(
                "z",
                ("batch", config.c_secret, "rows", "columns"),
                "numbers of a normal distribution, the same for each item; "
                f"height = {side} rows, width = {side} columns",
            ),
        ),
        (
            Port("logits", ("batch", "rows", "columns"), "positive for dark modules"),
            Port(
                "picture",
                ("batch", "picture_height", "picture_width"),
                f"{picture_px} x {picture_px} px a module, about -1 (light) to 1 (dark)",
            ),
            Port("enhanced", ("batch", 3, "height", "width"), "sRGB, about 0 to 1"),
        ),
        (frames, level, z),
    )
    estimate = Graph(
        ESTIMATE,
        "estimate",
        network.estimator,
        (_FRAMES,),
        (Port("level", ("batch", 3), "0 to 1: blur, noise and compression as in condition"),),
        (frames,),
    )
    return [reveal, estimate]


def detector_graphs(weights: Path) -> list[Graph]:
    """The network for whole photos."""
    example = torch.rand(2, 3, 4 * MULTIPLE, 5 * MULTIPLE, generator=torch.Generator())
    ports = (
        Port("container", ("batch", "rows", "columns"), "logits: on a container"),
        Port("picture", ("batch", "rows", "columns"), "logits: on any framed picture"),
        Port(
            "offsets",
            ("batch", 4, 2, "rows", "columns"),
            "xy to the four corners, in 256 px of the input, from the top left clockwise",
        ),
    )
    photos = Port("photos", ("batch", 3, "height", "width"), f"{_PHOTOS}; multiples of {MULTIPLE}")
    network = load_network(DetectorNet, weights).eval()
    return [Graph(PART, "detector", _Fields(network), (photos,), ports, (example,))]


def closeup_graphs(weights: Path) -> list[Graph]:
    """The network of the close look."""
    example = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator())
    ports = (
        Port(
            "sides",
            ("batch", 4, "across", "along"),
            "logits of the top, right, bottom and left side: across them, for each place along",
        ),
        Port("container", ("batch", "rows", "columns"), "logits: on a container"),
    )
    photos = Port("photos", ("batch", 3, SIZE, SIZE), f"{_PHOTOS}, a place straightened")
    network = load_network(CloseUpNet, weights).eval()
    return [Graph(PART, "closeup", _Fields(network), (photos,), ports, (example,))]

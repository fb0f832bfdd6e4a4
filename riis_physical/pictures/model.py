"""A loaded model of pictures, NumPy in and NumPy out, one tile at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from riis_physical.artifacts import FloatArray
from riis_physical.distortion.level import Level
from riis_physical.errors import ConfigError, WeightsError
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import HidingNetwork
from riis_physical.model.noise import Z_SEED
from riis_physical.model.weights import available, config_of, load_record, load_tensors
from riis_physical.system.device import usable_device

NOISE_SIDE = 64
"""z repeats after so many positions, so that it is the same wherever a tile begins."""


class PictureModel:
    """A hiding network for pictures with its weights.

    Attributes:
        name: of the model, for example ``paper-1``.
        record: the weights' record.
        config: of the network.
    """

    def __init__(
        self,
        network: HidingNetwork,
        name: str,
        record: dict[str, Any],
        device: str | torch.device = "cpu",
    ) -> None:
        if network.config.secret != "images":
            raise ConfigError(
                f"model {name!r} hides messages, not pictures: use it with hide and scan, "
                "or choose a model of pictures with --model"
            )
        self.network = network.eval().to(device)
        self.name = name
        self.record = record
        self.config: ModelConfig = network.config
        self.device = torch.device(device)
        generator = torch.Generator().manual_seed(Z_SEED)
        shape = (1, self.config.c_secret, NOISE_SIDE, NOISE_SIDE)
        self._z = torch.randn(shape, generator=generator).to(self.device)
        self._z *= float(record.get("z_temperature", 1.0))

    @classmethod
    def load(
        cls,
        name: str | Path = "auto",
        device: str = "cpu",
        *,
        secrets: int | None = None,
        grey: bool = False,
    ) -> Self:
        """Load a shipped model or the user's own .safetensors.

        Args:
            name: ``auto`` for the newest shipped one of the kind that is wanted.
            secrets: how many pictures it hides; None for any.
            grey: ``auto`` takes one that hides colours in a grey host.

        Raises:
            WeightsError: no such model, corrupted, or of another shape.
            ConfigError: the device is not there, or the model hides messages.
        """
        if name == "auto":
            name = shipped(secrets, grey)
        place = usable_device(device)
        tensors, record = load_tensors(name)
        config = config_of(name, record)
        if config.secret != "images":
            raise ConfigError(
                f"model {str(name)!r} hides messages, not pictures: use it with hide and scan, "
                "or choose a model of pictures with --model"
            )
        network = HidingNetwork.filled(config, tensors, name)
        return cls(network, str(record["name"]), record, place)

    @property
    def secrets(self) -> int:
        """How many pictures one container holds."""
        return self.config.n_secrets

    @property
    def is_grey(self) -> bool:
        """Whether hosts and containers are grey."""
        return self.config.host_channels == 1

    def _tensor(self, picture: FloatArray) -> Tensor:
        """(1, C, H, W) with sides that the network takes; what is added repeats the edge."""
        tensor = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))[None])
        side = self.config.side_px
        down, right = -tensor.shape[2] % side, -tensor.shape[3] % side
        tensor = torch.nn.functional.pad(tensor, (0, right, 0, down), mode="replicate")
        return tensor.to(self.device)

    @torch.inference_mode()
    def hide(self, host: FloatArray, secrets: FloatArray) -> FloatArray:
        """A container (h, w, C).

        Args:
            host: (h, w, C) float32 in [0, 1].
            secrets: (h, w, 3 * n) float32 in [0, 1].
        """
        container = self.network.hide(self._tensor(host), self._tensor(secrets)).container
        return _array(container, host.shape[:2])

    @torch.inference_mode()
    def reveal(
        self, container: FloatArray, level: Level, origin: tuple[int, int] = (0, 0)
    ) -> FloatArray:
        """The secrets and, last, the host: (h, w, 3 * n + C).

        Args:
            container: (h, w, C) float32 in [0, 1], as received.
            level: how much it was distorted.
            origin: (y, x) of the tile in its picture, multiples of the network's squeeze.
        """
        received = self._tensor(container)
        squeeze = 2**self.config.host_levels
        h, w = received.shape[2] // squeeze, received.shape[3] // squeeze
        shifts = (-(origin[0] // squeeze), -(origin[1] // squeeze))
        block = self._z.roll(shifts, dims=(2, 3))
        z = block.repeat(1, 1, -(-h // NOISE_SIDE), -(-w // NOISE_SIDE))[..., :h, :w]
        told = torch.tensor([level.values()], device=self.device)
        revealed = self.network.reveal_from(received, told, z)
        both = torch.cat([revealed.picture, revealed.host], dim=1)
        return _array(both, container.shape[:2])

    @torch.inference_mode()
    def estimate(self, tiles: Sequence[FloatArray]) -> Level:
        """How much a container was distorted, as the median over tiles (h, w, C) of it."""
        seen = [self.network.estimate_condition(self._tensor(tile))[0] for tile in tiles]
        return Level.estimated(torch.stack(seen).median(dim=0).values.tolist())


def _array(tensor: Tensor, size: tuple[int, ...]) -> FloatArray:
    height, width = size
    return tensor[0, :, :height, :width].float().permute(1, 2, 0).cpu().numpy()


def shipped(secrets: int | None = None, grey: bool = False) -> str:
    """The newest shipped model of a kind; see :meth:`PictureModel.load`. Raises WeightsError."""
    for name in available("images"):
        config = config_of(name, load_record(name))
        if secrets in (None, config.n_secrets) and grey == (config.host_channels == 1):
            return name
    what = "a picture's colours in its grey" if grey else f"{secrets or 'any number of'} pictures"
    raise WeightsError(
        f"no model that hides {what} ships with this installation: train one "
        "(riis-physical train --config paper) and name its .safetensors file with --model"
    )

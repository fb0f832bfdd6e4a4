"""A loaded model, NumPy in and NumPy out: what hiding and scanning work with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from riis_physical.artifacts import Condition, FloatArray, RevealedGrid
from riis_physical.errors import ConfigError
from riis_physical.model.condition import CLEAN, estimated_condition, normalise_condition
from riis_physical.model.network import HidingNetwork
from riis_physical.model.noise import Z_SEED
from riis_physical.model.weights import config_of, load_tensors, named
from riis_physical.system.device import usable_device

logger = logging.getLogger(__name__)


class Revealer:
    """A hiding network with its weights, for module grids.

    Attributes:
        name: of the model, for example ``print-1``.
        record: the weights' record (configuration, training, measured figures).
        module_px: container pixels per module in the model frame.
    """

    def __init__(
        self,
        network: HidingNetwork,
        name: str,
        record: dict[str, Any],
        device: str | torch.device = "cpu",
    ) -> None:
        if network.config.secret != "modules":
            raise ConfigError(
                f"model {name!r} hides pictures, not messages: choose a model such as print-1"
            )
        self.network = network.eval().to(device)
        self.name = name
        self.record = record
        self.device = torch.device(device)
        self.module_px = network.config.module_px

    @classmethod
    def load(cls, name: str | Path = "auto", device: str = "cpu") -> Revealer:
        """Load a shipped model (``auto``: the best one) or the user's own .safetensors.

        Raises:
            WeightsError: no such model, corrupted, or of another shape.
            ConfigError: the device is not there, or the model hides no messages.
        """
        if name == "auto":
            name = named("auto")[0]
        place = usable_device(device)
        tensors, record = load_tensors(name)
        network = HidingNetwork.filled(config_of(name, record), tensors, name)
        logger.debug("model %s (%s parameters) on %s", name, record.get("parameters"), place)
        return cls(network, str(record["name"]), record, place)

    def _tensor(self, frames: NDArray[np.float32]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(frames, dtype=np.float32))
        return tensor.permute(0, 3, 1, 2).to(self.device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def embed(self, host_frame: FloatArray, modules: NDArray[np.bool_]) -> FloatArray:
        """Residual that hides a module grid in a host.

        Args:
            host_frame: (8N, 8N, 3) float32 sRGB in [0, 1], the host at the model's resolution.
            modules: (N, N), True for dark.

        Returns:
            (8N, 8N, 3) float32 residual, to be added to the host; not clamped.

        Raises:
            ValueError: the host frame is not module_px times the grid.
        """
        side = modules.shape[0] * self.module_px
        if host_frame.shape != (side, side, 3):
            raise ValueError(f"host frame is {host_frame.shape}, expected {(side, side, 3)}")
        host = self._tensor(host_frame[None])
        secret = torch.from_numpy(np.where(modules, 1.0, -1.0).astype(np.float32))
        hidden = self.network.hide(host, secret[None, None].to(self.device))
        return (hidden.container - host)[0].permute(1, 2, 0).cpu().numpy()

    @torch.inference_mode()
    def reveal(
        self,
        frames: FloatArray,
        conditions: Sequence[Condition | None],
        *,
        seed: int = Z_SEED,
        temperature: float | None = None,
    ) -> RevealedGrid:
        """Reveal the module grids of rectified pictures.

        Args:
            frames: (B, 8h, 8w, 3) float32 sRGB in [0, 1].
            conditions: distortion level of each; None for a clean file.
            seed: of z.
            temperature: factor on z; the record's value by default.
        """
        if temperature is None:
            temperature = float(self.record.get("z_temperature", 1.0))
        batch = self._tensor(frames)
        levels = torch.stack([normalise_condition(c or CLEAN) for c in conditions])
        revealed = self.network.reveal(
            batch, levels.to(self.device), seed=seed, temperature=temperature
        )
        return RevealedGrid(
            logits=revealed.logits.cpu().numpy(),
            picture=revealed.picture[:, 0].cpu().numpy(),
            enhanced=revealed.enhanced.permute(0, 2, 3, 1).cpu().numpy(),
        )

    def logits(self, frames: Tensor, true_level: Tensor) -> Tensor:
        """Soft module values of rectified pictures; gradients pass to the frames.

        Args:
            frames: (B, 3, 8h, 8w) sRGB in [0, 1], on this device.
            true_level: (B, 4) normalised distortion levels of the simulated captures. As
                in :meth:`estimate`, blur and noise are estimated from the pixels, the worse
                of the two compressions counts, and the scale is known.

        Returns:
            (B, h, w), positive for dark.
        """
        frames = frames.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            blur, noise, packed = self.network.estimate_condition(frames).unbind(1)
            worse = torch.maximum(packed, true_level[:, 2])
            level = torch.stack([blur, noise, worse, true_level[:, 3]], dim=1)
        temperature = float(self.record.get("z_temperature", 1.0))
        return self.network.reveal(frames, level, seed=Z_SEED, temperature=temperature).logits

    @torch.inference_mode()
    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        """Distortion level of one rectified picture.

        Args:
            frame: (8N, 8N, 3) float32 sRGB in [0, 1].
            jpeg_quality: from the photo file's tables, None where unknown. The
                worse of it and the estimate from the pixels counts, because a
                photo may have been compressed before.
            scale_px: photo pixels per module along the shorter axis.
        """
        values = self.network.estimate_condition(self._tensor(frame[None]))[0].cpu().numpy()
        return estimated_condition(values, jpeg_quality, scale_px)

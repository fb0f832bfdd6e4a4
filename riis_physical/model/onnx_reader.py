"""A model that reads only, by ONNX Runtime: what scanning needs, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from riis_physical.artifacts import Condition, FloatArray, RevealedGrid
from riis_physical.errors import ConfigError
from riis_physical.model.condition import CLEAN, estimated_condition, normalised
from riis_physical.model.noise import Z_SEED, fixed_noise
from riis_physical.model.onnx_network import CPU, OnnxNetwork
from riis_physical.model.weights import config_of, load_record, locate

REVEAL, ESTIMATE = ".reveal.onnx", ".estimate.onnx"


class OnnxReader:
    """The reading side of a hiding network; as :class:`riis_physical.model.revealer.Revealer`.

    Attributes:
        name: of the model, for example ``print-1``.
        record: the weights' record.
        device: where ONNX Runtime computes, see :mod:`riis_physical.model.onnx_network`.
        module_px: container pixels per module in the model frame.
    """

    def __init__(
        self, reveal: OnnxNetwork, estimate: OnnxNetwork, record: dict[str, Any], name: str
    ) -> None:
        config = config_of(name, record)
        if config.secret != "modules":
            raise ConfigError(
                f"model {name!r} hides pictures, not messages: choose a model such as print-1"
            )
        self._reveal, self._estimate = reveal, estimate
        self.name = name
        self.record = record
        self.device = reveal.device
        self.module_px = config.module_px
        self._c_secret = config.c_secret

    @classmethod
    def load(cls, name: str | Path, device: str = CPU) -> OnnxReader:
        """Load a shipped model, or a .safetensors file, that has ONNX files beside it.

        Raises:
            WeightsError: no such model, or its ONNX files are missing, corrupted or made
                from other weights.
            ConfigError: no such device, or the model hides no messages.
        """
        record, weights = load_record(name), locate(name)
        reveal, estimate = (
            OnnxNetwork.load(weights, part, str(record["sha256"]), device)
            for part in (REVEAL, ESTIMATE)
        )
        return cls(reveal, estimate, record, str(record["name"]))

    def reveal(
        self, frames: FloatArray, conditions: Sequence[Condition | None], *, seed: int = Z_SEED
    ) -> RevealedGrid:
        """Reveal the module grids of rectified pictures.

        Args:
            frames: (B, 8h, 8w, 3) float32 sRGB in [0, 1].
            conditions: distortion level of each; None for a clean file.
            seed: of z.
        """
        count, height, width, _ = frames.shape
        z = fixed_noise(self._c_secret, height // self.module_px, width // self.module_px, seed)
        z = z * np.float32(self.record.get("z_temperature", 1.0))
        logits, picture, enhanced = self._reveal.run(
            np.ascontiguousarray(frames.transpose(0, 3, 1, 2), np.float32),
            np.stack([normalised(one or CLEAN) for one in conditions]),
            np.broadcast_to(z, (count, *z.shape)),
        )
        return RevealedGrid(logits, picture, enhanced.transpose(0, 2, 3, 1))

    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        """Distortion level of one rectified picture, see :meth:`Revealer.estimate`."""
        picture = np.ascontiguousarray(frame.transpose(2, 0, 1)[None], np.float32)
        (values,) = self._estimate.run(picture)
        return estimated_condition(values[0], jpeg_quality, scale_px)

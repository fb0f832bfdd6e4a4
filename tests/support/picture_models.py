"""Small models of pictures, made in a moment: their numbers are arbitrary, their ways exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from riis_physical.artifacts import UInt8Image
from riis_physical.model.config import PAPER, ModelConfig
from riis_physical.model.network import HidingNetwork
from riis_physical.model.weights import save_weights
from riis_physical.pictures.model import PictureModel

TINY = PAPER.model_copy(
    update={
        "blocks": 1,
        "growth": 4,
        "dense_layers": 2,
        "canp_blocks": 1,
        "canp_features": 4,
        "cem_features": 4,
        "cem_layers": 2,
    }
)


def network_of(**changes: object) -> HidingNetwork:
    """A network that hides a little of a secret, from a fixed seed."""
    torch.manual_seed(0)
    config = ModelConfig.model_validate({**TINY.model_dump(), **changes})
    network = HidingNetwork(config).train()
    host = torch.rand(2, config.host_channels, 32, 32)
    network.hide(host, torch.rand(2, config.c_secret_pixels, 32, 32))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return network.eval()


def model_of(**changes: object) -> PictureModel:
    """The same, loaded."""
    return PictureModel(network_of(**changes), "tiny", {})


def saved(folder: Path, **changes: object) -> Path:
    """The same as a file."""
    network = network_of(**changes)
    file = folder / "tiny.safetensors"
    record = {"config": network.config.model_dump()}
    save_weights(file, network.state_dict(), record, half=False)
    return file


def picture(height: int, width: int, seed: int = 0) -> UInt8Image:
    """A smooth picture in colour."""
    import cv2

    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (5, 6, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)

"""Earlier methods, each written from its paper on this project's blocks: pictures in and out.

They have the face of :class:`riis_physical.model.network.HidingNetwork` and are trained by the same
loop, so that a comparison differs in the method alone. They read sizes (squeeze, blocks, growth,
layers, number of secrets) from a ``ModelConfig`` and leave CANP, CEM and DGM be. What they
reach is our retraining, not what their authors' weights reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riis_physical.model.network import HidingNetwork
from training.baselines.autoencoder import AutoEncoder
from training.baselines.base import Baseline
from training.baselines.hinet import HiNet
from training.baselines.iicnet import IICNet
from training.baselines.isn import ISN

if TYPE_CHECKING:
    from riis_physical.model.config import ModelConfig

BASELINES: dict[str, type[Baseline]] = {
    "isn": ISN,
    "hinet": HiNet,
    "iicnet": IICNet,
    "autoencoder": AutoEncoder,
}

__all__ = ["BASELINES", "ISN", "AutoEncoder", "Baseline", "HiNet", "IICNet", "make_network"]


def make_network(method: str, config: ModelConfig) -> HidingNetwork | Baseline:
    """The network of a method: ``riis``, or one of :data:`BASELINES`.

    Raises:
        TrainingError: a baseline cannot have this configuration.
    """
    return HidingNetwork(config) if method == "riis" else BASELINES[method](config)

"""What every baseline is: pictures in a picture, by the names of the project's own network."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from riis_physical.errors import TrainingError
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import Hidden, Revealed


class Baseline(nn.Module, ABC):
    """Hosts (B, 3, H, W) and secrets (B, 3 * n_secrets, H, W) in [0, 1], told no level.

    Attributes:
        backward_way: None; both ways have the same parameters.

    Raises:
        TrainingError: the configuration hides no RGB pictures in RGB hosts.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.secret != "images" or config.host_channels != 3:
            raise TrainingError(f"{type(self).__name__} hides RGB pictures in RGB hosts alone")
        self.config = config
        self.backward_way = None

    @abstractmethod
    def hide(self, host: Tensor, secret: Tensor, condition: Tensor | None = None) -> Hidden:
        """A container, not clamped; `condition` plays no part."""

    @abstractmethod
    def reveal_from(self, rectified: Tensor, condition: Tensor, z: Tensor) -> Revealed:
        """The secrets and the host of a received container; `condition` plays no part."""

    def decouple(self) -> None:
        """Raises TrainingError: two-stage decoupled tuning is RIIS's own."""
        raise TrainingError(f"{type(self).__name__} has one set of parameters for both ways")

    def estimate_condition(self, rectified: Tensor) -> Tensor:
        """Zeros (B, 3): no level is looked for."""
        return rectified.new_zeros(len(rectified), 3)


def revealed(secret: Tensor, host: Tensor, received: Tensor) -> Revealed:
    """The answer of a method that enhances nothing."""
    return Revealed(secret, secret.new_zeros(len(secret), 0, 0), host, received)

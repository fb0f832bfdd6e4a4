"""Distortion-guided modulation: one model for all distortion levels (paper section 3.6)."""

from __future__ import annotations

from torch import Tensor, nn


class ConditionNetwork(nn.Sequential):
    """Fully connected layers from the distortion level (B, c) to features (B, width)."""

    def __init__(self, c_condition: int, width: int) -> None:
        super().__init__(
            nn.Linear(c_condition, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.LeakyReLU(0.2),
        )


class Modulation(nn.Module):
    """Weights alpha (B, C, 1, 1) that multiply a coupling's factors or features (CResMD).

    One at the start.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, channels)
        nn.init.zeros_(self.linear.weight)
        nn.init.ones_(self.linear.bias)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(features)[:, :, None, None]

"""Parts that the networks of the detector share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

DETAIL_PX = 5
DETAIL_GAIN = 12.0
"""Detail is a photo less its mean over DETAIL_PX pixels; a hidden code changes it by 1 %."""


def fine_detail(photos: Tensor) -> Tensor:
    """What (B, 3, H, W) in [0, 1] has beyond its mean over DETAIL_PX pixels, amplified."""
    smooth = nn.functional.avg_pool2d(photos, DETAIL_PX, 1, DETAIL_PX // 2, count_include_pad=False)
    return torch.tanh(DETAIL_GAIN * (photos - smooth))


class ScaledNetwork(nn.Module):
    """A network of four scales, each half the one before.

    Attributes:
        widths: channels at each.
    """

    widths: tuple[int, int, int, int]


class Residual(nn.Module):
    """Two 3 x 3 convolutions added to their input."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            convolution(width, width, 3, dilation=dilation),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


def convolution(
    inputs: int, outputs: int, size: int, stride: int = 1, dilation: int = 1
) -> nn.Module:
    """A convolution, normalised and rectified."""
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def doubled(x: Tensor) -> Tensor:
    """Each position four times."""
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")

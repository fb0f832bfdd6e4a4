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
    """A network of four scales, each half the one before, joined top down.

    Attributes:
        widths: channels at each.
    """

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.widths = widths

    def add_scales(self) -> None:
        """The second to fourth scale, after what a network has of the first."""
        one, two, three, four = self.widths
        self.down8 = nn.Sequential(convolution(one, two, 3, 2), Residual(two, 1), Residual(two, 1))
        self.down16 = nn.Sequential(
            convolution(two, three, 3, 2), Residual(three, 1), Residual(three, 2)
        )
        self.down32 = nn.Sequential(
            convolution(three, four, 3, 2), Residual(four, 1), Residual(four, 2), Residual(four, 4)
        )
        self.up16 = convolution(four, three, 1)
        self.join16 = Residual(three, 1)
        self.up8 = convolution(three, two, 1)
        self.join8 = Residual(two, 1)

    def joined(self, eighth: Tensor) -> Tensor:
        """What all smaller scales add to (B, two, h, w) at the second one."""
        sixteenth = self.down16(eighth)
        whole = self.down32(sixteenth)
        sixteenth = self.join16(sixteenth + doubled(self.up16(whole)))
        return self.join8(eighth + doubled(self.up8(sixteenth)))


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

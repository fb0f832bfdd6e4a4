"""The network of the learned detector: where a photo holds a container, and its corners.

A small convolutional network after the idea of EAST (Zhou et al., CVPR 2017): every
position of a coarse map says whether it lies on a container, whether it lies on any
framed picture, and where the four corners of that are; the votes of all positions of
one container together are far more exact than any one. Its first layer sees 4 x 4
pixels unshuffled, and beside the photo its fine detail, amplified, so that the faint
pattern of a hidden code is not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDE = 8
MULTIPLE = 32
"""Both sides of the input are multiples of this."""
OFFSET_UNIT = 128.0
"""Pixels of the input in one unit of the offsets."""
DETAIL_PX = 5
DETAIL_GAIN = 12.0
"""Detail is a photo less its mean over DETAIL_PX pixels; a hidden code changes it by 1 %."""


@dataclass(frozen=True)
class Maps:
    """Output for a batch, at 1 / STRIDE of the input.

    Attributes:
        container: (B, h, w) logits: on a container.
        picture: (B, h, w) logits: on any framed picture, container or not.
        offsets: (B, 4, 2, h, w) xy from a position's centre to the corners of the
            picture it lies on, in OFFSET_UNIT pixels; clockwise in the image from the
            corner that is nearest to the top left.
    """

    container: Tensor
    picture: Tensor
    offsets: Tensor


class DetectorNet(nn.Module):
    """About 2.6 million parameters, of residual blocks at four scales, joined top down."""

    def __init__(self, widths: tuple[int, int, int, int] = (32, 64, 112, 160)) -> None:
        super().__init__()
        self.widths = widths
        one, two, three, four = widths
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), _conv(96, one, 3), _Residual(one, 1))
        self.down8 = nn.Sequential(_conv(one, two, 3, 2), _Residual(two, 1), _Residual(two, 1))
        self.down16 = nn.Sequential(
            _conv(two, three, 3, 2), _Residual(three, 1), _Residual(three, 2)
        )
        self.down32 = nn.Sequential(
            _conv(three, four, 3, 2), _Residual(four, 1), _Residual(four, 2), _Residual(four, 4)
        )
        self.up16 = _conv(four, three, 1)
        self.join16 = _Residual(three, 1)
        self.up8 = _conv(three, two, 1)
        self.join8 = _Residual(two, 1)
        self.head = nn.Conv2d(two, 10, 1)

    def forward(self, photos: Tensor) -> Maps:
        """Detect in (B, 3, H, W) sRGB in [0, 1]; H and W are multiples of MULTIPLE."""
        smooth = nn.functional.avg_pool2d(
            photos, DETAIL_PX, 1, DETAIL_PX // 2, count_include_pad=False
        )
        detail = torch.tanh(DETAIL_GAIN * (photos - smooth))
        fine = self.stem(torch.cat([photos * 2 - 1, detail], 1))
        eighth = self.down8(fine)
        sixteenth = self.down16(eighth)
        whole = self.down32(sixteenth)
        sixteenth = self.join16(sixteenth + _doubled(self.up16(whole)))
        eighth = self.join8(eighth + _doubled(self.up8(sixteenth)))
        out = self.head(eighth).float()
        b, _, h, w = out.shape
        return Maps(out[:, 0], out[:, 1], out[:, 2:].reshape(b, 4, 2, h, w))


class _Residual(nn.Module):
    """Two 3 x 3 convolutions added to their input."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(width, width, 3, dilation=dilation),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


def _conv(inputs: int, outputs: int, size: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _doubled(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")

"""The network of the learned detector: where a photo holds a container, and its corners.

A small convolutional network after the idea of EAST (Zhou et al., CVPR 2017): every
position of a coarse map says whether it lies on a container, whether it lies on any
framed picture, and where the four corners of that are; the votes of all positions of
one container together are far more exact than any one. Shapes are seen in a copy half
as large; the faint texture of a hidden code in the detail of the input itself, amplified,
by a branch of its own that joins where both are of one size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from capture.find.learned.networks.blocks import Residual, ScaledNetwork, convolution, fine_detail

TEXTURE_WIDTH = 24


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


class DetectorNet(ScaledNetwork):
    """About 2.8 million parameters: residual blocks at four scales, joined top down; texture."""

    def __init__(self, widths: tuple[int, int, int, int] = (32, 64, 112, 160)) -> None:
        super().__init__(widths)
        one, two = widths[:2]
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), convolution(96, one, 3), Residual(one, 1))
        self.texture = nn.Sequential(
            nn.PixelUnshuffle(4),
            convolution(48, TEXTURE_WIDTH, 3),
            Residual(TEXTURE_WIDTH, 1),
            convolution(TEXTURE_WIDTH, one, 3, 2),
            convolution(one, two, 3, 2),
            Residual(two, 1),
            Residual(two, 1),
        )
        self.mix = nn.Conv2d(two, two, 1)
        self.add_scales()
        self.head = nn.Conv2d(two, 10, 1)

    def forward(self, photos: Tensor) -> Maps:
        """Detect in (B, 3, H, W) sRGB in [0, 1]; H and W are multiples of MULTIPLE."""
        half = nn.functional.avg_pool2d(photos, 2)
        shapes = self.stem(torch.cat([half * 2 - 1, fine_detail(half)], 1))
        eighth = self.down8(shapes) + self.mix(self.texture(fine_detail(photos)))
        out = self.head(self.joined(eighth)).float()
        b, _, h, w = out.shape
        return Maps(out[:, 0], out[:, 1], out[:, 2:].reshape(b, 4, 2, h, w))

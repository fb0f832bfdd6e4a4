"""The network of the close look: the four sides of a picture, and whether it is a container.

It sees a picture roughly straightened, always at the same size, with some of what lies
around it. That makes its task far easier than the detector's: every side lies near a
known place, and the texture of a hidden code has nearly the same pitch. At every place
along a side it gives a distribution of where the side is; a straight line through all of
them is more exact than any one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from capture.find.learned.networks.blocks import (
    Residual,
    ScaledNetwork,
    convolution,
    doubled,
    fine_detail,
)
from capture.find.learned.networks.closeup_size import STRIDE


@dataclass(frozen=True)
class CloseUpMaps:
    """Output for a batch, at 1 / STRIDE of the input.

    Attributes:
        sides: (B, 4, across, along) logits of the top, right, bottom and left side: for
            each position along a side, a softmax over the positions across it. Across is
            y and along x for top and bottom, the other way round for right and left.
        container: (B, h, w) logits: on a container.
    """

    sides: Tensor
    container: Tensor


class CloseUpNet(ScaledNetwork):
    """About 2 million parameters: residual blocks at four scales, joined top down."""

    def __init__(self, widths: tuple[int, int, int, int] = (40, 72, 112, 144)) -> None:
        super().__init__(widths)
        one, two = widths[:2]
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(STRIDE), convolution(6 * STRIDE**2, one, 3), Residual(one, 1)
        )
        self.add_scales()
        self.up4 = convolution(two, one, 1)
        self.join4 = Residual(one, 1)
        self.head = nn.Conv2d(one, 5, 1)

    def forward(self, views: Tensor) -> CloseUpMaps:
        """Look at (B, 3, SIZE, SIZE) sRGB in [0, 1]."""
        fourth = self.stem(torch.cat([views * 2 - 1, fine_detail(views)], 1))
        eighth = self.joined(self.down8(fourth))
        fourth = self.join4(fourth + doubled(self.up4(eighth)))
        top, right, bottom, left, container = self.head(fourth).float().unbind(1)
        sides = torch.stack([top, right.transpose(1, 2), bottom, left.transpose(1, 2)], 1)
        return CloseUpMaps(sides, container)

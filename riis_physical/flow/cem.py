"""Container enhancement module: clean the received container first (paper section 3.4)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from riis_physical.flow.dense import zero_convolution


class ContainerEnhancement(nn.Module):
    """DnCNN without batch norm, on a pixel-unshuffled picture; starts as the identity.

    Args:
        features: channels of the hidden convolutions.
        layers: number of convolutions, at least 2.
        unshuffle: side of the pixel squares that become channels; 1 is the
            paper's full resolution.
        channels: C of the picture.
    """

    def __init__(self, features: int, layers: int, unshuffle: int, channels: int = 3) -> None:
        super().__init__()
        c = channels * unshuffle**2
        widths = [c] + [features] * (layers - 1)
        body: list[nn.Module] = []
        for c_in, c_out in zip(widths, widths[1:], strict=False):
            body += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
        self.body = nn.Sequential(*body, zero_convolution(features, c, 3))
        self.unshuffle = unshuffle

    def forward(self, received: Tensor) -> Tensor:
        """Return the enhanced container, shape and range of the received (B, C, H, W)."""
        noise = self.body(F.pixel_unshuffle(received, self.unshuffle))
        return received - F.pixel_shuffle(noise, self.unshuffle).to(received.dtype)

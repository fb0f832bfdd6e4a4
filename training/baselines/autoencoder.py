"""The auto-encoder of invertible grayscale (Xia et al., TOG 2018), for pictures in a picture.

An encoder with residual blocks makes the container from all pictures, a decoder with residual
blocks gives them back; nothing is invertible. Both work on the unshuffled grid of all methods
here, in place of the paper's two strided convolutions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from riis_physical.flow.dense import zero_convolution
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import Hidden, Revealed
from training.baselines.base import Baseline, revealed


class ResidualBlock(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1),
            nn.ReLU(),
            zero_convolution(features, features, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _coder(c_in: int, c_out: int, features: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c_in, features, 3, padding=1),
        nn.ReLU(),
        *(ResidualBlock(features) for _ in range(blocks)),
        zero_convolution(features, c_out, 3),
    )


class AutoEncoder(Baseline):
    """Encoder and decoder; the encoder's answer is added to the host, the decoder's to grey."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.side = 2**config.host_levels
        features, blocks = 4 * config.growth, 2 * config.blocks
        c_all = config.c_host + config.c_secret
        self.encoder = _coder(c_all, config.c_host, features, blocks)
        self.decoder = _coder(config.c_host, c_all, features, blocks)

    def hide(self, host: Tensor, secret: Tensor, condition: Tensor | None = None) -> Hidden:
        """Hide; there is no h_f (zeros)."""
        bands = F.pixel_unshuffle(torch.cat([host, secret], dim=1) - 0.5, self.side)
        added = F.pixel_shuffle(self.encoder(bands), self.side)
        none = bands.new_zeros(len(bands), self.config.c_secret, *bands.shape[2:])
        return Hidden(host + added.to(host.dtype), none, none, none.new_zeros(len(none)))

    def reveal_from(self, rectified: Tensor, condition: Tensor, z: Tensor) -> Revealed:
        """Decode."""
        pictures = self.decoder(F.pixel_unshuffle(rectified - 0.5, self.side)) + 0.5
        pictures = F.pixel_shuffle(pictures.to(rectified.dtype), self.side)
        return revealed(pictures[:, 3:], pictures[:, :3], rectified)

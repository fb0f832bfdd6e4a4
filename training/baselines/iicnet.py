"""IICNet: reversible conversion of many images to one (Cheng et al., ICCV 2021).

All pictures go through one invertible network; the container is the mean of its outputs
(channel squeeze), which is repeated when revealing. As in the authors' configuration for hiding,
there is no relation module and no downscaling beyond the unshuffled grid of all methods here.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from riis_physical.model.config import ModelConfig
from riis_physical.model.network import Hidden, Revealed
from training.baselines.base import Baseline, revealed
from training.baselines.blocks import AdditiveAffineFlow


class IICNet(Baseline):
    """IICNet."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.side = 2**config.host_levels
        self.pictures = 1 + config.n_secrets
        self.flow = AdditiveAffineFlow(config.c_host, config.c_secret, config)

    def hide(self, host: Tensor, secret: Tensor, condition: Tensor | None = None) -> Hidden:
        """Hide; h_f and z are how far the outputs are from their mean."""
        a, b = self.flow(F.pixel_unshuffle(host, self.side), F.pixel_unshuffle(secret, self.side))
        each = torch.cat([a, b], dim=1).unflatten(1, (self.pictures, -1))
        mean = each.mean(dim=1)
        apart = (each - mean[:, None])[:, 1:].flatten(1, 2)
        container = F.pixel_shuffle(mean, self.side)
        return Hidden(container, apart, apart, apart.new_zeros(len(apart)))

    def reveal_from(self, rectified: Tensor, condition: Tensor, z: Tensor) -> Revealed:
        """Reveal from the container, repeated."""
        bands = F.pixel_unshuffle(rectified, self.side)
        a, b = self.flow.inverse(bands, bands.repeat(1, self.pictures - 1, 1, 1))
        return revealed(F.pixel_shuffle(b, self.side), F.pixel_shuffle(a, self.side), rectified)

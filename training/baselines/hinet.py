"""HiNet: deep image hiding by an invertible network (Jing et al., ICCV 2021).

ISN's coupling on wavelet bands. What the secret branch gives is lost, and Gaussian noise is
put in when revealing; the loss guards the container's low band (``lambda_low``), revealing counts
five times, and no loss shapes what is lost.
"""

from __future__ import annotations

from torch import Tensor

from riis_physical.flow import HaarSqueeze
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import Hidden, Revealed
from training.baselines.base import Baseline, revealed
from training.baselines.blocks import AdditiveAffineFlow


class HiNet(Baseline):
    """HiNet, one Haar level in the paper."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.squeeze = HaarSqueeze(config.host_levels)
        self.flow = AdditiveAffineFlow(config.c_host, config.c_secret, config)

    def hide(self, host: Tensor, secret: Tensor, condition: Tensor | None = None) -> Hidden:
        """Hide; h_f and z are the lost information r."""
        a, b = self.flow(self.squeeze(host), self.squeeze(secret))
        return Hidden(self.squeeze.inverse(a), b, b, b.new_zeros(len(b)))

    def reveal_from(self, rectified: Tensor, condition: Tensor, z: Tensor) -> Revealed:
        """Reveal with z ~ N(0, I) in place of what was lost."""
        a, b = self.flow.inverse(self.squeeze(rectified), z)
        return revealed(self.squeeze.inverse(b), self.squeeze.inverse(a), rectified)

"""ISN: large-capacity steganography by an invertible network (Lu et al., CVPR 2021).

A host branch and a secret branch in pixels, coupled additively and affinely. The secret branch's
output is trained towards a constant, and that constant is put in when revealing. ISN works at full
resolution; here its pixels are unshuffled as far as the other methods squeeze theirs, which changes
nothing but how many positions its convolutions visit.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from riis_physical.model.config import ModelConfig
from riis_physical.model.network import Hidden, Revealed
from training.baselines.base import Baseline, revealed
from training.baselines.blocks import AdditiveAffineFlow


class ISN(Baseline):
    """ISN; ISN+ is the same network finetuned under one distortion."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.side = 2**config.host_levels
        self.flow = AdditiveAffineFlow(config.c_host, config.c_secret, config)

    def hide(self, host: Tensor, secret: Tensor, condition: Tensor | None = None) -> Hidden:
        """Hide; h_f and z are the secret branch's output, which is to be constant (zero)."""
        a, b = self.flow(F.pixel_unshuffle(host, self.side), self._secret_in(secret))
        return Hidden(F.pixel_shuffle(a, self.side), b, b, b.new_zeros(len(b)))

    def reveal_from(self, rectified: Tensor, condition: Tensor, z: Tensor) -> Revealed:
        """Reveal with the constant in place of z."""
        a, b = self.flow.inverse(F.pixel_unshuffle(rectified, self.side), z.new_zeros(z.shape))
        secret = (F.pixel_shuffle(b, self.side) + 1) / 2
        return revealed(secret, F.pixel_shuffle(a, self.side), rectified)

    def _secret_in(self, secret: Tensor) -> Tensor:
        return F.pixel_unshuffle(secret * 2 - 1, self.side)

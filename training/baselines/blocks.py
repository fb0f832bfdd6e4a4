"""The invertible block that ISN, HiNet and IICNet share."""

from __future__ import annotations

from torch import Tensor, nn

from riis_physical.flow.coupling import FactorNet
from riis_physical.flow.dense import DenseBlock
from riis_physical.model.config import ModelConfig


class AdditiveAffine(nn.Module):
    """a' = a + phi(b), then b' = b exp(rho(a')) + eta(a'); a of c_a channels, b of c_b."""

    def __init__(self, c_a: int, c_b: int, config: ModelConfig) -> None:
        super().__init__()
        growth, layers, kernel = config.growth, config.dense_layers, config.last_kernel
        self.phi = DenseBlock(c_b, c_a, growth, layers, kernel)
        self.factors = FactorNet(
            c_a, c_b, growth, layers, kernel, config.separate_factors, config.scale_clamp, 0
        )

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        a = a + self.phi(b).to(a.dtype)
        log_scale, bias = self.factors(a, None)
        return a, b * log_scale.exp() + bias

    def inverse(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, bias = self.factors(a, None)
        b = (b - bias) * (-log_scale).exp()
        return a - self.phi(b).to(a.dtype), b


class AdditiveAffineFlow(nn.ModuleList):
    """So many blocks, one after the other; the identity until they are trained."""

    def __init__(self, c_a: int, c_b: int, config: ModelConfig) -> None:
        super().__init__(AdditiveAffine(c_a, c_b, config) for _ in range(config.blocks))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        for block in self:
            a, b = block(a, b)
        return a, b

    def inverse(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        for block in reversed(self):
            a, b = block.inverse(a, b)  # type: ignore[operator]
        return a, b

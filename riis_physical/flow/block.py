"""The flow block (1x1 convolution, actnorm, coupling) and the flow made of them (section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from riis_physical.flow.actnorm import STD_FLOOR, ActNorm
from riis_physical.flow.coupling import AffineCoupling
from riis_physical.flow.invconv import InvertibleConv1x1


class FlowBlock(nn.Module):
    """One step u^k -> u^(k+1) on (B, c_a + c_b, H, W)."""

    def __init__(  # type: ignore[no-untyped-def]
        self,
        c_a: int,
        c_b: int,
        c_condition: int = 0,
        identity: bool = True,
        std_floor: float = STD_FLOOR,
        **net,
    ) -> None:
        super().__init__()
        self.mix = InvertibleConv1x1(c_a + c_b, identity=identity)
        self.norm = ActNorm(c_a + c_b, std_floor)
        self.coupling = AffineCoupling(c_a, c_b, c_condition, **net)

    def forward(
        self, u: Tensor, level: Tensor | None = None, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        u, d_mix = self.mix(u)
        u, d_norm = self.norm(u)
        u, d_coupling = self.coupling(u, level, condition)
        return u, d_mix + d_norm + d_coupling

    def inverse(
        self, u: Tensor, level: Tensor | None = None, condition: Tensor | None = None
    ) -> Tensor:
        u = self.coupling.inverse(u, level, condition)
        return self.mix.inverse(self.norm.inverse(u))


class InvertibleFlow(nn.Module):
    """f_theta: [secret, host] -> [h_f, y], on squeezed channels.

    A first actnorm brings every Haar band to unit deviation; the same map
    inverted closes the flow, so that an untrained flow leaves the host as it is
    and its output is again in pixel units.
    """

    def __init__(self, c_secret: int, c_host: int, blocks: int, **net) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.norm = ActNorm(c_secret + c_host)
        self.blocks = nn.ModuleList(FlowBlock(c_secret, c_host, **net) for _ in range(blocks))
        self.split = (c_secret, c_host)

    def forward(
        self, secret: Tensor, host: Tensor, level: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return h_f (B, c_secret, H, W), y (B, c_host, H, W) and the log-determinant (B,)."""
        u, _ = self.norm(torch.cat([secret, host], dim=1))
        log_det = u.new_zeros(u.shape[0])
        for block in self.blocks:
            u, d = block(u, level)
            log_det = log_det + d
        h_f, y = self.norm.inverse(u).split(self.split, dim=1)
        return h_f, y, log_det

    def inverse(self, h_f: Tensor, y: Tensor, level: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the revealed secret and host bands."""
        u, _ = self.norm(torch.cat([h_f, y], dim=1))
        for block in reversed(self.blocks):
            u = block.inverse(u, level)  # type: ignore[operator]
        secret, host = self.norm.inverse(u).split(self.split, dim=1)
        return secret, host

"""Affine coupling with dense blocks and distortion-guided modulation (paper Eq. 1, Fig. 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from riis_physical.flow.dense import DenseBlock
from riis_physical.flow.dgm import Modulation


class FactorNet(nn.Module):
    """Scale and bias of one affine map, from the other half of the channels.

    The logarithm of the scale is bounded: ``clamp * tanh(s / clamp)``.

    Args:
        c_in: channels of the half that is read (and of any condition beside it).
        c_out: channels of the half that is changed.
        growth, layers, last_kernel: see :class:`DenseBlock`.
        separate: two dense blocks, as in the paper, or one with two outputs.
        clamp: bound of the logarithm of the scale.
        width: features of the condition network; 0 for no modulation.
        modulation: ``factors``, as the caption of Fig. 3 has it: alpha multiplies scale and
            bias, which are to the coupling what the residual branch is to CResMD, so that
            alpha 0 leaves the picture as it is. ``features``, as section 3.6 may also be
            read: alpha multiplies what the last convolutions read.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        growth: int,
        layers: int,
        last_kernel: int,
        separate: bool,
        clamp: float,
        width: int,
        modulation: str = "factors",
    ) -> None:
        super().__init__()
        outputs = [c_out, c_out] if separate else [2 * c_out]
        blocks = [DenseBlock(c_in, c, growth, layers, last_kernel) for c in outputs]
        self.blocks = nn.ModuleList(blocks)
        self.inside = [b.c_features for b in blocks] if modulation == "features" else []
        alphas = sum(self.inside) or 2 * c_out
        self.modulation = Modulation(width, alphas) if width else None
        self.clamp = clamp

    def forward(self, x: Tensor, level: Tensor | None) -> tuple[Tensor, Tensor]:
        told = self.modulation if level is not None else None
        weights: list[Tensor | None] = [None] * len(self.blocks)
        if told is not None and self.inside:
            weights = list(told(level).split(self.inside, dim=1))
        parts = [block(x, w) for block, w in zip(self.blocks, weights, strict=True)]
        factors = torch.cat(parts, dim=1)
        if factors.dtype in (torch.bfloat16, torch.float16):
            factors = factors.float()  # autocast is for the dense blocks, not for the flow
        if told is not None and not self.inside:
            factors = factors * told(level)
        scale, bias = factors.chunk(2, dim=1)
        return self.clamp * torch.tanh(scale / self.clamp), bias


class AffineCoupling(nn.Module):
    """Eq. 1: first A from B, then B from the new A; Eq. 4 when a condition is given.

    Args:
        c_a: channels of A (the secret's branch).
        c_b: channels of B (the host's branch).
        c_condition: channels of a condition map that only the first half reads.
        **net: the arguments of :class:`FactorNet` that are not channel counts.
    """

    def __init__(self, c_a: int, c_b: int, c_condition: int = 0, **net) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.split = (c_a, c_b)
        self.phi = FactorNet(c_b + c_condition, c_a, **net)
        self.psi = FactorNet(c_a, c_b, **net)

    def _phi(self, b: Tensor, condition: Tensor | None, level: Tensor | None):  # type: ignore[no-untyped-def]
        return self.phi(b if condition is None else torch.cat([b, condition], dim=1), level)

    def forward(
        self, u: Tensor, level: Tensor | None = None, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        a, b = u.split(self.split, dim=1)
        log_scale_a, bias_a = self._phi(b, condition, level)
        a = a * log_scale_a.exp() + bias_a
        log_scale_b, bias_b = self.psi(a, level)
        b = b * log_scale_b.exp() + bias_b
        log_det = log_scale_a.flatten(1).sum(1) + log_scale_b.flatten(1).sum(1)
        return torch.cat([a, b], dim=1), log_det

    def inverse(
        self, u: Tensor, level: Tensor | None = None, condition: Tensor | None = None
    ) -> Tensor:
        a, b = u.split(self.split, dim=1)
        log_scale_b, bias_b = self.psi(a, level)
        b = (b - bias_b) * (-log_scale_b).exp()
        log_scale_a, bias_a = self._phi(b, condition, level)
        a = (a - bias_a) * (-log_scale_a).exp()
        return torch.cat([a, b], dim=1)

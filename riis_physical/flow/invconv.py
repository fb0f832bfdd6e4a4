"""Invertible 1x1 convolution, parametrised by an LU decomposition (Glow, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class InvertibleConv1x1(nn.Module):
    """Learned mixing of channels ``W = P L (U + diag(sign * exp(log_s)))``.

    Args:
        channels: C of the (B, C, H, W) input.
        identity: start from the identity (the hiding flow then starts with the
            container equal to the host); otherwise from a random rotation.
    """

    permutation: Tensor
    sign: Tensor

    def __init__(self, channels: int, identity: bool = True) -> None:
        super().__init__()
        home = torch.empty(0).device
        with torch.device("cpu"):  # as in haar.py
            # Weights will take the place of values on meta: the identity's need no work.
            if identity or home.type == "meta":
                zero, eye = torch.zeros(channels, channels), torch.eye(channels)
                factors = (zero, zero.clone(), torch.zeros(channels), eye, torch.ones(channels))
            else:
                turn = torch.linalg.qr(torch.randn(channels, channels, dtype=torch.float64))[0]
                p, lower, upper = torch.linalg.lu(turn)
                diagonal = upper.diagonal()
                factors = (lower.tril(-1), upper.triu(1), diagonal.abs().log(), p, diagonal.sign())
        lower, upper, log_s, permutation, sign = (part.float().to(home) for part in factors)
        self.lower = nn.Parameter(lower)
        self.upper = nn.Parameter(upper)
        self.log_s = nn.Parameter(log_s)
        self.register_buffer("permutation", permutation)
        self.register_buffer("sign", sign)
        self._known: tuple[object, Tensor] | None = None

    def _factors(self) -> tuple[Tensor, Tensor]:
        eye = torch.eye(len(self.log_s), dtype=self.lower.dtype, device=self.lower.device)
        lower = self.lower.tril(-1) + eye
        upper = self.upper.triu(1) + torch.diag(self.sign * self.log_s.exp())
        return lower, upper

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        lower, upper = self._factors()
        weight = (self.permutation @ lower @ upper).to(x.dtype)
        log_det = self.log_s.sum() * x.shape[2] * x.shape[3]
        return F.conv2d(x, weight[:, :, None, None]), log_det.expand(x.shape[0])

    def inverse(self, y: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            weight = self._inverse_weight()
        else:
            # Revealing asks for it again and again while the parameters stay.
            state = tuple((p.data_ptr(), p._version, p.device) for p in self.parameters())
            if self._known is None or self._known[0] != state:
                self._known = (state, self._inverse_weight())
            weight = self._known[1]
        return F.conv2d(y, weight.to(y.dtype)[:, :, None, None])

    def _inverse_weight(self) -> Tensor:
        lower, upper = self._factors()
        half = torch.linalg.solve_triangular(
            lower, self.permutation.T, upper=False, unitriangular=True
        )
        return torch.linalg.solve_triangular(upper, half, upper=True)

"""Haar squeeze: trade space for channels with an orthonormal wavelet."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _haar_matrix(levels: int) -> Tensor:
    """Orthonormal (r*r, r*r) matrix of the repeated 2x2 Haar transform, r = 2**levels.

    Row k is the k-th analysis kernel over an r x r patch in row-major order; row
    0 is the mean times r. Every band is squeezed again at the next level.
    """
    side = 2**levels
    with torch.device("cpu"):  # on meta the sums would load torch's compiler, which takes seconds
        bands = torch.eye(side * side, dtype=torch.float64).reshape(side * side, 1, side, side)
        for _ in range(levels):
            a, b = bands[:, :, 0::2, 0::2], bands[:, :, 0::2, 1::2]
            c, d = bands[:, :, 1::2, 0::2], bands[:, :, 1::2, 1::2]
            bands = torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], 1) / 2
    return bands.flatten(1).T.contiguous()


class HaarSqueeze(nn.Module):
    """Map (B, C, H, W) to (B, C * 4**levels, H / 2**levels, W / 2**levels) and back.

    Orthonormal, so the log-determinant is zero (the Haar transform of HiNet and
    IRN, which the paper's blocks build on; section 3.2).

    Raises:
        ValueError: H or W is no multiple of 2**levels.
    """

    matrix: Tensor

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.side = 2**levels
        self.register_buffer("matrix", _haar_matrix(levels).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        if h % self.side or w % self.side:
            raise ValueError(
                f"got a picture of {h} x {w} pixels, expected multiples of {self.side}: "
                "resize or pad it first"
            )
        patches = F.pixel_unshuffle(x, self.side).reshape(b, c, self.side**2, -1)
        out = torch.matmul(self.matrix.to(x.dtype), patches)
        return out.reshape(b, c * self.side**2, h // self.side, w // self.side)

    def inverse(self, y: Tensor) -> Tensor:
        b, c, h, w = y.shape
        bands = y.reshape(b, c // self.side**2, self.side**2, h * w)
        patches = torch.matmul(self.matrix.T.to(y.dtype), bands)
        return F.pixel_shuffle(patches.reshape(b, c, h, w), self.side)

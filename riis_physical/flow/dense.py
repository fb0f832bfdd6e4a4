"""Dense block: the small network behind every scale and bias (paper section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DenseBlock(nn.Module):
    """Densely connected 3x3 convolutions with leaky ReLU; the last one starts at zero.

    Args:
        c_in: channels in.
        c_out: channels out.
        growth: channels that each inner convolution adds.
        layers: number of convolutions, the last one included.
        last_kernel: kernel size of the last convolution, 1 or 3.
    """

    def __init__(self, c_in: int, c_out: int, growth: int, layers: int, last_kernel: int) -> None:
        super().__init__()
        self.inner = nn.ModuleList(
            nn.Conv2d(c_in + i * growth, growth, 3, padding=1) for i in range(layers - 1)
        )
        c_last = c_in + (layers - 1) * growth
        self.last = nn.Conv2d(c_last, c_out, last_kernel, padding=last_kernel // 2)
        self.activation = nn.LeakyReLU(0.2)
        for conv in self.inner:
            nn.init.kaiming_normal_(conv.weight, a=0.2)
            nn.init.zeros_(conv.bias)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        features = x
        for conv in self.inner:
            features = torch.cat([features, self.activation(conv(features))], dim=1)
        return self.last(features)

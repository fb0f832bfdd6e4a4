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
            _convolution(c_in + i * growth, growth, 3) for i in range(layers - 1)
        )
        c_last = c_in + (layers - 1) * growth
        self.last = zero_convolution(c_last, c_out, last_kernel)
        self.activation = nn.LeakyReLU(0.2)

    @property
    def c_features(self) -> int:
        """Channels that the last convolution reads."""
        return self.last.in_channels

    def forward(self, x: Tensor, weights: Tensor | None = None) -> Tensor:
        """Run the block; `weights` (B, c_features, 1, 1) multiply what the last one reads."""
        features = x
        for conv in self.inner:
            features = torch.cat([features, self.activation(conv(features))], dim=1)
        return self.last(features if weights is None else features * weights)


def _convolution(c_in: int, c_out: int, kernel: int) -> nn.Conv2d:
    conv = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(conv.weight, a=0.2)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def zero_convolution(c_in: int, c_out: int, kernel: int) -> nn.Conv2d:
    """A convolution that gives zeros until it is trained."""
    conv = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2)
    with torch.no_grad():
        for parameter in conv.parameters():
            parameter.zero_()
    return conv

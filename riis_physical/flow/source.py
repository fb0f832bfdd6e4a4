"""Where revealing takes h_f from, other than CANP (the paper's table 2).

Each answers like :class:`riis_physical.flow.canp.NoiseProjection`: ``forward(h_f, container)``
gives what the distribution loss holds near N(0, I), and a log-determinant (B,);
``inverse(z, container)`` gives h_f.
"""

from __future__ import annotations

from torch import Tensor, nn

from riis_physical.flow.dense import zero_convolution


class GaussianSource(nn.Module):
    """h_f is z itself, drawn from N(0, I) whatever the container is, as in IRN."""

    def forward(self, h_f: Tensor, container: Tensor) -> tuple[Tensor, Tensor]:
        """h_f as it is."""
        return h_f, h_f.new_zeros(len(h_f))

    def inverse(self, z: Tensor, container: Tensor) -> Tensor:
        """z as it is."""
        return z


class CopySource(nn.Module):
    """h_f is the container's bands, repeated where there are several secrets; z plays no part.

    Args:
        c: channels of h_f.
        c_container: channels of the container's bands.
    """

    def __init__(self, c: int, c_container: int) -> None:
        super().__init__()
        self.c = c
        self.times = -(-c // c_container)

    def made(self, container: Tensor) -> Tensor:
        """h_f (B, c, H, W) of a container's bands (B, c_container, H, W)."""
        return container.repeat(1, self.times, 1, 1)[:, : self.c]

    def forward(self, h_f: Tensor, container: Tensor) -> tuple[Tensor, Tensor]:
        """How far h_f is from what revealing will take for it."""
        return h_f - self.made(container), h_f.new_zeros(len(h_f))

    def inverse(self, z: Tensor, container: Tensor) -> Tensor:
        """What the container gives."""
        return self.made(container).to(z.dtype)


class ResidualSource(CopySource):
    """h_f is a residual block's answer to the container's bands.

    Args:
        features: channels between its two convolutions.
    """

    def __init__(self, c: int, c_container: int, features: int) -> None:
        super().__init__(c, c_container)
        self.body = nn.Sequential(
            nn.Conv2d(c, features, 3, padding=1), nn.ReLU(), zero_convolution(features, c, 3)
        )

    def made(self, container: Tensor) -> Tensor:
        """As of a copy, and what the block adds."""
        copied = super().made(container)
        return copied + self.body(copied).to(copied.dtype)

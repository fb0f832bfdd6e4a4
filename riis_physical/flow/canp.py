"""Content-aware noise projection: h_f <-> Gaussian z, given the container (section 3.3)."""

from __future__ import annotations

from torch import Tensor, nn

from riis_physical.flow.block import FlowBlock

STD_FLOOR = 1.0
"""h_f carries almost nothing in some channels: leave those as small as they are."""


class NoiseProjection(nn.Module):
    """Conditional flow between h_f (B, c, H, W) and z of the same shape (Eq. 4, Fig. 4).

    The feature extractor G reads the container's bands (B, c_container, H, W);
    only the first half of each coupling sees them, and the rotation at the start
    of every block lets them reach both halves.
    """

    def __init__(  # type: ignore[no-untyped-def]
        self, c: int, c_container: int, blocks: int, features: int, **net
    ) -> None:
        super().__init__()
        self.extractor = nn.Sequential(
            nn.Conv2d(c_container, features, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(features, features, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        c_a = c // 2
        self.blocks = nn.ModuleList(
            FlowBlock(c_a, c - c_a, features, identity=False, std_floor=STD_FLOOR, **net)
            for _ in range(blocks)
        )

    def forward(self, h_f: Tensor, container: Tensor) -> tuple[Tensor, Tensor]:
        """Project h_f to z; also the log-determinant (B,)."""
        condition = self.extractor(container).to(h_f.dtype)
        log_det = h_f.new_zeros(h_f.shape[0])
        for block in self.blocks:
            h_f, d = block(h_f, None, condition)
            log_det = log_det + d
        return h_f, log_det

    def inverse(self, z: Tensor, container: Tensor) -> Tensor:
        """Turn a sample z into an estimate of h_f for this container."""
        condition = self.extractor(container).to(z.dtype)
        for block in reversed(self.blocks):
            z = block.inverse(z, None, condition)  # type: ignore[operator]
        return z

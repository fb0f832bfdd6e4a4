"""The distortion level as the pixels show it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAPLACIAN = ((1.0, 2.0, 1.0), (2.0, -12.0, 2.0), (1.0, 2.0, 1.0))
_GAIN = 8.0 / 12.0


class ConditionEstimator(nn.Module):
    """Estimate three numbers of the distortion level, each in [0, 1], from a picture.

    Blur, noise and compression of a rectified photo (:mod:`riis_physical.model.condition`) for
    module grids; noise, Poisson noise and compression of a file
    (:mod:`riis_physical.distortion.level`) for pictures. Strided convolutions, then mean and
    deviation over the picture.

    Args:
        channels: C of the picture.
        fine: look at a Laplacian of the picture in place of the picture: noise of a few grey
            levels is then not drowned by what the picture shows.
    """

    kernel: Tensor

    def __init__(self, channels: int = 3, fine: bool = False) -> None:
        super().__init__()
        widths = [channels, 16, 24, 32]
        layers: list[nn.Module] = []
        for c_in, c_out in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(c_in, c_out, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * widths[-1], 3)
        self.fine = fine
        kernel = torch.tensor(LAPLACIAN, device="cpu") * _GAIN if fine else None
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, 3) in [0, 1]."""
        shown = _detail(picture, self.kernel) if self.fine else picture - 0.5
        maps = self.body(shown).flatten(2)
        pooled = torch.cat([maps.mean(2), maps.std(2, correction=0)], dim=1)
        return torch.sigmoid(self.head(pooled))


def _detail(picture: Tensor, kernel: Tensor) -> Tensor:
    channels = picture.shape[1]
    padded = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, kernel.expand(channels, 1, 3, 3), groups=channels)

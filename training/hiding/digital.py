"""The paper's digital distortions: Gaussian noise, Poisson noise and JPEG (section 4.1)."""

from __future__ import annotations

import torch
from kornia.enhance import jpeg_codec_differentiable
from torch import Tensor

from riis_physical.artifacts import Condition
from riis_physical.model.condition import normalise_condition

SIGMA_MAX = 10 / 255
QUALITY_RANGE = (40.0, 95.0)


def distort(
    container: Tensor, strength: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """One distortion, drawn for each picture: none, Gaussian, Poisson or JPEG.

    Args:
        container: (B, 3, H, W) in [0, 1], H and W multiples of 16 where JPEG is used.
        strength: factor on the distortion, 0 for none.
        generator: CPU generator of all draws.

    Returns:
        The received container and its distortion level (B, 4).
    """
    received, levels = [], []
    for picture in container.split(1):
        kind = int(torch.randint(4, (), generator=generator))
        amount = float(torch.rand((), generator=generator)) * strength
        noise, quality = 0.0, 100.0
        if kind == 1:
            noise = SIGMA_MAX * amount
            gauss = torch.randn(picture.shape, generator=generator).to(picture)
            picture = picture + noise * gauss
        elif kind == 2:
            noise = SIGMA_MAX * strength
            gauss = torch.randn(picture.shape, generator=generator).to(picture)
            picture = picture + noise * picture.clamp_min(0).sqrt() * gauss
        elif kind == 3:
            low, high = QUALITY_RANGE
            quality = high - (high - low) * amount
            picture = jpeg_codec_differentiable(picture.clamp(0, 1), picture.new_tensor([quality]))
        received.append(picture.clamp(0, 1))
        condition = Condition(blur=0.0, noise=noise, jpeg_quality=quality, scale_px=8.0)
        levels.append(normalise_condition(condition))
    return torch.cat(received), torch.stack(levels).to(container)

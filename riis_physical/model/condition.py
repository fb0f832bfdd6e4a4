"""Distortion levels as the four numbers that the network is conditioned on.

Each number is clamped to [0, 1]:

    blur    sigma / 2            sigma in pixels of a container 512 px wide
    noise   sigma / 0.06         sRGB units of a [0, 1] range
    jpeg    (100 - quality) / 60
    scale   log2(scale_px / 8) / 3 + 0.5   photo pixels per module, shorter axis
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riis_physical.artifacts import Condition

if TYPE_CHECKING:
    import torch

BLUR_FULL_SCALE = 2.0
NOISE_FULL_SCALE = 0.06
JPEG_FULL_SCALE = 60.0
SCALE_CENTRE_PX = 8.0
SCALE_OCTAVES = 3.0


def normalise_columns(
    blur: torch.Tensor, noise: torch.Tensor, jpeg_quality: torch.Tensor, scale_px: torch.Tensor
) -> torch.Tensor:
    """Stack four (B,) tensors of physical units into the normalised (B, 4) condition."""
    import torch

    scale = torch.log2(scale_px.clamp_min(1e-3) / SCALE_CENTRE_PX) / SCALE_OCTAVES + 0.5
    columns = (
        blur / BLUR_FULL_SCALE,
        noise / NOISE_FULL_SCALE,
        (100.0 - jpeg_quality) / JPEG_FULL_SCALE,
        scale,
    )
    return torch.stack(columns, dim=1).clamp(0.0, 1.0)


def normalise_condition(condition: Condition) -> torch.Tensor:
    """The normalised (4,) float32 tensor of one condition."""
    import torch

    values = (condition.blur, condition.noise, condition.jpeg_quality, condition.scale_px)
    return normalise_columns(*(torch.tensor([v], dtype=torch.float32) for v in values))[0]


def denormalise_condition(values: torch.Tensor) -> Condition:
    """The condition that a normalised (4,) tensor stands for (within the clamped range)."""
    blur, noise, jpeg, scale = (float(v) for v in values)
    return Condition(
        blur=blur * BLUR_FULL_SCALE,
        noise=noise * NOISE_FULL_SCALE,
        jpeg_quality=100.0 - jpeg * JPEG_FULL_SCALE,
        scale_px=SCALE_CENTRE_PX * 2.0 ** ((scale - 0.5) * SCALE_OCTAVES),
    )

"""Distortion levels as the four numbers that the network is conditioned on.

Each number is clamped to [0, 1]:

    blur    sigma / 2            sigma in pixels of a container 512 px wide
    noise   sigma / 0.06         sRGB units of a [0, 1] range
    jpeg    (100 - quality) / 60
    scale   log2(scale_px / 8) / 3 + 0.5   photo pixels per module, shorter axis
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import Condition

if TYPE_CHECKING:
    import torch

BLUR_FULL_SCALE = 2.0
NOISE_FULL_SCALE = 0.06
JPEG_FULL_SCALE = 60.0
SCALE_CENTRE_PX = 8.0
SCALE_OCTAVES = 3.0

CLEAN = Condition(blur=0.3, noise=0.0, jpeg_quality=100.0, scale_px=16.0)
"""Distortion level of a container that was never printed or photographed."""


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


def normalised(condition: Condition) -> NDArray[np.float32]:
    """The normalised (4,) of one condition."""
    scale = np.log2(max(condition.scale_px, 1e-3) / SCALE_CENTRE_PX) / SCALE_OCTAVES + 0.5
    values = (
        condition.blur / BLUR_FULL_SCALE,
        condition.noise / NOISE_FULL_SCALE,
        (100.0 - condition.jpeg_quality) / JPEG_FULL_SCALE,
        scale,
    )
    return np.clip(np.array(values, np.float32), 0, 1)


def normalise_condition(condition: Condition) -> torch.Tensor:
    """The same as a tensor."""
    import torch

    return torch.from_numpy(normalised(condition))


def denormalise_condition(values: torch.Tensor | NDArray[Any] | Sequence[float]) -> Condition:
    """The condition that normalised (4,) values stand for (within the clamped range)."""
    blur, noise, jpeg, scale = (float(v) for v in values)
    return Condition(
        blur=blur * BLUR_FULL_SCALE,
        noise=noise * NOISE_FULL_SCALE,
        jpeg_quality=100.0 - jpeg * JPEG_FULL_SCALE,
        scale_px=SCALE_CENTRE_PX * 2.0 ** ((scale - 0.5) * SCALE_OCTAVES),
    )


def estimated_condition(
    values: NDArray[np.float32], jpeg_quality: float | None, scale_px: float
) -> Condition:
    """The condition of a capture.

    Args:
        values: (3,) blur, noise and compression in [0, 1] as the estimator sees them.
        jpeg_quality: from the photo file's tables, None where unknown. The worse of it and
            the estimate counts, because a photo may have been compressed before.
        scale_px: photo pixels per module along the shorter axis.
    """
    seen = denormalise_condition([*values.tolist(), 0.5])
    quality = seen.jpeg_quality if jpeg_quality is None else min(seen.jpeg_quality, jpeg_quality)
    return Condition(blur=seen.blur, noise=seen.noise, jpeg_quality=quality, scale_px=scale_px)

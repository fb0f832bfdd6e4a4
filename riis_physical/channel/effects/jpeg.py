"""JPEG as a differentiable function, close to the real codec.

Like libjpeg: YCbCr, 4:2:0 chroma, 8 x 8 DCT, the standard tables scaled by
quality, coefficients really rounded, 8-bit output. Gradients pass the rounding
straight through, but weakly where a coefficient was rounded to zero, for a real
codec passes nothing there. kornia's codec rounds by a polynomial and has no
such gradient; as one 64 x 64 product per block this is some three times faster.
The tests compare its results with kornia's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from riis_physical.channel.constants import constant
from riis_physical.channel.effects.sensor import to_rgb, to_ycc

# ITU-T T.81, annex K.
LUMA_TABLE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA_TABLE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
) + (99,) * 32  # fmt: skip
ZERO_GRADIENT_FLOOR = 0.15


@lru_cache(maxsize=8)
def _dct_matrix(device: torch.device) -> Tensor:
    """Orthonormal 2-D DCT of flattened 8 x 8 blocks, (64, 64)."""
    with torch.inference_mode(False):  # as in constants.py
        index = torch.arange(8, dtype=torch.float64)
        basis = torch.cos((2 * index[None] + 1) * index[:, None] * math.pi / 16) * 0.5
        basis[0] = math.sqrt(1 / 8)
        return torch.kron(basis, basis).float().to(device)


def quality_scale(quality: Tensor) -> Tensor:
    """libjpeg's table factor for quality (B,), in parts of one."""
    return torch.where(quality < 50, 50.0 / quality, 2.0 - quality / 50.0)


def quantisation_table(base: tuple[int, ...], quality: Tensor, softening: Tensor) -> Tensor:
    """Tables (B, 64); `softening` (B,) multiplies them before they are rounded, at least 1."""
    table = constant(base, quality.device)
    steps = table[None] * (quality_scale(quality) * softening)[:, None]
    return torch.floor(steps + 0.5).clamp(1, 255)


def round_through(value: Tensor) -> Tensor:
    """Round; the gradient is 1, falling to a floor where the result is zero."""
    rounded = value.detach().round()
    slope = (4 * value.detach() ** 2).clamp(ZERO_GRADIENT_FLOOR, 1.0)
    slope = torch.where(rounded == 0, slope, torch.ones_like(slope))
    return rounded + slope * (value - value.detach())


Rounding = Callable[[Tensor], Tensor]


def _code_plane(plane: Tensor, table: Tensor, rounding: Rounding) -> Tensor:
    """Quantise (B, H, W) in units of 1/255, sides multiples of 8."""
    batch, height, width = plane.shape
    matrix = _dct_matrix(plane.device)
    blocks = plane.reshape(batch, height // 8, 8, width // 8, 8).transpose(2, 3)
    coefficients = blocks.reshape(batch, -1, 64) @ matrix.T
    steps = table[:, None]
    coded = rounding(coefficients / steps) * steps
    blocks = (coded @ matrix).reshape(batch, height // 8, width // 8, 8, 8)
    return blocks.transpose(2, 3).reshape(batch, height, width)


def jpeg(
    image: Tensor,
    quality: Tensor,
    softening: Tensor | None = None,
    rounding: Rounding = round_through,
) -> Tensor:
    """Compress and decompress sRGB (B, 3, H, W), or grey (B, 1, H, W), in [0, 1].

    Args:
        quality: (B,) 1 to 100.
        softening: (B,) factor on the tables, for a photo simulated at a smaller
            scale than its own; default 1.
        rounding: of the coefficients in steps of the tables.
    """
    channels, height, width = image.shape[1:]
    if softening is None:
        softening = torch.ones_like(quality)
    side = 16 if channels == 3 else 8
    down, right = -height % side, -width % side
    if down or right:
        image = functional.pad(image, (0, right, 0, down), mode="replicate")
    image = image.float().clamp(0, 1)
    table = quantisation_table(LUMA_TABLE, quality, softening)
    if channels == 1:
        coded = (_code_plane(image[:, 0] * 255 - 128, table, rounding) + 128)[:, None]
    else:
        coded = _code_colours(image, table, quality, softening, rounding)
    coded = coded.clamp(0, 255)
    coded = coded + (coded.detach().round() - coded.detach())
    return coded[..., :height, :width] / 255


def _code_colours(
    image: Tensor, luma_table: Tensor, quality: Tensor, softening: Tensor, rounding: Rounding
) -> Tensor:
    ycc = to_ycc(image) * 255
    small = functional.avg_pool2d(ycc[:, 1:], 2)
    chroma_table = quantisation_table(CHROMA_TABLE, quality, softening)
    luma = _code_plane(ycc[:, 0] - 128, luma_table, rounding) + 128
    chroma = _code_plane(small.flatten(0, 1), chroma_table.repeat_interleave(2, dim=0), rounding)
    chroma = chroma.reshape(small.shape)
    chroma = functional.interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False)
    return to_rgb(torch.cat([luma[:, None], chroma], dim=1))

"""Colour response of print and screen, and of the phone's processing."""

from __future__ import annotations

import torch
from kornia.color import linear_rgb_to_rgb, rgb_to_linear_rgb
from torch import Tensor

from riis_physical.channel.constants import constant
from riis_physical.channel.params import ChannelParams

LUMA = ((0.299, 0.587, 0.114),)


def per_item(value: Tensor) -> Tensor:
    """(B,) as (B, 1, 1, 1)."""
    return value[:, None, None, None]


def mix_with(image: Tensor, matrix: Tensor) -> Tensor:
    """Multiply the channels (B, C, H, W) by a matrix (K, C), or (B, K, C) by item.

    One matrix product; its gradient is one too, unlike that of channel slices.
    """
    mixed = matrix.to(image.dtype) @ image.flatten(2)
    return mixed.reshape(image.shape[0], -1, *image.shape[2:])


def tone_curve(image: Tensor, tone: Tensor, contrast: Tensor) -> Tensor:
    """x + t x (1 - x) + c x (1 - x) (2 x - 1); keeps 0 and 1; t, c (B,)."""
    middle = image * (1 - image)
    return image + middle * (per_item(tone) + per_item(contrast) * (2 * image - 1))


def saturate(image: Tensor, saturation: Tensor, gamut: Tensor | None = None) -> Tensor:
    """Scale colour about luma by (B,) and compress strong colours by c / (1 + g |c|)."""
    grey = mix_with(image, constant(LUMA, image.device))
    colour = (image - grey) * per_item(saturation)
    if gamut is not None:
        size = colour.abs().amax(dim=1, keepdim=True)
        colour = colour / (1 + per_item(gamut) * size)
    return grey + colour


def mix_channels(image: Tensor, deviation: Tensor) -> Tensor:
    """Colour crosstalk: apply the matrix identity + deviation (B, 3, 3), grey kept grey."""
    deviation = deviation - deviation.mean(dim=2, keepdim=True)
    return mix_with(image, torch.eye(3, device=image.device) + deviation)


def lift_black(image: Tensor, white: Tensor, black: Tensor) -> Tensor:
    """Paper or panel white and the lifted black, sRGB (B,) each."""
    return per_item(black) + image * per_item(white - black)


def medium_response(image: Tensor, params: ChannelParams) -> Tensor:
    """What ink on paper or a lit panel makes of sRGB values (B, 3, H, W)."""
    image = mix_channels(image, params.crosstalk_matrix)
    image = saturate(image, params.media_saturation, params.gamut).clamp(0, 1)
    image = tone_curve(image, params.tone - params.dot_gain, params.contrast)
    return lift_black(image, params.paper_white, params.ink_black)


def to_linear(image: Tensor) -> Tensor:
    """sRGB to linear light, clamped to [0, 1]."""
    return rgb_to_linear_rgb(image.clamp(0, 1))


def to_srgb(image: Tensor) -> Tensor:
    """Linear light to sRGB, clamped to [0, 1]."""
    return linear_rgb_to_rgb(image.clamp(0, 1))


def highlight_shoulder(image: Tensor, width: Tensor) -> Tensor:
    """Roll highlights off exponentially over the last `width` (B,) below 1.

    Below 1 - width nothing changes; with width 0 only what is above 1 does.
    """
    width = per_item(width)
    soft = width.clamp_min(1e-3)
    over = (image - (1 - width)).clamp_min(0)
    return image - over - soft * torch.expm1(over / -soft)

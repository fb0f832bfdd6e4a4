"""Something in front of the container: a finger, a sticker, a leaf."""

from __future__ import annotations

import torch
from torch import Tensor

from riis_physical.channel.effects.tone import per_item
from riis_physical.channel.params import ChannelParams


def occlusion_mask(params: ChannelParams, uv: Tensor) -> Tensor:
    """Coverage (B, 1, H, W) of an ellipse with area `occlusion`, centred in the container."""
    area = params.occlusion.clamp_min(0)
    stretch = params.occlusion_shape
    radius_x = (area / torch.pi).sqrt() * stretch.sqrt()
    radius_y = (area / torch.pi).sqrt() / stretch.sqrt()
    radius = torch.stack([radius_x, radius_y], dim=1).clamp_min(1e-4)
    offset = (uv - params.occlusion_xy[:, None, None]) / radius[:, None, None]
    inside = torch.sigmoid((1 - offset.norm(dim=-1)) * 30)[:, None]
    return torch.where(per_item(area) > 1e-5, inside, torch.zeros_like(inside))


def occlude(image: Tensor, params: ChannelParams, uv: Tensor) -> Tensor:
    """Cover part of (B, 3, H, W) by a flat colour with a soft edge."""
    mask = occlusion_mask(params, uv)
    return image + mask * (params.occlusion_colour[:, :, None, None] - image)

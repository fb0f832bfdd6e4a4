"""Illumination in linear light, as functions of the place on the container.

`uv` is (B, H, W, 2) in container units, so a patch of a container sees its own
part of the gradient, shadow or glare.
"""

from __future__ import annotations

import torch
from kornia.color import xyz_to_rgb
from torch import Tensor

from riis_physical.channel.effects.tone import per_item
from riis_physical.channel.params import ChannelParams


def _plane(value: Tensor) -> Tensor:
    return value[:, None, None]


def light_field(params: ChannelParams, uv: Tensor) -> Tensor:
    """Relative light (B, 1, H, W): gradient about 1, vignette and shadow below 1.

    Gradient and vignette level off smoothly outside the container.
    """
    x, y = uv[..., 0] - 0.5, uv[..., 1] - 0.5
    angle = params.gradient_angle
    across = x * _plane(torch.cos(angle)) + y * _plane(torch.sin(angle))
    field = 1 + _plane(params.gradient) * torch.tanh(across)
    outward = 2 * (x * x + y * y)
    field = field * (1 - _plane(params.vignette) * outward / (1 + 0.2 * outward))
    angle = params.shadow_angle
    beyond = x * _plane(torch.cos(angle)) + y * _plane(torch.sin(angle)) - _plane(params.shadow_pos)
    field = field * (1 - _plane(params.shadow) * torch.sigmoid(beyond / _plane(params.shadow_soft)))
    return field[:, None]


def glare_field(params: ChannelParams, uv: Tensor) -> Tensor:
    """Reflected light (B, 1, H, W) that is added, linear."""
    offset = (uv - params.glare_xy[:, None, None]) / params.glare_radius[:, None, None, None]
    return (_plane(params.glare) * torch.exp(-0.5 * (offset**2).sum(-1)))[:, None]


def planckian_rgb(temperature_k: Tensor) -> Tensor:
    """Linear RGB (B, 3) of a black body, green 1 (fit of Krystek's uv to sRGB primaries)."""
    t = temperature_k.double()
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t**2) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t**2
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t**2) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t**2
    )
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    xyz = torch.stack([x / y, torch.ones_like(x), (1 - x - y) / y], dim=1)
    rgb = xyz_to_rgb(xyz[:, :, None, None])[..., 0, 0].clamp_min(0.02)
    return (rgb / rgb[:, 1:2]).float()


def white_gains(params: ChannelParams) -> Tensor:
    """Gains (B, 3, 1, 1) of exposure, colour cast left by white balance, and tint."""
    reference = torch.full_like(params.temperature_k, 6500.0)
    cast = planckian_rgb(params.temperature_k) / planckian_rgb(reference)
    gains = cast ** params.awb_error[:, None]
    tint = torch.stack([-0.5 * params.tint, params.tint, -0.5 * params.tint], dim=1)
    gains = gains * (1 + tint)
    weights = torch.tensor([0.2126, 0.7152, 0.0722], device=gains.device)
    gains = gains / (gains * weights).sum(dim=1, keepdim=True)
    return (gains * params.gain[:, None])[:, :, None, None]


def screen_pattern(params: ChannelParams, uv: Tensor, pixels: Tensor) -> Tensor:
    """Relative light (B, 3, H, W) of a screen's pixel grid and its moire.

    Both are sinusoids: the fine one at a fraction of the photo's sampling rate,
    the coarse one, its beat, bent slightly as by lens distortion.

    Args:
        uv: (B, H, W, 2) container units.
        pixels: (1 or B, H, W, 2) photo pixels.
    """
    turn = 2 * torch.pi
    x, y = uv[..., 0], uv[..., 1]
    bent = (x - 0.5) ** 2 + (y - 0.5) ** 2
    cycles = params.moire_cycles
    beat = turn * (
        _plane(cycles[:, 0]) * (x + 0.3 * bent) + _plane(cycles[:, 1]) * (y + 0.3 * bent)
    )
    fine = turn * (pixels * params.grid_cycles[:, None, None]).sum(-1)
    coarse = torch.sin(beat[:, None] + params.moire_phase[:, :, None, None])
    grid = torch.sin(fine[:, None] + params.grid_phase[:, :, None, None])
    return 1 + per_item(params.moire) * coarse + per_item(params.screen_grid) * grid

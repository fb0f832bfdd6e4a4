"""Parameters of the channel drawn from ranges, by an explicit CPU generator.

At strength 0 every parameter is its identity.
"""

from __future__ import annotations

import math
from dataclasses import fields

import torch
from torch import Tensor

from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges, resolve_ranges
from riis_physical.errors import ConfigError

CORNER_ERROR_CUT = 0.01 / 0.0035  # the cut radius in sigmas: 1 % for `normal`


def _media(medium: str, draw: Tensor) -> Tensor:
    if medium == "print":
        return torch.zeros_like(draw)
    if medium == "screen":
        return torch.ones_like(draw)
    if medium == "mixed":
        return (draw < 0.5).float()
    raise ConfigError(f"unknown medium {medium!r}; choose print, screen or mixed")


def sample_params(
    preset: str | ChannelRanges,
    batch: int,
    generator: torch.Generator,
    medium: str = "print",
    strength: float = 1.0,
    *,
    module_px: float | None = None,
    modules_total: int = 37,
    modules_patch: int | None = None,
) -> ChannelParams:
    """Draw the parameters of a batch.

    The same generator state gives the same draws at every strength, scaled
    towards (or, above 1, away from) the identity.

    Args:
        preset: `easy`, `normal`, `hard`, or ranges of one's own.
        batch: number of items.
        generator: CPU generator; the only source of randomness.
        medium: `print`, `screen`, or `mixed` (half of each).
        strength: 0 (identity) to 1.3; the preset is 1.
        module_px: pixels a module has in the picture passed in. Given, the
            width in the photo goes to that scale as the strength goes to 0;
            not given, the width does not depend on the strength.
        modules_total: modules across the container.
        modules_patch: modules across the picture passed in, default all.

    Raises:
        ConfigError: unknown preset or medium, or a strength outside [0, 1.3].
    """
    ranges = resolve_ranges(preset)
    if not 0.0 <= strength <= 1.3:
        raise ConfigError(f"channel strength {strength}; expected 0 to 1.3")
    patch = modules_total if modules_patch is None else modules_patch
    if not 1 <= patch <= modules_total:
        raise ConfigError(f"modules_patch {patch}; expected 1 to modules_total {modules_total}")

    def uniform(*shape: int) -> Tensor:
        return torch.rand(batch, *shape, generator=generator)

    def normal(*shape: int) -> Tensor:
        return torch.randn(batch, *shape, generator=generator)

    is_screen = _media(medium, uniform())
    values: dict[str, Tensor] = {}
    for item in fields(ranges):
        low, high = getattr(ranges, item.name)
        meta, draw = item.metadata, uniform()
        if meta["log"]:
            value = torch.exp(math.log(low) + draw * (math.log(high) - math.log(low)))
        else:
            value = low + draw * (high - low)
        identity = float(meta["identity"])
        if item.name == "container_width_px":
            if module_px is not None:
                native = module_px * modules_total
                value = native * (value / native) ** strength
        elif item.name == "distance":
            value = value / min(max(strength, 1e-3), 1.0)
        elif item.name == "temperature_k":
            # Scaled in mired, the unit in which casts are about equally strong.
            mired = 1e6 / identity + strength * (1e6 / value - 1e6 / identity)
            value = 1e6 / mired
        elif item.name != "sharpen_sigma":
            linear = identity + strength * (value - identity)
            value = value**strength if meta["log"] else linear
        if meta["medium"] == "print":
            value = torch.where(is_screen > 0, identity, value)
        elif meta["medium"] == "screen":
            value = torch.where(is_screen > 0, value, identity)
        values[item.name] = value
    values["jpeg_quality"] = values["jpeg_quality"].clamp(10, 100)
    values["second_quality"] = values["second_quality"].clamp(10, 100)
    for name in ("yaw_deg", "pitch_deg"):
        values[name] = values[name].clamp(-60, 60)
    values["paper_white"] = values["paper_white"].clamp(0.5, 1.0)
    values["blur_sigma"] = values["blur_sigma"].clamp_min(0.0)
    # Not every photo has a shadow, glare, moire or motion blur.
    for name, share in (("shadow", 0.5), ("glare", 0.35), ("moire", 0.7), ("motion", 0.6)):
        values[name] = values[name] * (uniform() < share)

    error = normal(4, 2)
    radius = error.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    error = error * (radius.clamp_max(CORNER_ERROR_CUT) / radius)
    slack = (modules_total - patch) / modules_total
    offset = uniform(2) * slack
    turn = 2 * math.pi
    mild = min(1.0, 4.0 * strength)
    second = torch.full((batch,), mild)
    at_edge = torch.stack(
        [offset[:, 0] < 1e-6 + 0.2 * slack, offset[:, 1] < 1e-6 + 0.2 * slack,
         offset[:, 0] > 0.8 * slack - 1e-6, offset[:, 1] > 0.8 * slack - 1e-6], dim=1
    ).float()  # fmt: skip
    if slack > 0:  # patches near the edge are put right at it, so that edges are seen
        offset = torch.where(at_edge[:, :2] > 0, 0.0, offset)
        offset = torch.where(at_edge[:, 2:] > 0, slack, offset)
    paper = 0.9 + 0.1 * uniform(1) + 0.02 * normal(3)
    bezel = 0.12 * uniform(1) + 0.02 * normal(3).abs()
    anything = uniform(3)
    surround = torch.where(is_screen[:, None] > 0, bezel, paper)
    surround = torch.where(uniform(1) < 0.2, anything, surround).clamp(0, 1)
    moire_angle, moire_rate = uniform() * turn, torch.exp(uniform() * 2.5 + 1.5)
    # Skin, paper, leaf: anything from dark to light and rather dull, linear light.
    fingers = (0.05 + 0.5 * uniform(1)) * (
        1 + uniform(1) * torch.tensor([0.4, 0.0, -0.35]) + 0.08 * normal(3)
    ).clamp(0, 2)
    grid_rate, grid_angle = 0.25 + 0.2 * uniform(), 0.3 * normal()

    return ChannelParams(
        modules_total=modules_total,
        modules_patch=patch,
        strength=strength,
        is_screen=is_screen,
        **values,
        patch_offset=offset,
        corner_error_xy=error * values["corner_error"][:, None, None],
        curl_axis=(uniform() < 0.5).float(),
        crosstalk_matrix=normal(3, 3) * values["crosstalk"][:, None, None],
        phase_px=(uniform(2) * 8 - 4) * mild,
        moire_cycles=torch.stack(
            [moire_rate * torch.cos(moire_angle), moire_rate * torch.sin(moire_angle)], dim=1
        ),
        moire_phase=uniform(3) * turn,
        grid_cycles=torch.stack(
            [grid_rate * torch.cos(grid_angle), grid_rate * torch.sin(grid_angle)], dim=1
        ),
        grid_phase=uniform(3) * turn,
        motion_angle=uniform() * turn,
        gradient_angle=uniform() * turn,
        shadow_angle=uniform() * turn,
        shadow_pos=(uniform() - 0.5) * 0.8,
        shadow_soft=0.01 + 0.1 * uniform() ** 2,
        glare_xy=uniform(2),
        glare_radius=0.1 + 0.3 * uniform(),
        occlusion_xy=uniform(2),
        occlusion_shape=0.4 + 1.2 * uniform(),
        occlusion_colour=fingers,
        surround_colour=surround,
        surround_sides=at_edge * mild,
        jpeg_mix=torch.full((batch,), mild),
        second_mix=second,
        noise_seed=torch.randint(0, 2**31 - 1, (batch,), generator=generator),
    )

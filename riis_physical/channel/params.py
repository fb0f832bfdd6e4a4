"""Sampled parameters of the channel: everything an effect needs, replayable.

``sample_params`` draws from an explicit CPU generator; the effects are pure
functions of the result, so the same parameters give the same pixels (the noise
has a seed per item). At strength 0 every parameter is its identity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from riis_physical.channel.ranges import ChannelRanges, resolve_ranges
from riis_physical.errors import ConfigError

CORNER_ERROR_CUT = 0.01 / 0.0035  # the cut radius in sigmas: 1 % for `normal`


@dataclass(frozen=True)
class ChannelParams:
    """Parameters of a batch; tensors are (B,) float32 unless stated.

    Those that :class:`ChannelRanges` names have its units and meaning. Angles
    named ``*_angle`` are in radians. Positions are in container units: (0, 0)
    is the container's top-left outer corner, (1, 1) its bottom-right one.

    Attributes:
        modules_total: modules across the whole container.
        modules_patch: modules across the picture that is passed in; smaller
            than modules_total where it is a patch of a container.
        strength: the strength that the parameters were drawn at.
        is_screen: 1 for a screen, 0 for a print.
        patch_offset: (B, 2) xy of the patch's corner in container units.
        corner_error_xy: (B, 4, 2) error of the found corners, in widths.
        crosstalk_matrix: (B, 3, 3) deviation of the colour matrix from identity.
        phase_px: (B, 2) where the container lies on the JPEG grid, px.
        moire_cycles: (B, 2) moire cycles per container width along x and y.
        moire_phase, grid_phase: (B, 3) radians by colour channel.
        grid_cycles: (B, 2) cycles of the screen's pixel grid per photo px.
        shadow_pos, shadow_soft: edge position and softness, container units.
        glare_xy, occlusion_xy: (B, 2) centres in container units.
        glare_radius: container units.
        occlusion_colour: (B, 3) linear light.
        surround_colour: (B, 3) sRGB.
        surround_sides: (B, 4) above 0 where the picture's left, top, right, bottom
            edge borders on the surround (paper, bezel), 0 where it goes on.
        jpeg_mix, second_mix: share of each compression's result, 0 to 1.
        noise_seed: (B,) int64.
    """

    modules_total: int
    modules_patch: int
    strength: float
    is_screen: Tensor
    container_width_px: Tensor
    aspect: Tensor
    yaw_deg: Tensor
    pitch_deg: Tensor
    roll_deg: Tensor
    distance: Tensor
    corner_error: Tensor
    curl: Tensor
    lens: Tensor
    paper_white: Tensor
    ink_black: Tensor
    tone: Tensor
    contrast: Tensor
    crosstalk: Tensor
    media_saturation: Tensor
    gamut: Tensor
    dot_gain: Tensor
    dot_blur: Tensor
    screen_grid: Tensor
    moire: Tensor
    blur_sigma: Tensor
    motion: Tensor
    gain: Tensor
    gradient: Tensor
    vignette: Tensor
    shadow: Tensor
    glare: Tensor
    temperature_k: Tensor
    awb_error: Tensor
    tint: Tensor
    shoulder: Tensor
    noise_sigma: Tensor
    luma_sigma: Tensor
    chroma_sigma: Tensor
    camera_saturation: Tensor
    sharpen: Tensor
    sharpen_sigma: Tensor
    jpeg_quality: Tensor
    second_quality: Tensor
    downscale: Tensor
    occlusion: Tensor
    patch_offset: Tensor
    corner_error_xy: Tensor
    curl_axis: Tensor
    crosstalk_matrix: Tensor
    phase_px: Tensor
    moire_cycles: Tensor
    moire_phase: Tensor
    grid_cycles: Tensor
    grid_phase: Tensor
    motion_angle: Tensor
    gradient_angle: Tensor
    shadow_angle: Tensor
    shadow_pos: Tensor
    shadow_soft: Tensor
    glare_xy: Tensor
    glare_radius: Tensor
    occlusion_xy: Tensor
    occlusion_shape: Tensor
    occlusion_colour: Tensor
    surround_colour: Tensor
    surround_sides: Tensor
    jpeg_mix: Tensor
    second_mix: Tensor
    noise_seed: Tensor

    @property
    def batch(self) -> int:
        """Number of items."""
        return int(self.is_screen.shape[0])

    @staticmethod
    def joined(parts: Sequence[ChannelParams]) -> ChannelParams:
        """Several batches of the same modules and strength as one, in their order."""
        tensors: dict[str, Any] = {
            f.name: torch.cat([getattr(part, f.name) for part in parts])
            for f in fields(ChannelParams)
            if isinstance(getattr(parts[0], f.name), Tensor)
        }
        return replace(parts[0], **tensors)

    def item(self, index: int) -> ChannelParams:
        """The parameters of one item, as a batch of one."""
        tensors = {
            f.name: getattr(self, f.name)[index : index + 1]
            for f in fields(self)
            if isinstance(getattr(self, f.name), Tensor)
        }
        return replace(self, **tensors)

    def to(self, device: torch.device | str) -> ChannelParams:
        """The same parameters on another device."""
        tensors = {
            f.name: getattr(self, f.name).to(device)
            for f in fields(self)
            if isinstance(getattr(self, f.name), Tensor)
        }
        return replace(self, **tensors)

    def override(self, **values: Any) -> ChannelParams:
        """The same parameters with some set to the given numbers for all items.

        Raises:
            ConfigError: no parameter has that name.
        """
        known = {f.name for f in fields(self)}
        changed: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(f"unknown channel parameter {name!r}; see ChannelParams")
            old = getattr(self, name)
            if isinstance(old, Tensor):
                new = torch.as_tensor(value, dtype=old.dtype, device=old.device)
                changed[name] = new.expand(old.shape).clone()
            else:
                changed[name] = value
        return replace(self, **changed)

    def describe(self) -> dict[str, Any]:
        """The first item's parameters as plain numbers and lists, for JSON."""
        out: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Tensor):
                listed = value[0].tolist()
                out[f.name] = _rounded(listed)
            else:
                out[f.name] = value
        return out


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 6) if isinstance(value, float) else value


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

"""Parameters of the channel for a batch: everything an effect needs, replayable.

The effects are pure functions of them, so the same parameters give the same pixels (the noise
has a seed per item). :mod:`riis_physical.channel.draw` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from riis_physical.errors import ConfigError


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

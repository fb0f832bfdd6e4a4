"""What a capture needs that follows from its parameters alone: a few numbers an item.

Everything here is small, so it is made where the parameters are, on the host as a rule,
and goes to a device in one copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from riis_physical.channel.effects import geometry, light
from riis_physical.channel.effects.optics import isotropic
from riis_physical.channel.packing import float_fields, packed, unpacked
from riis_physical.channel.params import ChannelParams
from riis_physical.model.condition import normalise_columns
from riis_physical.system.device import full_precision

PAD_PX = 12  # around the container, so that blur has something to run into
RIM_PX = 16  # around the container in the capture
CONTAINER_REFERENCE_PX = 512


@dataclass(frozen=True)
class CapturePlan:
    """Parameters, and what follows from them; tensors are float32.

    Attributes:
        params: of the batch.
        size: (H, W) of the containers. frame_size: (h, w) of the result.
        ratio: (B,) capture pixels per photo pixel, at most 1.
        from_capture: (B, 3, 3) capture pixels to container units.
        to_frame: (B, 3, 3) the result's pixels to capture pixels, by the corners as found.
        blur: (B, 2, 2) covariance of all blur in container pixels, xy.
        motion: (B, 2) motion line in container pixels, xy.
        gains: (B, 3) of exposure and white balance.
        first_softening: (B,) of the first compression's tables.
        condition: (B, 4) the true distortion level, see riis_physical.model.condition.
    """

    params: ChannelParams
    size: tuple[int, int]
    frame_size: tuple[int, int]
    ratio: Tensor
    from_capture: Tensor
    to_frame: Tensor
    blur: Tensor
    motion: Tensor
    gains: Tensor
    first_softening: Tensor
    condition: Tensor

    @property
    def canvas(self) -> tuple[int, int]:
        """(H, W) of the capture."""
        return canvas_of(self.size)

    def pack(self) -> Tensor:
        """All numbers as one (B, K) float32, but for the seeds of the noise."""
        return packed([*float_fields(self.params).values(), *float_fields(self).values()])

    def unpacked(self, pack: Tensor) -> CapturePlan:
        """A plan of the same sizes with the numbers of a :meth:`pack`, as views of it."""
        theirs, mine = float_fields(self.params), float_fields(self)
        shapes = [tuple(one.shape[1:]) for one in (*theirs.values(), *mine.values())]
        values = unpacked(pack, shapes)
        changed: dict[str, Any] = dict(zip(theirs, values, strict=False))
        derived: dict[str, Any] = dict(zip(mine, values[len(theirs) :], strict=True))
        return replace(self, params=replace(self.params, **changed), **derived)

    def to(self, device: torch.device | str) -> CapturePlan:
        """The same plan on another device, sent in one copy; the noise's seeds stay."""
        here = self.ratio.device
        wanted = torch.device(device)
        if here == wanted or (here.type == wanted.type and wanted.index is None):
            return self
        return self.unpacked(self.pack().to(wanted, non_blocking=True))


def canvas_of(size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) of the capture of a picture (H, W): room for its rim, in whole compressed blocks."""
    height, width = (-(-(side + 2 * RIM_PX) // 16) * 16 for side in size)
    return height, width


def plan_capture(
    params: ChannelParams, size: tuple[int, int], frame_size: tuple[int, int]
) -> CapturePlan:
    """Where everything lies and how strong it is, on the parameters' device.

    Args:
        size: (H, W) of the container, or of the patch of it.
        frame_size: (h, w) of the rectified result.
    """
    with full_precision(params.aspect.device):  # geometry needs float32
        return _planned(params, size, frame_size)


def _planned(
    params: ChannelParams, size: tuple[int, int], frame_size: tuple[int, int]
) -> CapturePlan:
    device = params.aspect.device
    span = params.modules_patch / params.modules_total
    canvas_h, canvas_w = canvas_of(size)

    # Patch units to the capture, scaled to fit it.
    pose = geometry.pose_homography(params)
    unit_corners = geometry.unit_corners(params)
    seen = geometry.project(pose, params.patch_offset[:, None] + span * unit_corners)
    low, high = seen.amin(1), seen.amax(1)
    room = torch.tensor([canvas_w - 2 * RIM_PX, canvas_h - 2 * RIM_PX], device=device)
    ratio = (room / (high - low)).amin(1).clamp_max(1.0)
    centre = torch.tensor([(canvas_w - 1) / 2, (canvas_h - 1) / 2], device=device)
    shift = centre + params.phase_px - ratio[:, None] * (low + high) / 2
    to_capture = geometry.translation(shift) @ geometry.scaling(ratio) @ pose

    # Pixels of the result to the capture, through corners that are a little wrong.
    corners = geometry.project(to_capture, unit_corners)
    full_width = (params.container_width_px * ratio)[:, None, None]
    found = geometry.homography_from_corners(corners + params.corner_error_xy * full_width)
    frame_wh = torch.tensor([frame_size[1], frame_size[0]], device=device)
    to_unit = geometry.translation(params.patch_offset + 0.5 * span / frame_wh)
    to_unit[:, 0, 0], to_unit[:, 1, 1] = span / frame_size[1], span / frame_size[0]

    blur, motion = _in_plane(params, to_capture, ratio, span, size)
    before = torch.where(params.second_mix > 0, 1 / params.downscale, 1.0)
    return CapturePlan(
        params=params,
        size=size,
        frame_size=frame_size,
        ratio=ratio,
        from_capture=torch.linalg.inv(to_capture),
        to_frame=found @ to_unit,
        blur=blur,
        motion=motion,
        gains=light.white_gains(params)[:, :, 0, 0],
        first_softening=ratio * before,
        condition=condition_of(params),
    )


def _in_plane(
    params: ChannelParams,
    to_capture: Tensor,
    ratio: Tensor,
    span: float,
    size: tuple[int, int],
) -> tuple[Tensor, Tensor]:
    """Ink spread, defocus, pixel aperture and motion, as seen in the container's plane."""
    height, width = size
    middle = params.patch_offset + 0.5 * span
    per_unit = geometry.jacobian(to_capture, middle)  # capture px per container unit
    unit = torch.tensor([span / width, span / height], device=ratio.device)
    back = torch.linalg.inv(per_unit * unit)  # picture px per capture px
    reference = params.container_width_px * ratio / CONTAINER_REFERENCE_PX
    focus = torch.einsum("bij,bjk,blk->bil", back, isotropic(params.blur_sigma * reference), back)
    # Picture pixels that fall between the capture's are averaged, not dropped.
    step = torch.linalg.matrix_norm(back, dim=(1, 2)) / 2**0.5
    aperture = isotropic(0.45 * (step**2 - 1).clamp_min(0).sqrt())
    ink = isotropic(params.dot_blur * (width / span) / CONTAINER_REFERENCE_PX)
    length = (params.motion * reference)[:, None]
    angle = torch.stack([torch.cos(params.motion_angle), torch.sin(params.motion_angle)], dim=1)
    return focus + aperture + ink, (back @ (length * angle)[..., None])[..., 0]


def condition_of(params: ChannelParams) -> Tensor:
    """The true condition (B, 4), normalised as in riis_physical.model.condition."""
    corners = geometry.project(geometry.pose_homography(params), geometry.unit_corners(params))
    across, down = geometry.edge_lengths(corners)
    scale_px = torch.minimum(across, down) / params.modules_total
    blur = (params.blur_sigma**2 + params.dot_blur**2 + params.motion**2 / 12).sqrt()
    quality = torch.where(params.second_mix > 0, params.second_quality, params.jpeg_quality)
    quality = torch.where(params.jpeg_mix > 0, quality, torch.full_like(quality, 100.0))
    return normalise_columns(blur, params.noise_sigma, quality, scale_px)

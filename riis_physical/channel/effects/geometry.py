"""Where the container lies in the photo: pose, bends, and the way back.

Container units: (0, 0) is the outer corner of the first pixel, (1, 1) that of
the last one. Photo points are at pixel centres. Homographies are (B, 3, 3).
"""

from __future__ import annotations

import torch
from kornia.geometry import (
    axis_angle_to_rotation_matrix,
    deg2rad,
    get_perspective_transform,
    transform_points,
)
from torch import Tensor
from torch.nn.functional import grid_sample

from riis_physical.channel.constants import constant
from riis_physical.channel.params import ChannelParams

NEAREST = 0.6  # least depth of any point of the container, in container widths
UNIT_CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def project(homography: Tensor, points: Tensor) -> Tensor:
    """Map points (B, ..., 2) by homographies (B, 3, 3)."""
    flat = points.reshape(points.shape[0], -1, 2)
    return transform_points(homography, flat).reshape(points.shape)


def unit_corners(params: ChannelParams) -> Tensor:
    """The container's outer corners (B, 4, 2) in container units."""
    return constant(UNIT_CORNERS, params.aspect.device).expand(params.batch, 4, 2)


def pose_homography(params: ChannelParams) -> Tensor:
    """Container units to photo pixels about (0, 0), for the sampled pose.

    Scaled so that the mean length of the container's projected top and bottom
    edge is ``container_width_px``. The camera keeps a distance at which the
    whole container is well in front of it.
    """
    yaw, pitch, roll = (deg2rad(v) for v in (params.yaw_deg, params.pitch_deg, params.roll_deg))
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, dim=1).reshape(-1, 3, 3)

    def turn(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        return axis_angle_to_rotation_matrix(torch.stack([x, y, z], dim=1))

    rotation = turn(zero, zero, roll) @ turn(pitch, zero, zero) @ turn(zero, yaw, zero)
    aspect = params.aspect
    reach = 0.5 * (torch.sin(yaw).abs() + aspect * torch.sin(pitch).abs())
    distance = torch.maximum(params.distance, reach + NEAREST)
    plane = matrix(one, zero, -0.5 * one, zero, aspect, -0.5 * aspect, zero, zero, one)
    lift = torch.stack(
        [rotation[:, :, 0], rotation[:, :, 1], torch.zeros_like(rotation[:, :, 0])], 2
    )
    lift[:, 2, 2] = distance
    focal = matrix(distance, zero, zero, zero, distance, zero, zero, zero, one)
    homography = focal @ lift @ plane
    homography = homography / homography[:, 2:, 2:]
    corners = project(homography, unit_corners(params))
    width, _ = edge_lengths(corners)
    return scaling(params.container_width_px / width) @ homography


def scaling(factor: Tensor) -> Tensor:
    """Homographies (B, 3, 3) that multiply points by a factor (B,)."""
    return torch.diag_embed(torch.stack([factor, factor, torch.ones_like(factor)], dim=1))


def translation(shift: Tensor) -> Tensor:
    """Homographies (B, 3, 3) that move points by (B, 2)."""
    out = torch.eye(3, device=shift.device).repeat(shift.shape[0], 1, 1)
    out[:, :2, 2] = shift
    return out


def edge_lengths(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Mean lengths (B,) of the horizontal and of the vertical pair of edges."""
    sides = (corners.roll(-1, dims=1) - corners).norm(dim=-1)
    return sides[:, 0::2].mean(1), sides[:, 1::2].mean(1)


def affine_at_centre(homography: Tensor) -> Tensor:
    """The affine map (B, 3, 3) that touches a homography at the container's centre.

    Unlike the homography it has no horizon, so fields that go on far beyond the
    container stay smooth.
    """
    centre = torch.full((homography.shape[0], 2), 0.5, device=homography.device)
    slope = jacobian(homography, centre)
    shift = project(homography, centre[:, None])[:, 0] - (slope @ centre[..., None])[..., 0]
    last = torch.tensor([0.0, 0.0, 1.0], device=homography.device).expand(len(centre), 1, 3)
    return torch.cat([torch.cat([slope, shift[..., None]], dim=2), last], dim=1)


def homography_from_corners(corners: Tensor) -> Tensor:
    """The homography (B, 3, 3) that takes the unit square's corners to (B, 4, 2)."""
    square = torch.tensor(UNIT_CORNERS, dtype=corners.dtype, device=corners.device)
    return get_perspective_transform(square.expand_as(corners), corners)


def bend(params: ChannelParams, uv: Tensor) -> Tensor:
    """Shift container points (B, H, W, 2) by page curl and lens distortion.

    Both are zero at the four corners, which therefore stay where the pose puts
    them; in between, straight lines become arcs. What remains after a
    rectification by the corners is exactly this displacement.
    """
    x, y = 2 * uv[..., 0] - 1, 2 * uv[..., 1] - 1
    curl, axis, lens = (v[:, None, None] for v in (params.curl, params.curl_axis, params.lens))
    pull = lens * (x * x + y * y - 2).clamp(-2, 2)
    bow_x = curl * axis * (1 - y * y).clamp_min(-2)
    bow_y = curl * (1 - axis) * (1 - x * x).clamp_min(-2)
    return uv + torch.stack([pull * x + bow_x, pull * y + bow_y], dim=-1)


def sample_at(image: Tensor, points: Tensor, mode: str = "bilinear") -> Tensor:
    """Sample (B, C, H, W) at pixel points (B or 1, h, w, 2); the edge is repeated outside.

    Pixel centres are at integers, which for torch means `align_corners`. As kornia's remap,
    which sends two constants to the device each time.
    """
    height, width = image.shape[-2:]
    per_pixel = constant((2 / max(1, width - 1), 2 / max(1, height - 1)), image.device)
    grid = (points * per_pixel - 1).expand(len(image), -1, -1, -1)
    return grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=True)


def jacobian(homography: Tensor, at: Tensor) -> Tensor:
    """Derivative (B, 2, 2) of a homography at points (B, 2)."""
    mapped = (homography @ torch.cat([at, torch.ones_like(at[:, :1])], 1)[..., None])[..., 0]
    scale = mapped[:, 2][:, None, None]
    point = mapped[:, :2] / mapped[:, 2:]
    return (homography[:, :2, :2] - point[:, :, None] * homography[:, 2:, :2]) / scale

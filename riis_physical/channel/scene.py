"""The scene before the lens: a print or a lit screen in front of a wall, in linear light."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from riis_physical.artifacts import UInt8Image
from riis_physical.channel.background import fit_background, procedural_background
from riis_physical.channel.constants import pixel_grid
from riis_physical.channel.effects import geometry, light, tone
from riis_physical.channel.effects.occlusion import occlude
from riis_physical.channel.params import ChannelParams

FIELD_STEP = 4  # smooth light is computed at this fraction of the size
BEZEL = 0.006  # linear light of a screen's rim


def outline(params: ChannelParams, margin: float) -> Tensor:
    """The sheet's corners (1, 4, 2) in container units; the margin is even on all sides."""
    border = torch.tensor([margin, margin / float(params.aspect[0])])
    return (geometry.unit_corners(params) - 0.5) * (1 + 2 * border) + 0.5


def scene(
    container: UInt8Image,
    params: ChannelParams,
    to_canvas: Tensor,
    canvas: tuple[int, int],
    background: UInt8Image | None,
    margin: float,
    seed: int,
) -> Tensor:
    """The lit scene (1, 3, H, W) in linear light, before the camera.

    What is smooth (light, a procedural wall) is computed at a fraction of the
    size; the sheet only within the box that it takes up.
    """
    back = torch.linalg.inv(to_canvas)
    coarse = (-(-canvas[0] // FIELD_STEP), -(-canvas[1] // FIELD_STEP))
    centres = pixel_grid(*coarse, to_canvas.device) * FIELD_STEP + (FIELD_STEP - 1) / 2
    coarse_uv = geometry.project(torch.linalg.inv(geometry.affine_at_centre(to_canvas)), centres)
    field = light.light_field(params, coarse_uv)
    glare = light.glare_field(params, coarse_uv)

    low, high = _box(params, to_canvas, margin, canvas)
    box = (slice(None), slice(None), slice(low[1], high[1]), slice(low[0], high[0]))
    pixels = pixel_grid(high[1] - low[1], high[0] - low[0], to_canvas.device)
    pixels = pixels + torch.tensor(low)
    uv = geometry.project(back, pixels)
    sheet, cover, active = _sheet(container, params, to_canvas, uv, margin)
    screen = bool(params.is_screen[0] > 0)
    if screen:
        # A screen gives its own light; the room is darker than it.
        own = params.override(shadow=0.0, gradient=0.3 * float(params.gradient[0]))
        pattern = light.screen_pattern(params, uv, pixels) - 1
        sheet = sheet * (1 + pattern * active)
        on_sheet = light.light_field(own, coarse_uv)
    else:
        on_sheet = field
    sheet = sheet * _enlarged(on_sheet, canvas)[box] + _enlarged(glare, canvas)[box]

    whole_cover = torch.zeros(1, 1, *canvas)
    whole_cover[box] = cover
    on_wall = field * (1 - _cast_shadow(whole_cover, params, seed))
    photo = _wall(background, canvas, on_wall, 0.25 * glare, 0.45 if screen else 1.0, seed)
    photo[box] += cover * (sheet - photo[box])
    photo[box] = occlude(photo[box], params, uv)
    return photo


def _wall(
    background: UInt8Image | None,
    canvas: tuple[int, int],
    field: Tensor,
    glare: Tensor,
    dim: float,
    seed: int,
) -> Tensor:
    """What is behind the sheet, lit, in linear light (1, 3, H, W)."""
    if background is None:
        size = ((canvas[0] + 1) // 2, (canvas[1] + 1) // 2)
        behind = procedural_background(seed, size)
    else:
        size = canvas
        behind = fit_background(background, canvas, seed)
    wall = tone.to_linear(torch.from_numpy(behind).permute(2, 0, 1).contiguous()[None])
    wall = wall * (_enlarged(field, size) * dim) + _enlarged(glare, size)
    return _enlarged(wall, canvas)


def _box(
    params: ChannelParams, to_canvas: Tensor, margin: float, canvas: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last + 1 pixel (x, y) that the bent sheet can reach."""
    seen = geometry.project(to_canvas, outline(params, margin))[0]
    sway = 0.1 * float((seen.amax(0) - seen.amin(0)).max()) + 4
    low = (seen.amin(0) - sway).floor().clamp_min(0).int().tolist()
    high = (seen.amax(0) + sway).ceil().int().tolist()
    return (low[0], low[1]), (min(high[0], canvas[1]), min(high[1], canvas[0]))


def _sheet(
    container: UInt8Image, params: ChannelParams, to_canvas: Tensor, uv: Tensor, margin: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The sheet or screen in linear light, its coverage, and the coverage of the picture itself.

    The container is first resized to its size in the photo (by area where that
    is smaller), so that the warp neither aliases nor blurs.
    """
    seen = geometry.project(to_canvas, geometry.unit_corners(params))
    sides = (seen.roll(-1, dims=1) - seen).norm(dim=-1)[0]
    wide = max(2, round(float(sides[0::2].max())))
    high = max(2, round(float(sides[1::2].max())))
    shrinks = wide < container.shape[1] or high < container.shape[0]
    mode = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    print_px = cv2.resize(container, (wide, high), interpolation=mode)
    border_x = round(margin * wide)
    border_y = round(margin * high / float(params.aspect[0]))
    picture = torch.from_numpy(print_px).permute(2, 0, 1).contiguous()[None].float() / 255
    edges = (border_x, border_x, border_y, border_y)
    screen = bool(params.is_screen[0] > 0)
    if not screen:
        picture = torch.nn.functional.pad(picture, edges, value=1.0)
    picture = tone.to_linear(tone.medium_response(picture, params))
    if screen:
        picture = torch.nn.functional.pad(picture, edges, value=BEZEL)
    inside = torch.nn.functional.pad(torch.ones(1, 1, high, wide), edges)
    whole = torch.ones(1, 1, high + 2 * border_y, wide + 2 * border_x)
    stack = torch.cat([picture, whole, inside], dim=1)
    # One transparent pixel around gives the outline a soft edge; colour goes on.
    stack = torch.nn.functional.pad(stack, (1, 1, 1, 1), mode="replicate")
    stack[:, 3:, 0], stack[:, 3:, -1] = 0, 0
    stack[:, 3:, :, 0], stack[:, 3:, :, -1] = 0, 0
    scale = torch.tensor([wide, high], dtype=torch.float32)
    start = torch.tensor([border_x + 0.5, border_y + 0.5])
    points = geometry.bend(params, uv) * scale + start
    warped = geometry.sample_at(stack, points)
    return warped[:, :3], warped[:, 3:4], warped[:, 4:5]


def _cast_shadow(cover: Tensor, params: ChannelParams, seed: int) -> Tensor:
    """Shadow (1, 1, h, w), 0 to 0.5, of the sheet on the wall, at 1 / FIELD_STEP of the size."""
    rng = np.random.default_rng((seed, 2))
    height, width = cover.shape[-2:]
    coarse = (-(-width // FIELD_STEP), -(-height // FIELD_STEP))
    small = cv2.resize(cover[0, 0].numpy(), coarse, interpolation=cv2.INTER_AREA)
    reach = float(params.container_width_px[0]) / FIELD_STEP
    soft = cv2.GaussianBlur(small, (0, 0), max(0.6, reach * rng.uniform(0.006, 0.02)))
    right = reach * rng.uniform(-0.015, 0.015)
    down = reach * rng.uniform(0.002, 0.02)
    move = np.array([[1, 0, right], [0, 1, down]], np.float32)
    moved = cv2.warpAffine(soft, move, coarse)
    depth = float(rng.uniform(0.2, 0.5))
    return torch.from_numpy(moved)[None, None] * depth


def _enlarged(field: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge (1, C, h, w) to (1, C, *size), linearly."""
    if field.shape[-2:] == size:
        return field
    array = field[0].permute(1, 2, 0).contiguous().numpy()
    large = cv2.resize(array, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(large.reshape(*size, -1)).permute(2, 0, 1).contiguous()[None]

"""What a phone would see: a whole photograph of a container, with its truth.

The effects are those of training, at full size and in the order of nature:
sheet or screen in front of a background, light, lens, sensor, phone, and the
real JPEG codec. Not differentiable.

Truth corners are the container's outer corners in the photo, points at pixel
centres: with the container's own pixel centres at integers they are the images
of (-0.5, -0.5), (W - 0.5, -0.5), (W - 0.5, H - 0.5) and (-0.5, H - 0.5).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel import geometry, light, sensor, tone
from riis_physical.channel.background import fit_background, procedural_background
from riis_physical.channel.occlusion import occlude
from riis_physical.channel.optics import isotropic, optical_blur
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.simulate import CONTAINER_REFERENCE_PX
from riis_physical.errors import ConfigError

DEFAULT_SIZE = (1200, 1600)
DEFAULT_MARGIN = 0.06
EDGE_ROOM = 0.012  # of the photo's shorter side, kept free around the sheet
BLUR_ROOM_PX = 12  # formed around the photo and cut off, for blur wraps around
FIELD_STEP = 4  # smooth light is computed at this fraction of the size
MAX_MARGIN = 0.5
BEZEL = 0.006  # linear light of a screen's rim


@dataclass(frozen=True)
class Photograph:
    """A simulated photo.

    Attributes:
        image: (H, W, 3) uint8 RGB, decoded from `jpeg`.
        corners: xy (4, 2) float32 outer corners of the container, clockwise from
            the printed top-left.
        jpeg: the file, as the phone or the messenger wrote it.
        params: what was applied; width and aspect are those of this container.
        size: (h, w).
    """

    image: UInt8Image
    corners: FloatArray
    jpeg: bytes
    params: ChannelParams
    size: tuple[int, int]


def photograph(
    container: UInt8Image,
    params: ChannelParams,
    *,
    background: UInt8Image | None = None,
    size: tuple[int, int] | None = None,
    margin: float = DEFAULT_MARGIN,
    medium: str | None = None,
    seed: int = 0,
) -> Photograph:
    """Photograph a container as a print with a white margin or on a lit screen.

    The whole sheet lies within the photo; where the sampled width does not fit,
    the container is photographed smaller and the returned params say so. With a
    second compression the photo is formed larger by ``params.downscale``, coded,
    scaled down to `size` and coded again, as messengers do.

    Args:
        container: (H, W, 3) uint8 sRGB of any size and aspect; reduced by area
            where it is larger than in the photo.
        params: a batch of one.
        background: picture behind the sheet; a procedural wall or desk if None.
        size: (h, w) of the photo; None is 1200 x 1600, turned upright for a
            container that is taller than wide.
        margin: white paper (screen: dark bezel) around the container, as a
            fraction of its width, 0 to 0.5.
        medium: `print` or `screen`; None takes it from params.
        seed: of the background and of the place in the photo.

    Raises:
        ConfigError: params are no batch of one, or margin, medium or size is out
            of range.
    """
    if params.batch != 1:
        raise ConfigError(f"photograph needs parameters of one item, got {params.batch}")
    if not 0.0 <= margin <= MAX_MARGIN:
        raise ConfigError(f"margin {margin}; expected 0 to {MAX_MARGIN} of the container's width")
    if medium is not None:
        if medium not in ("print", "screen"):
            raise ConfigError(f"unknown medium {medium!r}; choose print or screen")
        params = params.override(is_screen=float(medium == "screen"))
    height, width = container.shape[:2]
    if size is None:
        size = DEFAULT_SIZE if height <= width else (DEFAULT_SIZE[1], DEFAULT_SIZE[0])
    if min(size) < 64 or max(size) > 12000:
        raise ConfigError(f"photo size {size[1]}x{size[0]}; expected sides of 64 to 12000 px")
    params = params.override(aspect=height / width)
    twice = bool(params.second_mix[0] > 0)
    enlarge = float(params.downscale[0]) if twice else 1.0
    with torch.no_grad():
        to_photo, params = place(params, size, margin, seed)
        formed, formed_size = _form(container, params, to_photo, background, size, enlarge, margin,
                                    seed)  # fmt: skip
    quality = round(float(params.jpeg_quality[0]))
    data = encode_jpeg(formed, quality)
    if twice:
        large = decode_jpeg(data)
        if formed_size != size:
            large = cv2.resize(large, (size[1], size[0]), interpolation=cv2.INTER_AREA)
        data = encode_jpeg(large, round(float(params.second_quality[0])))
    corners = geometry.project(to_photo, geometry.unit_corners(params))[0]
    return Photograph(
        image=decode_jpeg(data),
        corners=corners.numpy().astype(np.float32),
        jpeg=data,
        params=params,
        size=size,
    )


def place(
    params: ChannelParams, size: tuple[int, int], margin: float, seed: int
) -> tuple[Tensor, ChannelParams]:
    """Homography (1, 3, 3) of container units to the photo, and params with the width that fits."""
    pose = geometry.pose_homography(params)
    outline = geometry.project(pose, _outline(params, margin))[0]
    low, high = outline.amin(0), outline.amax(0)
    frame = torch.tensor([size[1], size[0]], dtype=torch.float32)
    room = frame - 2 * EDGE_ROOM * frame.min()
    factor = float((room / (high - low)).min().clamp_max(1.0))
    free = (room - factor * (high - low)).clamp_min(0)
    draw = torch.from_numpy(np.random.default_rng((seed, 1)).uniform(0.1, 0.9, 2)).float()
    shift = EDGE_ROOM * frame.min() + draw * free - factor * low - 0.5
    scaled = params.override(container_width_px=float(params.container_width_px[0]) * factor)
    to_photo = (
        geometry.translation(shift[None]) @ geometry.scaling(torch.tensor([factor])) @ pose
    )
    return to_photo, scaled


def _outline(params: ChannelParams, margin: float) -> Tensor:
    """The sheet's corners (1, 4, 2) in container units; the margin is even on all sides."""
    border = torch.tensor([margin, margin / float(params.aspect[0])])
    return (geometry.unit_corners(params) - 0.5) * (1 + 2 * border) + 0.5


def _form(
    container: UInt8Image,
    params: ChannelParams,
    to_photo: Tensor,
    background: UInt8Image | None,
    size: tuple[int, int],
    enlarge: float,
    margin: float,
    seed: int,
) -> tuple[UInt8Image, tuple[int, int]]:
    """The developed picture before compression, enlarged, and its size."""
    formed = (round(size[0] * enlarge), round(size[1] * enlarge))
    canvas = (fast_length(formed[0] + 2 * BLUR_ROOM_PX), fast_length(formed[1] + 2 * BLUR_ROOM_PX))
    stretch = torch.tensor([formed[1] / size[1], formed[0] / size[0]])
    to_canvas = (
        geometry.translation((0.5 * stretch - 0.5 + BLUR_ROOM_PX)[None])
        @ torch.diag(torch.cat([stretch, torch.ones(1)]))[None]
        @ to_photo
    )
    photo = _scene(container, params, to_canvas, canvas, background, margin, seed)
    photo = photo * light.white_gains(params)

    reference = params.container_width_px * enlarge / CONTAINER_REFERENCE_PX
    spread = (params.blur_sigma**2 + params.dot_blur**2).sqrt() * reference
    length = (params.motion * reference)[:, None]
    angle = torch.stack([torch.cos(params.motion_angle), torch.sin(params.motion_angle)], dim=1)
    photo = optical_blur(photo, isotropic(spread), length * angle)
    photo = sensor.sensor_noise(photo, params.noise_sigma, params.noise_seed)
    photo = tone.to_srgb(tone.highlight_shoulder(photo, params.shoulder))
    photo = sensor.phone_processing(photo, params, torch.ones(1)).clamp(0, 1)
    cut = photo[0, :, BLUR_ROOM_PX : BLUR_ROOM_PX + formed[0], BLUR_ROOM_PX:][..., : formed[1]]
    developed = (cut * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    return developed, formed


def _scene(
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
    centres = geometry.pixel_grid(*coarse, to_canvas.device) * FIELD_STEP + (FIELD_STEP - 1) / 2
    coarse_uv = geometry.project(back, centres)
    field = light.light_field(params, coarse_uv)
    glare = light.glare_field(params, coarse_uv)

    low, high = _box(params, to_canvas, margin, canvas)
    box = (slice(None), slice(None), slice(low[1], high[1]), slice(low[0], high[0]))
    pixels = geometry.pixel_grid(high[1] - low[1], high[0] - low[0], to_canvas.device)
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
    outline = geometry.project(to_canvas, _outline(params, margin))[0]
    sway = 0.1 * float((outline.amax(0) - outline.amin(0)).max()) + 4
    low = (outline.amin(0) - sway).floor().clamp_min(0).int().tolist()
    high = (outline.amax(0) + sway).ceil().int().tolist()
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


def fast_length(least: int) -> int:
    """The smallest number from `least` on with no prime factor above 5, for a fast FFT."""
    number = least
    while True:
        rest = number
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return number
        number += 1


def encode_jpeg(image: UInt8Image, quality: int) -> bytes:
    """A baseline JPEG file with 4:2:0 chroma, as phones and messengers write."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality, subsampling=2)
    return stream.getvalue()


def decode_jpeg(data: bytes) -> UInt8Image:
    """The picture (H, W, 3) uint8 in a JPEG file."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.array(picture.convert("RGB"))

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
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import geometry, light, sensor, tone
from riis_physical.channel.effects.optics import isotropic, optical_blur
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.plan import CONTAINER_REFERENCE_PX
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.channel.scene import outline, scene
from riis_physical.errors import ConfigError

DEFAULT_SIZE = (1200, 1600)
DEFAULT_MARGIN = 0.06
EDGE_ROOM = 0.012  # of the photo's shorter side, kept free around the sheet
BLUR_ROOM_PX = 12  # formed around the photo and cut off, for blur wraps around
MAX_MARGIN = 0.5
MIN_SIDE, MAX_SIDE = 64, 12000  # px of a photo


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
    if min(size) < MIN_SIDE or max(size) > MAX_SIDE:
        raise ConfigError(
            f"photo size {size[1]}x{size[0]}; expected sides of {MIN_SIDE} to {MAX_SIDE} px"
        )
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
            shrunk = cv2.resize(large, (size[1], size[0]), interpolation=cv2.INTER_AREA)
            large = shrunk.astype(np.uint8)
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
    seen = geometry.project(pose, outline(params, margin))[0]
    low, high = seen.amin(0), seen.amax(0)
    frame = torch.tensor([size[1], size[0]], dtype=torch.float32)
    room = frame - 2 * EDGE_ROOM * frame.min()
    factor = float((room / (high - low)).min().clamp_max(1.0))
    free = (room - factor * (high - low)).clamp_min(0)
    draw = torch.from_numpy(np.random.default_rng((seed, 1)).uniform(0.1, 0.9, 2)).float()
    shift = EDGE_ROOM * frame.min() + draw * free - factor * low - 0.5
    scaled = params.override(container_width_px=float(params.container_width_px[0]) * factor)
    to_photo = geometry.translation(shift[None]) @ geometry.scaling(torch.tensor([factor])) @ pose
    return to_photo, scaled


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
    photo = scene(container, params, to_canvas, canvas, background, margin, seed)
    photo = photo * light.white_gains(params)

    reference = params.container_width_px * enlarge / CONTAINER_REFERENCE_PX
    spread = (params.blur_sigma**2 + params.dot_blur**2).sqrt() * reference
    length = (params.motion * reference)[:, None]
    angle = torch.stack([torch.cos(params.motion_angle), torch.sin(params.motion_angle)], dim=1)
    photo = optical_blur(photo, isotropic(spread), length * angle)
    noise = sensor.noise_like(photo, params.noise_seed)
    photo = sensor.sensor_noise(photo, params.noise_sigma, noise)
    photo = tone.to_srgb(tone.highlight_shoulder(photo, params.shoulder))
    photo = sensor.phone_processing(photo, params, torch.ones(1)).clamp(0, 1)
    cut = photo[0, :, BLUR_ROOM_PX : BLUR_ROOM_PX + formed[0], BLUR_ROOM_PX:][..., : formed[1]]
    developed = (cut * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    return developed, formed


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


def take_photo(
    container: UInt8Image,
    *,
    preset: str | ChannelRanges,
    seed: int,
    medium: str = "print",
    background: UInt8Image | None = None,
    size: tuple[int, int] | None = None,
    margin: float = DEFAULT_MARGIN,
) -> Photograph:
    """Draw the parameters of one capture and photograph a container with them.

    Args:
        container: uint8 (H, W, 3).
        preset: of the channel, or ranges.
        size: (h, w) of the photo; None for 1600 x 1200 as the container lies.
        margin: share of the container's width, 0 to 0.5.

    Returns:
        the photo with its true corners and parameters.
    """
    generator = torch.Generator().manual_seed(seed)
    return photograph(
        container,
        sample_params(preset, 1, generator, medium=medium),
        background=background,
        size=size,
        margin=margin,
        medium=medium,
        seed=seed,
    )

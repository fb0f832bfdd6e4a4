"""The training channel: a container, or a patch of one, photographed and rectified.

Order: medium response -> linear light -> all blur in one transfer function ->
perspective, curl and lens onto the capture's pixel grid -> light, shadow, glare,
white balance, exposure -> noise -> phone processing -> JPEG, and again after a
messenger's downscale -> back through the homography of corners that are a
little wrong.

To be cheap on a CPU the capture has at most the scale of the picture passed in
(plus a rim): a photo of a larger scale is simulated at this one. Blur is given
relative to the container and needs no change. What has the scale of photo pixels
is rescaled: noise and the steps of JPEG by the ratio of scales (what averaging
down leaves of them), the radii of chroma and luma blur and of sharpening too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from riis_physical.channel import geometry, light, sensor, tone
from riis_physical.channel.jpeg import jpeg
from riis_physical.channel.occlusion import occlude
from riis_physical.channel.optics import isotropic, optical_blur
from riis_physical.channel.params import ChannelParams
from riis_physical.model.condition import normalise_columns

PAD_PX = 12  # around the container, so that blur has something to run into
RIM_PX = 16  # around the container in the capture
SECOND_GRID_SHIFT = (3, 5)  # px between the two compressions' block grids
CONTAINER_REFERENCE_PX = 512


def surround(container: Tensor, params: ChannelParams, pad: int = PAD_PX) -> Tensor:
    """Pad by mirroring, or by the surround's colour where the container really ends."""
    height, width = container.shape[-2:]
    padded = torch.nn.functional.pad(container, (pad, pad, pad, pad), mode="reflect")
    outside = torch.zeros(params.batch, 1, height + 2 * pad, width + 2 * pad)
    outside = outside.to(container)
    left, top, right, bottom = (s[:, None, None, None] for s in params.surround_sides.unbind(1))
    outside[..., :, :pad] += left
    outside[..., :pad, :] += top
    outside[..., :, -pad:] += right
    outside[..., -pad:, :] += bottom
    outside = outside.clamp_max(1.0) * min(1.0, 4 * params.strength)
    return padded + outside * (params.surround_colour[:, :, None, None] - padded)


def capture_rectified(
    container: Tensor, params: ChannelParams, frame_size: tuple[int, int]
) -> Tensor:
    """Photograph containers and rectify the photos; differentiable.

    Args:
        container: (B, 3, H, W) sRGB in [0, 1]: the whole container, or the patch
            of it that ``params.modules_patch`` and ``patch_offset`` say.
        params: of the same batch.
        frame_size: (h, w) of the result.

    Returns:
        (B, 3, h, w) sRGB in [0, 1], float32.

    Raises:
        ValueError: batch sizes differ.
    """
    if container.shape[0] != params.batch:
        raise ValueError(f"{container.shape[0]} containers with parameters of {params.batch}")
    with torch.autocast(container.device.type, enabled=False):  # geometry needs float32
        return _capture(container.float(), params, frame_size)


def _capture(container: Tensor, params: ChannelParams, frame_size: tuple[int, int]) -> Tensor:
    batch, _, height, width = container.shape
    device = container.device
    params = params.to(device)
    span = params.modules_patch / params.modules_total
    canvas_h, canvas_w = (-(-(s + 2 * RIM_PX) // 16) * 16 for s in (height, width))

    # Geometry. Patch units to the capture, scaled to fit it.
    pose = geometry.pose_homography(params)
    corner_patch = params.patch_offset[:, None] + span * geometry.unit_corners(params)
    seen = geometry.project(pose, corner_patch)
    low, high = seen.amin(1), seen.amax(1)
    room = torch.tensor([canvas_w - 2 * RIM_PX, canvas_h - 2 * RIM_PX], device=device)
    ratio = (room / (high - low)).amin(1).clamp_max(1.0)  # capture px per photo px
    centre = torch.tensor([(canvas_w - 1) / 2, (canvas_h - 1) / 2], device=device)
    shift = centre + params.phase_px - ratio[:, None] * (low + high) / 2
    to_capture = geometry.translation(shift) @ geometry.scaling(ratio) @ pose

    # Medium and blur, in the container's plane.
    picture = tone.to_linear(tone.medium_response(surround(container, params), params))
    picture = _blur_in_plane(picture, params, to_capture, ratio, span, (height, width))

    # Onto the capture's pixel grid.
    pixels = geometry.pixel_grid(canvas_h, canvas_w, device)
    uv = geometry.project(torch.linalg.inv(to_capture), pixels.expand(batch, -1, -1, -1))
    place = (geometry.bend(params, uv) - params.patch_offset[:, None, None]) / span
    size = torch.tensor([width, height], device=device)
    photo = geometry.sample_at(picture, place * size - 0.5 + PAD_PX)
    photo = occlude(photo, params, uv)

    # Light and sensor, in linear light.
    photo = photo * light.screen_pattern(params, uv, pixels)
    photo = photo * (light.light_field(params, uv) * light.white_gains(params))
    photo = photo + light.glare_field(params, uv)
    photo = sensor.sensor_noise(photo, params.noise_sigma * ratio, params.noise_seed)
    photo = tone.to_srgb(tone.highlight_shoulder(photo, params.shoulder))

    # Phone and messenger.
    photo = sensor.phone_processing(photo, params, ratio).clamp(0, 1)
    mix = tone.per_item(params.jpeg_mix)
    second = params.second_mix > 0
    before = torch.where(second, 1 / params.downscale, 1.0)
    if bool((params.jpeg_mix > 0).any()):
        photo = photo + mix * (jpeg(photo, params.jpeg_quality, ratio * before) - photo)
    if bool(second.any()):
        rolled = photo[second].roll(SECOND_GRID_SHIFT, dims=(2, 3))
        coded = jpeg(rolled, params.second_quality[second], ratio[second])
        coded = coded.roll((-SECOND_GRID_SHIFT[0], -SECOND_GRID_SHIFT[1]), dims=(2, 3))
        share = tone.per_item(params.second_mix[second])
        index = second.nonzero()[:, 0]
        photo = photo.index_copy(0, index, photo[index] + share * (coded - photo[index]))

    # Back, through corners that are a little wrong.
    corners = geometry.project(to_capture, geometry.unit_corners(params))
    full_width = (params.container_width_px * ratio)[:, None, None]
    found = geometry.homography_from_corners(corners + params.corner_error_xy * full_width)
    frame = geometry.pixel_grid(*frame_size, device)
    frame_wh = torch.tensor([frame_size[1], frame_size[0]], device=device)
    unit = params.patch_offset[:, None, None] + span * (frame + 0.5) / frame_wh
    return geometry.sample_at(photo, geometry.project(found, unit))


def _blur_in_plane(
    picture: Tensor,
    params: ChannelParams,
    to_capture: Tensor,
    ratio: Tensor,
    span: float,
    size: tuple[int, int],
) -> Tensor:
    """Ink spread, defocus, motion and pixel aperture, as seen in the container's plane."""
    height, width = size
    middle = params.patch_offset + 0.5 * span
    per_unit = geometry.jacobian(to_capture, middle)  # capture px per container unit
    unit = torch.tensor([span / width, span / height], device=picture.device)
    per_pixel = per_unit * unit  # capture px per picture px
    back = torch.linalg.inv(per_pixel)
    reference = params.container_width_px * ratio / CONTAINER_REFERENCE_PX
    focus = torch.einsum("bij,bjk,blk->bil", back, isotropic(params.blur_sigma * reference), back)
    # Picture pixels that fall between the capture's are averaged, not dropped.
    step = torch.linalg.matrix_norm(back, dim=(1, 2)) / 2**0.5
    aperture = isotropic(0.45 * (step**2 - 1).clamp_min(0).sqrt())
    ink = isotropic(params.dot_blur * (width / span) / CONTAINER_REFERENCE_PX)
    length = (params.motion * reference)[:, None]
    angle = torch.stack([torch.cos(params.motion_angle), torch.sin(params.motion_angle)], dim=1)
    line = (back @ (length * angle)[..., None])[..., 0]
    return optical_blur(picture, focus + aperture + ink, line)


def condition_of(params: ChannelParams) -> Tensor:
    """The true condition (B, 4), normalised as in riis_physical.model.condition."""
    corners = geometry.project(geometry.pose_homography(params), geometry.unit_corners(params))
    across, down = geometry.edge_lengths(corners)
    scale_px = torch.minimum(across, down) / params.modules_total
    blur = (params.blur_sigma**2 + params.dot_blur**2 + params.motion**2 / 12).sqrt()
    quality = torch.where(params.second_mix > 0, params.second_quality, params.jpeg_quality)
    quality = torch.where(params.jpeg_mix > 0, quality, torch.full_like(quality, 100.0))
    return normalise_columns(blur, params.noise_sigma, quality, scale_px)

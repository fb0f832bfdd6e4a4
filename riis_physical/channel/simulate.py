"""The training channel: a container, or a patch of one, photographed and rectified.

Order: medium response -> linear light -> all blur in one transfer function ->
perspective, curl and lens onto the capture's pixel grid -> light, shadow, glare,
white balance, exposure -> noise -> phone processing -> JPEG, and again after a
messenger's downscale -> back through the homography of corners that are a
little wrong.

What depends on the parameters alone is a :class:`CapturePlan`
(:mod:`riis_physical.channel.plan`), small enough to be made on the host. What is done
with pixels asks the host for nothing: no value is read back, no constant is sent.

To be cheap on a CPU the capture has at most the scale of the picture passed in
(plus a rim): a photo of a larger scale is simulated at this one. Blur is given
relative to the container and needs no change. What has the scale of photo pixels
is rescaled: noise and the steps of JPEG by the ratio of scales (what averaging
down leaves of them), the radii of chroma and luma blur and of sharpening too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from riis_physical.channel.constants import constant, pixel_grid
from riis_physical.channel.effects import geometry, light, sensor, tone
from riis_physical.channel.effects.jpeg import jpeg
from riis_physical.channel.effects.occlusion import occlude
from riis_physical.channel.effects.optics import optical_blur
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.plan import PAD_PX, CapturePlan, condition_of, plan_capture
from riis_physical.system.device import full_precision

__all__ = ["capture_planned", "capture_rectified", "condition_of", "plan_capture", "surround"]

SECOND_GRID_SHIFT = (3, 5)  # px between the two compressions' block grids


def surround(container: Tensor, params: ChannelParams, pad: int = PAD_PX) -> Tensor:
    """Pad by mirroring, or by the surround's colour where the container really ends."""
    padded = torch.nn.functional.pad(container, (pad, pad, pad, pad), mode="reflect")
    down, across = (torch.arange(side, device=container.device) for side in padded.shape[-2:])
    left, top, right, bottom = params.surround_sides[:, :, None, None].unbind(1)
    columns = left * (across < pad) + right * (across >= len(across) - pad)
    rows = top * (down < pad)[:, None] + bottom * (down >= len(down) - pad)[:, None]
    outside = torch.maximum(columns, rows)[:, None]
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
    height, width = container.shape[-2:]
    plan = plan_capture(params, (height, width), frame_size).to(container.device)
    return capture_planned(container, plan)


def capture_planned(container: Tensor, plan: CapturePlan, noise: Tensor | None = None) -> Tensor:
    """As :func:`capture_rectified`, by a plan on the container's device.

    Args:
        noise: (B, 3, *plan.canvas) standard normal, of the sensor; None draws each item's
            from its own seed, on the host.

    Raises:
        ValueError: batch or picture sizes differ from the plan's.
    """
    if container.shape[0] != plan.params.batch:
        raise ValueError(f"{container.shape[0]} containers with parameters of {plan.params.batch}")
    if container.shape[-2:] != plan.size:
        raise ValueError(f"containers of {tuple(container.shape[-2:])} px, planned {plan.size}")
    with full_precision(container.device):  # geometry needs float32
        return _capture(container.float(), plan, noise)


def _capture(container: Tensor, plan: CapturePlan, noise: Tensor | None) -> Tensor:
    params, ratio, device = plan.params, plan.ratio, container.device

    # Medium and blur, in the container's plane.
    picture = tone.to_linear(tone.medium_response(surround(container, params), params))
    picture = optical_blur(picture, plan.blur, plan.motion)

    # Onto the capture's pixel grid.
    pixels = pixel_grid(*plan.canvas, device)
    uv = geometry.project(plan.from_capture, pixels.expand(params.batch, -1, -1, -1))
    span = params.modules_patch / params.modules_total
    place = (geometry.bend(params, uv) - params.patch_offset[:, None, None]) / span
    size = constant((float(plan.size[1]), float(plan.size[0])), device)
    photo = geometry.sample_at(picture, place * size + (PAD_PX - 0.5))
    photo = occlude(photo, params, uv)

    # Light and sensor, in linear light.
    photo = photo * light.screen_pattern(params, uv, pixels)
    photo = photo * (light.light_field(params, uv) * plan.gains[:, :, None, None])
    photo = photo + light.glare_field(params, uv)
    if noise is None:
        noise = sensor.noise_like(photo, params.noise_seed)
    photo = sensor.sensor_noise(photo, params.noise_sigma * ratio, noise)
    photo = tone.to_srgb(tone.highlight_shoulder(photo, params.shoulder))

    # Phone and messenger.
    photo = sensor.phone_processing(photo, params, ratio).clamp(0, 1)
    coded = jpeg(photo, params.jpeg_quality, plan.first_softening)
    photo = photo + tone.per_item(params.jpeg_mix) * (coded - photo)
    rolled = photo.roll(SECOND_GRID_SHIFT, dims=(2, 3))
    coded = jpeg(rolled, params.second_quality, ratio)
    rolled = rolled + tone.per_item(params.second_mix) * (coded - rolled)
    photo = rolled.roll((-SECOND_GRID_SHIFT[0], -SECOND_GRID_SHIFT[1]), dims=(2, 3))

    # Back, through corners that are a little wrong.
    frame = pixel_grid(*plan.frame_size, device).expand(params.batch, -1, -1, -1)
    return geometry.sample_at(photo, geometry.project(plan.to_frame, frame))

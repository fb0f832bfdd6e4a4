"""What is varied: one property of the capture at a time, all else as drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riis_physical.channel.params import ChannelParams
from riis_physical.errors import ConfigError

#: Parts of the benchmark that can be asked for; `light` is two sweeps.
PARTS = ("detection", "width", "angle", "blur", "light")
DETECTION = "detection"


@dataclass(frozen=True)
class Sweep:
    """One property over some values.

    Attributes:
        name: in results. label: of the axis, with unit. values: ascending.
    """

    name: str
    label: str
    values: tuple[float, ...]


SWEEPS = {
    sweep.name: sweep
    for sweep in (
        Sweep("width", "width of the container in the photo, px",
              (150, 200, 300, 450, 700, 1000, 1500)),
        Sweep("angle", "angle between line of sight and container's normal, degrees",
              (0, 15, 30, 45, 60)),
        Sweep("blur", "defocus, sigma in px of a container 512 px wide",
              (0, 1, 2, 3, 4, 6)),
        Sweep("exposure", "exposure, stops", (-4, -3, -2, -1, 0, 1)),
        Sweep("glare", "veil of glare, share of white in linear light",
              (0, 0.1, 0.2, 0.4, 0.8)),
    )
}  # fmt: skip

_SWEEPS_OF = {"width": ("width",), "angle": ("angle",), "blur": ("blur",),
              "light": ("exposure", "glare")}  # fmt: skip


def sweeps_of(parts: tuple[str, ...]) -> list[Sweep]:
    """The sweeps of the parts asked for.

    Raises:
        ConfigError: an unknown part.
    """
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f"unknown part {part!r}: choose {', '.join(PARTS)}")
    return [SWEEPS[name] for part in parts for name in _SWEEPS_OF.get(part, ())]


def at_value(params: ChannelParams, sweep: str, value: float, *, about_x: bool) -> ChannelParams:
    """The parameters with the swept property at a value.

    Args:
        params: as drawn, with the width at which the container lies straight on.
        about_x: the container is turned about its horizontal axis, not the vertical
            one; the way it is turned is that of the drawn angle.

    Raises:
        ConfigError: an unknown sweep.
    """
    if sweep == "width":
        return params.override(container_width_px=value)
    if sweep == "angle":
        return turned(params, value, about_x=about_x)
    if sweep == "blur":
        return params.override(blur_sigma=value)
    if sweep == "exposure":
        return params.override(gain=2.0**value)
    if sweep == "glare":
        return params.override(glare=value)
    raise ConfigError(f"unknown sweep {sweep!r}: choose {', '.join(SWEEPS)}")


def turned(params: ChannelParams, angle_deg: float, *, about_x: bool) -> ChannelParams:
    """The container turned about one axis before a camera that stays where it is.

    Its width in the photo becomes shorter as it turns about the vertical axis, as
    it does for someone who walks around it.
    """
    drawn = float((params.pitch_deg if about_x else params.yaw_deg)[0])
    turn = math.copysign(angle_deg, drawn)
    yaw, pitch = (0.0, turn) if about_x else (turn, 0.0)
    width = float(params.container_width_px[0])
    params = params.override(yaw_deg=yaw, pitch_deg=pitch)
    return params.override(container_width_px=width * foreshortening(params))


def foreshortening(params: ChannelParams) -> float:
    """Mean projected length of top and bottom edge against that of a container straight on.

    The camera is where `geometry.pose_homography` has it.
    """
    yaw, pitch = (math.radians(float(v[0])) for v in (params.yaw_deg, params.pitch_deg))
    aspect, distance = float(params.aspect[0]), float(params.distance[0])
    about_y = np.array(
        [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]
    )
    about_x = np.array(
        [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]]
    )
    half = aspect / 2
    plane = np.array([[-0.5, -half, 0], [0.5, -half, 0], [0.5, half, 0], [-0.5, half, 0]])
    x, y, z = (about_x @ about_y @ plane.T) + np.array([[0], [0], [distance]])
    seen = np.stack([x, y], axis=1) * (distance / z)[:, None]
    top, bottom = seen[1] - seen[0], seen[2] - seen[3]
    return float(np.linalg.norm(top) + np.linalg.norm(bottom)) / 2

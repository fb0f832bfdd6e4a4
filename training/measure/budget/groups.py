"""The channel's distortions in groups, and draws without one of them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.errors import ConfigError

NOTHING = "nothing"
"""Of what is taken away: the draw as it is."""
WIDTH = "width"
NEAR_PX = 700.0
"""Width in the photo that stands for a capture near enough: a width has no identity."""


@dataclass(frozen=True)
class Group:
    """Distortions that are taken away together.

    Attributes:
        label: in tables. names: of ranges, set to their identities.
        more: other parameters, and what they are set to.
    """

    label: str
    names: tuple[str, ...]
    more: tuple[tuple[str, float], ...] = ()


GROUPS: dict[str, Group] = {
    "noise": Group("sensor noise", ("noise_sigma",)),
    WIDTH: Group(f"width below {NEAR_PX:.0f} px", ("container_width_px",)),
    "blur": Group("blur, motion, ink spread", ("blur_sigma", "motion", "dot_blur")),
    "compression": Group(
        "compression, twice", ("jpeg_quality", "second_quality", "downscale"),
        (("jpeg_mix", 0.0), ("second_mix", 0.0)),
    ),
    "tone": Group(
        "tone, ink and exposure",
        ("paper_white", "ink_black", "tone", "contrast", "dot_gain", "gain", "shoulder"),
    ),
    "colour": Group(
        "colour",
        ("crosstalk", "media_saturation", "gamut", "camera_saturation", "temperature_k",
         "awb_error", "tint"),
        (("crosstalk_matrix", 0.0),),
    ),
    "light": Group("light, shadow, glare", ("gradient", "vignette", "shadow", "glare")),
    "screen": Group("a screen's grid and moire", ("screen_grid", "moire")),
    "processing": Group(
        "phone's denoising and sharpening", ("luma_sigma", "chroma_sigma", "sharpen")
    ),
    "pose": Group("pose", ("yaw_deg", "pitch_deg", "roll_deg", "distance")),
    "bends": Group("curl and lens", ("curl", "lens")),
    "corners": Group("found corners", ("corner_error",), (("corner_error_xy", 0.0),)),
    "occlusion": Group("something in front", ("occlusion",)),
}  # fmt: skip


def without(params: ChannelParams, group: str) -> ChannelParams:
    """The same draws with a group of distortions at its identity.

    Args:
        group: of GROUPS, or NOTHING.

    Raises:
        ConfigError: an unknown group.
    """
    if group == NOTHING:
        return params
    if group not in GROUPS:
        raise ConfigError(f"unknown group {group!r}: choose {', '.join(GROUPS)}")
    if group == WIDTH:
        wide = params.container_width_px.clamp_min(NEAR_PX)
        return params.override(container_width_px=wide)
    identity = {f.name: float(f.metadata["identity"]) for f in fields(ChannelRanges)}
    found = GROUPS[group]
    values = {name: identity[name] for name in found.names} | dict(found.more)
    return params.override(**values)

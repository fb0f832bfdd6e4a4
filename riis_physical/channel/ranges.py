"""Ranges that the channel's parameters are drawn from, and the presets.

Every field of :class:`ChannelRanges` is a pair (low, high); the field's
metadata holds the value that leaves a picture unchanged, the unit, the medium
it applies to and what it means. ``preset_table`` prints them as a table.

Units named "px" are pixels of the photo, "px@512" pixels of a container that
is 512 px wide in the photo, "width" fractions of the container's width.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any

from riis_physical.errors import ConfigError

Pair = tuple[float, float]


def _range(
    default: Pair, identity: float, unit: str, text: str, medium: str = "both", log: bool = False
) -> Pair:
    """A dataclass field with its documentation; the default is the preset `normal`."""
    metadata = {"identity": identity, "unit": unit, "text": text, "medium": medium, "log": log}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ChannelRanges:
    """One preset: (low, high) of each parameter. The defaults are `normal`."""

    container_width_px: Pair = _range(
        (350, 1200), 0, "px", "mean length of the container's top and bottom edge", log=True
    )
    aspect: Pair = _range(
        (2 / 3, 3 / 2), 1, "ratio", "height / width of the container (training patches)", log=True
    )
    yaw_deg: Pair = _range((-25, 25), 0, "deg", "turn about the vertical axis")
    pitch_deg: Pair = _range((-25, 25), 0, "deg", "turn about the horizontal axis")
    roll_deg: Pair = _range((-8, 8), 0, "deg", "turn in the picture plane")
    distance: Pair = _range((1.5, 4), 1e3, "width", "camera distance")
    corner_error: Pair = _range(
        (0.0035, 0.0035), 0, "width", "sigma of a corner coordinate, radius cut at 2.86 sigma"
    )
    curl: Pair = _range(
        (-0.006, 0.006), 0, "width", "bow of the sheet between the corners", "print"
    )
    lens: Pair = _range((-0.004, 0.004), 0, "width", "radial displacement at mid-side")
    paper_white: Pair = _range((0.85, 1.0), 1, "sRGB", "what white becomes")
    ink_black: Pair = _range((0.02, 0.15), 0, "sRGB", "what black becomes")
    tone: Pair = _range((-0.35, 0.3), 0, "1", "tone curve x + t x (1 - x)")
    contrast: Pair = _range((-0.3, 0.5), 0, "1", "S curve x + c x (1 - x) (2 x - 1)")
    crosstalk: Pair = _range((0.04, 0.04), 0, "1", "sigma of the 3x3 colour matrix off identity")
    media_saturation: Pair = _range((0.65, 1.05), 1, "ratio", "saturation left by ink or screen")
    gamut: Pair = _range((0.0, 0.8), 0, "1", "compression c / (1 + g |c|) of strong colours")
    dot_gain: Pair = _range((0.0, 0.2), 0, "1", "darkening d x (1 - x) by ink spread", "print")
    dot_blur: Pair = _range((0.1, 0.7), 0, "px@512", "sigma of halftone and ink spread", "print")
    screen_grid: Pair = _range((0.0, 0.08), 0, "ratio", "amplitude of the pixel grid", "screen")
    moire: Pair = _range((0.0, 0.06), 0, "ratio", "amplitude of colour moire", "screen")
    blur_sigma: Pair = _range((0.3, 1.5), 0, "px@512", "defocus sigma")
    motion: Pair = _range((0.0, 1.8), 0, "px@512", "length of motion blur")
    gain: Pair = _range((0.7, 1.3), 1, "ratio", "exposure, linear light")
    gradient: Pair = _range((0.0, 0.3), 0, "ratio", "fall of light from side to side")
    vignette: Pair = _range((0.0, 0.12), 0, "ratio", "fall of light towards the corners")
    shadow: Pair = _range((0.0, 0.35), 0, "ratio", "depth of a soft-edged shadow (half of all)")
    glare: Pair = _range((0.0, 0.10), 0, "linear", "veil of a reflection (a third of all)")
    temperature_k: Pair = _range((3000, 7500), 6500, "K", "illumination")
    awb_error: Pair = _range((0.0, 0.5), 0, "ratio", "share of the cast that white balance leaves")
    tint: Pair = _range((-0.06, 0.06), 0, "ratio", "green-magenta cast")
    shoulder: Pair = _range((0.05, 0.3), 0, "linear", "width of the highlight roll-off")
    noise_sigma: Pair = _range((0.002, 0.03), 0, "sRGB", "shot and read noise at mid-grey")
    luma_sigma: Pair = _range((0.3, 0.6), 0, "px", "luma blur of demosaicing and denoising")
    chroma_sigma: Pair = _range((0.8, 3.0), 0, "px", "chroma blur of demosaicing and denoising")
    camera_saturation: Pair = _range((0.75, 1.2), 1, "ratio", "saturation of phone processing")
    sharpen: Pair = _range((0.0, 1.0), 0, "ratio", "unsharp mask amount")
    sharpen_sigma: Pair = _range((0.8, 1.6), 1, "px", "unsharp mask radius")
    jpeg_quality: Pair = _range((60, 95), 100, "quality", "first compression, by the camera")
    second_quality: Pair = _range((60, 95), 100, "quality", "second compression, by a messenger")
    downscale: Pair = _range((1.0, 1.5), 1, "ratio", "downscale by a messenger before the second")
    occlusion: Pair = _range((0.0, 0.0), 0, "area", "part of the container that is hidden")

    def __post_init__(self) -> None:
        for item in fields(self):
            low, high = getattr(self, item.name)
            if low > high:
                raise ConfigError(
                    f"channel range {item.name} is ({low}, {high}); expected low <= high"
                )


NORMAL = ChannelRanges()

#: What a profile from elsewhere may say at most: by name, else by unit.
_POSSIBLE: dict[str, Pair] = {
    "container_width_px": (16, 20_000),
    "aspect": (0.1, 10),
    "distance": (1.05, 1e4),
    "gain": (0.05, 20),
    "downscale": (1, 8),
    "tint": (-0.9, 0.9),
    "px": (0, 64),
    "px@512": (0, 64),
    "width": (-0.5, 0.5),
    "deg": (-80, 80),
    "ratio": (0, 4),
    "1": (-4, 4),
    "sRGB": (0, 1),
    "linear": (0, 2),
    "K": (1000, 40_000),
    "quality": (1, 100),
    "area": (0, 0.9),
}


def possible_range(item: Field[Any]) -> Pair:
    """Least and most that the field of a parameter can hold and still be simulated."""
    return _POSSIBLE.get(item.name) or _POSSIBLE[item.metadata["unit"]]


EASY = ChannelRanges(
    container_width_px=(500, 1200),
    yaw_deg=(-13, 13),
    pitch_deg=(-13, 13),
    roll_deg=(-4, 4),
    distance=(2, 5),
    corner_error=(0.00175, 0.00175),
    curl=(-0.003, 0.003),
    lens=(-0.002, 0.002),
    paper_white=(0.92, 1.0),
    ink_black=(0.01, 0.08),
    tone=(-0.18, 0.15),
    contrast=(-0.15, 0.25),
    crosstalk=(0.02, 0.02),
    media_saturation=(0.82, 1.03),
    gamut=(0.0, 0.4),
    dot_gain=(0.0, 0.1),
    dot_blur=(0.1, 0.4),
    screen_grid=(0.0, 0.04),
    moire=(0.0, 0.03),
    blur_sigma=(0.3, 0.9),
    motion=(0.0, 0.9),
    gain=(0.85, 1.15),
    gradient=(0.0, 0.15),
    vignette=(0.0, 0.06),
    shadow=(0.0, 0.18),
    glare=(0.0, 0.05),
    temperature_k=(4250, 7000),
    awb_error=(0.0, 0.3),
    tint=(-0.03, 0.03),
    shoulder=(0.05, 0.2),
    noise_sigma=(0.002, 0.016),
    luma_sigma=(0.3, 0.45),
    chroma_sigma=(0.5, 1.5),
    camera_saturation=(0.87, 1.1),
    sharpen=(0.0, 0.5),
    jpeg_quality=(77, 95),
    second_quality=(77, 95),
    downscale=(1.0, 1.25),
)

HARD = ChannelRanges(
    container_width_px=(250, 1200),
    yaw_deg=(-45, 45),
    pitch_deg=(-45, 45),
    roll_deg=(-20, 20),
    distance=(1.3, 4),
    corner_error=(0.005, 0.005),
    curl=(-0.015, 0.015),
    lens=(-0.008, 0.008),
    paper_white=(0.75, 1.0),
    ink_black=(0.02, 0.22),
    tone=(-0.5, 0.4),
    contrast=(-0.4, 0.6),
    crosstalk=(0.06, 0.06),
    media_saturation=(0.5, 1.1),
    gamut=(0.0, 1.2),
    dot_gain=(0.0, 0.3),
    dot_blur=(0.1, 1.0),
    screen_grid=(0.0, 0.12),
    moire=(0.0, 0.12),
    blur_sigma=(0.3, 2.5),
    motion=(0.0, 3.0),
    gain=(0.5, 1.5),
    gradient=(0.0, 0.5),
    vignette=(0.0, 0.2),
    shadow=(0.0, 0.55),
    glare=(0.0, 0.5),
    temperature_k=(2500, 9000),
    awb_error=(0.0, 0.8),
    tint=(-0.1, 0.1),
    noise_sigma=(0.002, 0.06),
    luma_sigma=(0.3, 0.8),
    chroma_sigma=(0.8, 4.0),
    camera_saturation=(0.6, 1.3),
    sharpen=(0.0, 1.5),
    jpeg_quality=(40, 95),
    second_quality=(40, 95),
    downscale=(1.0, 1.5),
    occlusion=(0.0, 0.1),
)

PRESETS: dict[str, ChannelRanges] = {"easy": EASY, "normal": NORMAL, "hard": HARD}


def resolve_ranges(preset: str | ChannelRanges) -> ChannelRanges:
    """The ranges of a preset's name, or the ranges given.

    Raises:
        ConfigError: no preset has that name.
    """
    if isinstance(preset, ChannelRanges):
        return preset
    if preset not in PRESETS:
        raise ConfigError(f"unknown channel preset {preset!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[preset]


def preset_table(*presets: str) -> str:
    """A Markdown table of the ranges, with units; all presets unless some are named."""
    names = presets or tuple(PRESETS)
    ranges = [resolve_ranges(name) for name in names]
    lines = [
        "| parameter | " + " | ".join(names) + " | unit | medium | meaning |",
        "|---" * (len(names) + 4) + "|",
    ]
    for item in fields(ChannelRanges):
        cells = []
        for one in ranges:
            low, high = getattr(one, item.name)
            cells.append(f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}")
        meta = item.metadata
        lines.append(
            f"| {item.name} | {' | '.join(cells)} | {meta['unit']} | {meta['medium']} "
            f"| {meta['text']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(preset_table())

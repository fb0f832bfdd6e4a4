"""A profile of a printer or screen and a camera: what they do to a picture.

Profiles are JSON files; some ship. The channel draws its parameters from a profile's
ranges. What else a file may hold are measurements, from
`calibrate fit` (:mod:`calibration.fit.fit`), which `scan --profile` corrects photos with
(:mod:`capture.read.place.correction`).
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from riis_physical.camera import CameraProfile, PhotoReport
from riis_physical.errors import ConfigError
from riis_physical.system.documents import read_json, validated
from riis_physical.system.files import write_text

if TYPE_CHECKING:
    from riis_physical.channel.ranges import ChannelRanges

FORMAT_VERSION = 1
SHIPPED = Path(__file__).parent / "device_profiles"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Units(_Frozen):
    """What the numbers of a profile mean; part of the file, so that it explains itself."""

    channel: Literal["low and high of each parameter, in the units of riis-physical's channel"] = (
        "low and high of each parameter, in the units of riis-physical's channel"
    )
    response: Literal["sRGB 0 to 1: levels of the container, and what the photo shows of them"] = (
        "sRGB 0 to 1: levels of the container, and what the photo shows of them"
    )
    blur_sigma: Literal["px of a container 512 px wide"] = "px of a container 512 px wide"
    noise: Literal["variance of linear light 0 to 1, in the dark and for each unit of light"] = (
        "variance of linear light 0 to 1, in the dark and for each unit of light"
    )
    vignetting: Literal["relative light 1 + v2 r^2 + v4 r^4, r 1 at the photo's corner"] = (
        "relative light 1 + v2 r^2 + v4 r^4, r 1 at the photo's corner"
    )


class Response(_Frozen):
    """Tone and colour response of medium and camera together.

    Attributes:
        levels: sRGB values of the container, rising from 0 to 1.
        red, green, blue: what the photo shows of a grey of that level, never falling.
        saturation: share of the container's colour (distance from grey) that is left.
    """

    levels: tuple[float, ...] = Field(min_length=3, max_length=256)
    red: tuple[float, ...]
    green: tuple[float, ...]
    blue: tuple[float, ...]
    saturation: float = Field(default=1.0, gt=0.05, le=3)

    @model_validator(mode="after")
    def _curves(self) -> Self:
        if self.levels[0] != 0 or self.levels[-1] != 1 or np.any(np.diff(self.levels) <= 0):
            raise ValueError("levels must rise from 0 to 1")
        for name in ("red", "green", "blue"):
            curve = getattr(self, name)
            if len(curve) != len(self.levels):
                raise ValueError(f"{name} has {len(curve)} values for {len(self.levels)} levels")
            if min(curve) < 0 or max(curve) > 1 or np.any(np.diff(curve) < 0):
                raise ValueError(f"{name} must lie within 0 to 1 and never fall")
            if curve[-1] - curve[0] < 0.1:
                raise ValueError(f"{name} spans less than 0.1: no picture is left")
        return self

    def curves(self) -> NDArray[np.float64]:
        """(3, K) of red, green and blue."""
        return np.array([self.red, self.green, self.blue])


class Noise(_Frozen):
    """Variance of the photo's noise in linear light 0 to 1: floor + slope * light.

    Before the phone smooths and sharpens it.
    """

    floor: float = Field(ge=0, le=0.1)
    slope: float = Field(ge=0, le=1)


class Vignetting(_Frozen):
    """Fall of light towards the photo's corners: 1 + v2 r^2 + v4 r^4, r 1 at a corner."""

    v2: float = Field(ge=-1.5, le=1.5)
    v4: float = Field(ge=-1.5, le=1.5)


class DeviceProfile(_Frozen):
    """A printer or screen together with a camera.

    Attributes:
        format_version: of the file.
        name: short, for people.
        origin: measured with a chart, or a simulated default.
        description: what it stands for, and where the numbers come from.
        units: of the numbers.
        medium: print or screen.
        base: preset of the channel that says what `channel` does not.
        channel: (low, high) by name of the channel's parameter (ChannelRanges).
        response: of greys; None where not known.
        blur_sigma: of medium, lens and processing together.
        noise: at every brightness; None where not known.
        jpeg_quality: mean of the photos'; None where not known.
        lens: of the camera; None where not fitted.
        vignetting: None where not fitted.
        fit: error of each fitted part, by name with its unit ("tone_rms_srgb").
        photos: how many the fit used and which it refused; None for simulated defaults.
    """

    format_version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=80)
    origin: Literal["fitted", "simulated default"]
    description: str = Field(default="", max_length=4000)
    units: Units = Units()
    medium: Literal["print", "screen"]
    base: Literal["easy", "normal", "hard"] = "normal"
    channel: dict[str, tuple[float, float]] = Field(default_factory=dict, max_length=100)
    response: Response | None = None
    blur_sigma: float | None = Field(default=None, ge=0, le=20)
    noise: Noise | None = None
    jpeg_quality: float | None = Field(default=None, ge=1, le=100)
    lens: CameraProfile | None = None
    vignetting: Vignetting | None = None
    fit: dict[str, float] = Field(default_factory=dict, max_length=100)
    photos: PhotoReport | None = None

    @model_validator(mode="after")
    def _known_parameters(self) -> Self:
        from riis_physical.channel.ranges import ChannelRanges, possible_range

        known = {item.name: item for item in fields(ChannelRanges)}
        for name, (low, high) in self.channel.items():
            if name not in known:
                raise ValueError(f"channel: unknown parameter {name!r}; see `docs/channel.md`")
            if low > high:
                raise ValueError(f"channel: {name} is ({low}, {high}); expected low <= high")
            least, most = possible_range(known[name])
            if low < least or high > most:
                raise ValueError(
                    f"channel: {name} is ({low:g}, {high:g}); expected within {least:g} to {most:g}"
                )
        return self

    @property
    def is_measured(self) -> bool:
        """Whether there is something to correct photos with, beside ranges to simulate."""
        measured = (
            self.response, self.blur_sigma, self.noise, self.jpeg_quality, self.lens,
            self.vignetting,
        )  # fmt: skip
        return any(part is not None for part in measured)

    def ranges(self) -> ChannelRanges:
        """The channel's ranges: those of `base` with this profile's in their place."""
        from riis_physical.channel.ranges import resolve_ranges

        return replace(resolve_ranges(self.base), **self.channel)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the profile as JSON; raises OutputError as files.write_text."""
        text = json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)
        write_text(path, text + "\n", force=force)

    @classmethod
    def load(cls, source: str | Path) -> DeviceProfile:
        """Read a shipped profile by its name, or a file.

        Raises:
            ConfigError: missing, no JSON, another version, an unknown key or an
                impossible value.
        """
        path = Path(source)
        if path.suffix.lower() != ".json":
            path = SHIPPED / f"{source}.json"
            if not path.is_file():
                raise ConfigError(
                    f"no profile {str(source)!r}: expected one of {', '.join(shipped())}, "
                    "or the path of a .json file"
                )
        data = read_json(path, ConfigError)
        version = data.get("format_version") if isinstance(data, dict) else None
        if version != FORMAT_VERSION:
            raise ConfigError(
                f"{path} has profile format {version!r}, expected {FORMAT_VERSION}: "
                "fit it again with `riis-physical calibrate fit`, or take a shipped one"
            )
        if "matrix" in data:
            raise ConfigError(
                f"{path} is a camera profile: give it with --camera-profile, "
                "a profile of a printer or screen has no `matrix`"
            )
        return validated(cls, data, path)


@lru_cache(maxsize=64)
def load_profile(source: str) -> DeviceProfile:
    """As :meth:`DeviceProfile.load`, read once."""
    return DeviceProfile.load(source)


def shipped() -> list[str]:
    """Names of the profiles that ship."""
    return sorted(path.stem for path in SHIPPED.glob("*.json"))

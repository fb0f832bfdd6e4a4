"""What one evaluation measures; the same settings give the same captures."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError
from riis_physical.profile import DeviceProfile, load_profile
from training.measure.common.messages import PRINTABLE, Messages

#: Where the corners come from: found in the photo by the product's own
#: detection; the true ones handed to the product's scan; or the true ones and
#: the true QR version handed to the network and the reader alone (fast).
CORNERS = ("detect", "given", "truth")
MEDIA = ("print", "screen", "mixed")
Z_CHOICES = ("sample", "mean")

#: Fields that may be paths, of all settings.
PATHS = {
    "model", "init", "images", "held", "backgrounds", "folders", "held_out_of", "data", "runs",
    "config",
}  # fmt: skip

_PRESET_CODES = {"easy": 1, "normal": 2, "hard": 3}


class Plain:
    """Settings that are no more than their fields."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of paths the last part alone."""
        return plain(self)


@dataclass(frozen=True)
class Settings:
    """One evaluation.

    Attributes:
        model: shipped name or path of a .safetensors file.
        scan_model: that the scan tries, `auto` for every released one; None for the one that hid.
        images: folder with hosts.
        n: captures for each preset and strength.
        presets: of the channel, or names of `profiles`. strengths: of hiding.
        medium: `print`, `screen` or `mixed` (each half of the time).
        seed: of messages, hosts' order, channel and backgrounds.
        corners: one of CORNERS.
        margin: white paper or bezel around the container, of its width.
        width_px: width of the container in the photo, None as the preset draws it.
        size: (h, w) of the photos, None for 1200 x 1600 as the container lies.
        backgrounds: folder of photographs that lie behind half of the captures;
            None puts procedural walls and desks behind all of them.
        visible: photograph a visible code as well, the physical bound.
        z: `sample` reveals with the fixed sample of z, `mean` with its mean, zero.
        device: where the model runs.
        profiles: of printers or screens and cameras: name and what DeviceProfile.load
            takes. Captures by a profile are of its own medium.
        messages: what is hidden, and what the scan knows of it.
    """

    model: str
    images: str
    n: int = 300
    presets: tuple[str, ...] = ("normal",)
    strengths: tuple[float, ...] = (1.0,)
    medium: str = "mixed"
    seed: int = 0
    corners: str = "detect"
    margin: float = 0.06
    width_px: float | None = None
    size: tuple[int, int] | None = None
    backgrounds: str | None = None
    visible: bool = True
    z: str = "sample"
    device: str = "cpu"
    profiles: tuple[tuple[str, str], ...] = ()
    scan_model: str | None = None
    messages: Messages = PRINTABLE

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"{self.n} captures: expected at least 1")
        if not self.presets or not self.strengths:
            raise ConfigError("nothing to measure: give at least one preset and one strength")
        names = [name for name, _ in self.profiles]
        if len({*names, *_PRESET_CODES}) < len(names) + len(_PRESET_CODES):
            raise ConfigError(
                f"profiles {', '.join(names)}: each needs a name of its own, and none of a preset"
            )
        for name, value, known in (
            *(("preset", preset, (*_PRESET_CODES, *names)) for preset in self.presets),
            ("medium", self.medium, MEDIA),
            ("corners", self.corners, CORNERS),
            ("z", self.z, Z_CHOICES),
        ):
            if value not in known:
                raise ConfigError(f"unknown {name} {value!r}: choose {', '.join(known)}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of paths the last part alone, wherever they lie."""
        profiles = {name: _digest(load_profile(source)) for name, source in self.profiles}
        return {**plain(self), "profiles": profiles}

    def profile(self, preset: str) -> DeviceProfile | None:
        """The profile of that name, None for a preset of the channel."""
        source = dict(self.profiles).get(preset)
        return None if source is None else load_profile(source)

    def capture_seed(self, preset: str, index: int) -> tuple[int, int, int]:
        """Seed of one capture; the same at every strength, so that curves are paired."""
        profile = self.profile(preset)
        if profile is None:
            return (self.seed, _PRESET_CODES[preset], index)
        return (self.seed, int(_digest(profile)[:8], 16), index)


def plain(settings: Any) -> dict[str, Any]:
    """Fields of settings for JSON; of PATHS the last part alone, wherever they lie."""
    return {
        key: _named(value) if key in PATHS else list(value) if isinstance(value, tuple) else value
        for key, value in asdict(settings).items()
    }


def _named(value: Any) -> Any:
    """The last part of a path, or of each of several; None for none."""
    if isinstance(value, tuple | list):
        return [_named(one) for one in value]
    return Path(value).name if value else None


def _digest(profile: DeviceProfile) -> str:
    """SHA-256 of a profile's content, whatever its file is called."""
    return hashlib.sha256(profile.model_dump_json().encode()).hexdigest()

"""What the benchmark of fused photos measures; the same settings give the same photos."""

from __future__ import annotations

from dataclasses import dataclass

from riis_physical.channel.photo import MAX_MARGIN
from riis_physical.channel.ranges import PRESETS
from riis_physical.errors import ConfigError
from riis_physical.hiding import MAX_STRENGTH, MIN_STRENGTH
from training.measure.common.settings import Plain

_CONTAINER_STREAM, _FRAME_STREAM = 31, 32


@dataclass(frozen=True)
class FuseSettings(Plain):
    """Containers, each photographed several times.

    Attributes:
        model: shipped name or path of a .safetensors file.
        images: folder with hosts.
        backgrounds: folder of photographs that lie behind half of the containers;
            None puts procedural walls and desks behind all of them.
        n: containers. frames: photos of each.
        preset: of the channel. margin: white paper or bezel, of the container's width.
        medium: `print`, `screen` or `mixed` (each half of the containers).
        strength: of hiding.
        seed: of messages, hosts' order, channel and backgrounds.
        size: (h, w) of the photos, None for 1200 x 1600 as the container lies.
        device: where the model runs.
    """

    model: str
    images: str
    backgrounds: str | None = None
    n: int = 25
    frames: int = 5
    preset: str = "hard"
    margin: float = 0.06
    medium: str = "mixed"
    strength: float = 1.0
    seed: int = 0
    size: tuple[int, int] | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"{self.n} containers: expected at least 1")
        if self.frames < 2:
            raise ConfigError(f"{self.frames} photos of each container: expected at least 2")
        if self.preset not in PRESETS:
            raise ConfigError(f"unknown preset {self.preset!r}: choose {', '.join(PRESETS)}")
        if not 0 <= self.margin <= MAX_MARGIN:
            raise ConfigError(f"margin {self.margin:g}: expected 0 to {MAX_MARGIN:g} of the width")
        if self.medium not in ("print", "screen", "mixed"):
            raise ConfigError(f"unknown medium {self.medium!r}: choose print, screen or mixed")
        if not MIN_STRENGTH <= self.strength <= MAX_STRENGTH:
            raise ConfigError(
                f"strength {self.strength:g}: expected {MIN_STRENGTH:g} to {MAX_STRENGTH:g}"
            )

    def container_seed(self, index: int) -> tuple[int, ...]:
        """Seed of what the photos of a container share: medium and background."""
        return (self.seed, _CONTAINER_STREAM, index)

    def frame_seed(self, index: int, frame: int) -> tuple[int, ...]:
        """Seed of one photo; more frames leave the earlier ones as they are."""
        return (self.seed, _FRAME_STREAM, index, frame)

"""What one benchmark measures; the same settings give the same captures."""

from __future__ import annotations

from dataclasses import dataclass

from riis_physical.errors import ConfigError
from training.measure.common.settings import Plain
from training.measure.sweeps.varied import DETECTION, PARTS, sweeps_of

PRESETS = ("easy", "normal", "hard")
MARGINS = (0.06, 0.0)
SWEEP_PRESET, SWEEP_MARGIN = "normal", 0.06
_DETECTION_STREAM, _SWEEP_STREAM = 21, 22


@dataclass(frozen=True)
class Point:
    """One place at which captures are made.

    Attributes:
        sweep: name of the sweep, or `detection`.
        value: of the swept property, None for detection.
        preset: of the channel. margin: white paper or bezel, of the container's width.
    """

    sweep: str
    value: float | None
    preset: str
    margin: float


@dataclass(frozen=True)
class BenchmarkSettings(Plain):
    """One benchmark.

    Attributes:
        model: shipped name or path of a .safetensors file.
        images: folder with hosts.
        backgrounds: folder of photographs that lie behind half of the captures;
            None puts procedural walls and desks behind all of them.
        n: captures at each point of a sweep.
        n_detection: captures at each preset and margin, of detection.
        what: parts, of PARTS.
        medium: `print`, `screen` or `mixed` (each half of the time).
        seed: of messages, hosts' order, channel and backgrounds.
        size: (h, w) of the photos, None for 1200 x 1600 as the container lies.
            Where the largest container of a sweep does not fit, photos are larger.
        device: where the model runs.
    """

    model: str
    images: str
    backgrounds: str | None = None
    n: int = 10
    n_detection: int = 24
    what: tuple[str, ...] = PARTS
    medium: str = "mixed"
    seed: int = 0
    size: tuple[int, int] | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.n < 1 or self.n_detection < 1:
            raise ConfigError(f"{min(self.n, self.n_detection)} captures: expected at least 1")
        if not self.what:
            raise ConfigError(f"nothing to measure: choose {', '.join(PARTS)}")
        if self.medium not in ("print", "screen", "mixed"):
            raise ConfigError(f"unknown medium {self.medium!r}: choose print, screen or mixed")
        sweeps_of(self.what)

    def points(self) -> list[Point]:
        """All places at which captures are made, in the order of results."""
        found = []
        if DETECTION in self.what:
            found = [Point(DETECTION, None, p, m) for p in PRESETS for m in MARGINS]
        for sweep in sweeps_of(self.what):
            found += [Point(sweep.name, v, SWEEP_PRESET, SWEEP_MARGIN) for v in sweep.values]
        return found

    def captures(self, sweep: str) -> int:
        """How many captures each point has."""
        return self.n_detection if sweep == DETECTION else self.n

    def capture_seed(self, sweep: str, preset: str, index: int) -> tuple[int, ...]:
        """Seed of a capture; the same at all points of all sweeps, and at both margins."""
        if sweep == DETECTION:
            return (self.seed, _DETECTION_STREAM, PRESETS.index(preset), index)
        return (self.seed, _SWEEP_STREAM, index)

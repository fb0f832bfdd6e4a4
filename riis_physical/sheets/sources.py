"""The containers that go onto sheets, and whether they have pixels enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError
from riis_physical.images import load_host
from riis_physical.sheets.pages import MM_PER_INCH

#: Below the first a container is refused, below the second warned about.
LEAST_DPI, GOOD_DPI = 72.0, 150.0


@dataclass(frozen=True)
class Source:
    """A picture to be printed.

    Attributes:
        name: for people.
        pixels: uint8 RGB (H, W, 3).
        icc_profile: the pixels' own profile, None stands for sRGB.
        notes: one line for each conversion that changed pixels.
    """

    name: str
    pixels: UInt8Image
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()

    @property
    def aspect(self) -> float:
        """Height divided by width."""
        return self.pixels.shape[0] / self.pixels.shape[1]

    @property
    def widest_mm(self) -> float:
        """Width up to which it is printed at all."""
        return self.pixels.shape[1] * MM_PER_INCH / LEAST_DPI

    def dpi(self, width_mm: float) -> float:
        """Pixels to the inch when printed that wide."""
        return self.pixels.shape[1] * MM_PER_INCH / width_mm


def load_source(path: str | Path) -> Source:
    """Read a container with its colours as they are.

    Raises:
        BadImageError: see :func:`riis_physical.images.load_host`.
    """
    loaded = load_host(path)
    return Source(Path(path).name, loaded.pixels, loaded.icc_profile, loaded.notes)


def check_density(source: Source, width_mm: float) -> str | None:
    """A warning where a container has few pixels for its width, None where enough.

    Raises:
        ConfigError: it has fewer than LEAST_DPI to the inch.
    """
    dpi, pixels = source.dpi(width_mm), source.pixels.shape[1]
    good, least = (math.floor(10 * pixels * MM_PER_INCH / at) / 10 for at in (GOOD_DPI, LEAST_DPI))
    seen = f"{source.name} is {pixels} px wide, {dpi:.0f} dpi at {width_mm:.1f} mm"
    if dpi < LEAST_DPI:
        raise ConfigError(
            f"{seen}; at least {LEAST_DPI:.0f} dpi are needed: print it up to {least:g} mm wide "
            f"(well up to {good:g} mm), or hide the message in a host with more pixels"
        )
    if dpi < GOOD_DPI:
        return f"{seen}: it prints well up to {good:g} mm ({GOOD_DPI:.0f} dpi)"
    return None

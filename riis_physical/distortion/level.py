"""How much a container was distorted: in words, and as what modulates the couplings.

A model of pictures is conditioned on four numbers (section 3.6):

    noise     sqrt(sigma / 50)         sigma of Gaussian noise, in grey levels of 255
    poisson   sqrt(gain)               grey levels a photon; 1 is Poisson noise of 8-bit values
    jpeg      (100 - quality) / 100
    unknown   1 where nobody told the level, and 0

Roots, so that sigma 1 and sigma 10 are told apart as well as 10 and 30. Nothing is clamped: no
two levels look the same.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from riis_physical.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOISE_FULL_SCALE = 50.0
LEAST_SIGMA, LEAST_GAIN = 0.3, 0.05
"""Levels below these are not worth a word: rounding to 8 bits has a sigma of 0.3."""
KINDS = "none, sigma=10, poisson, jpeg=40 or blind"
_ITEM = re.compile(r"(none|blind|poisson|sigma|jpeg)(?:=(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?)?")
_BOUNDS = {"sigma": (0.0, 255.0), "jpeg": (1.0, 100.0), "poisson": (0.0, 16.0)}


@dataclass(frozen=True)
class Level:
    """Distortion of a container.

    Attributes:
        sigma: standard deviation of Gaussian noise, in grey levels of 255.
        gain: grey levels a photon of Poisson noise; 0 for none, 1 for the paper's.
        quality: 1 to 100 of JPEG; 100 for none.
        known: False where the level is not told to the model.
    """

    sigma: float = 0.0
    gain: float = 0.0
    quality: float = 100.0
    known: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """A level from words: `none`, `sigma=10`, `poisson`, `jpeg=40` or `blind`.

        Raises:
            ConfigError: none of these, or out of range.
        """
        drawn = Range.parse(text)
        if drawn.low != drawn.high:
            raise ConfigError(f"level {text!r} is a range: expected one of {KINDS}")
        return cls.of(drawn.kind, drawn.low)

    @classmethod
    def of(cls, kind: str, amount: float) -> Self:
        """The level of one kind of distortion."""
        match kind:
            case "sigma":
                return cls(sigma=amount)
            case "poisson":
                return cls(gain=amount)
            case "jpeg":
                return cls(quality=amount)
            case "blind":
                return cls(known=False)
        return cls()

    @classmethod
    def estimated(cls, values: Sequence[float]) -> Self:
        """The level that the first three of the four numbers stand for."""
        noise, poisson, jpeg = (float(v) for v in values)
        return cls(noise**2 * NOISE_FULL_SCALE, poisson**2, 100.0 * (1 - jpeg))

    def values(self) -> tuple[float, float, float, float]:
        """The four numbers; the unknown level tells nothing else."""
        if not self.known:
            return 0.0, 0.0, 0.0, 1.0
        noise = math.sqrt(self.sigma / NOISE_FULL_SCALE)
        return noise, math.sqrt(self.gain), (100.0 - self.quality) / 100.0, 0.0

    def __str__(self) -> str:
        """In words; without what an estimate makes of a clean picture."""
        if not self.known:
            return "blind"
        parts = [f"sigma={self.sigma:.3g}"] if self.sigma >= LEAST_SIGMA else []
        if self.gain >= LEAST_GAIN:
            parts.append("poisson" if self.gain == 1 else f"poisson={self.gain:.3g}")
        parts += [f"jpeg={self.quality:.3g}"] if self.quality < 100 else []
        return ", ".join(parts) or "none"


@dataclass(frozen=True)
class Range:
    """A kind of distortion, and between what amounts training draws it."""

    kind: str
    low: float
    high: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """As :meth:`Level.parse`; `sigma=0..50` and `jpeg=40..95` are drawn from between.

        Raises:
            ConfigError: no such distortion, or out of range.
        """
        match = _ITEM.fullmatch(text.strip())
        kind = match[1] if match else ""
        amount = match[2] if match else None
        needs = {"sigma": True, "jpeg": True, "none": False, "blind": False}
        if match is None or needs.get(kind, amount is not None) != (amount is not None):
            raise ConfigError(f"unknown distortion {text!r}: expected {KINDS}")
        if amount is None:
            return cls(kind, 1.0, 1.0)
        least, most = _BOUNDS.get(kind, (0.0, 0.0))
        low, high = float(amount), float(match[3] or amount)
        if not least <= low <= high <= most:
            raise ConfigError(f"distortion {text!r}: expected {least:g} to {most:g}, lower first")
        return cls(kind, low, high)

    def at(self, share: float, strength: float = 1.0) -> Level:
        """The level that a number in [0, 1] stands for: evenly in quality and in sqrt(sigma).

        Args:
            strength: factor on the distortion, 0 for none.
        """
        if self.kind == "sigma":
            root = math.sqrt(self.low) + share * (math.sqrt(self.high) - math.sqrt(self.low))
            return Level(sigma=root**2 * strength)
        amount = self.low + share * (self.high - self.low)
        if self.kind == "jpeg":
            return Level(quality=max(1.0, 100.0 - strength * (100.0 - amount)))
        return Level.of(self.kind, amount * strength)

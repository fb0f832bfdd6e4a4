"""Distorted containers for training: exact noise and JPEG, with gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import torch
from torch import Tensor

from riis_physical.channel.effects.jpeg import jpeg, round_through
from riis_physical.channel.packing import packed, unpacked
from riis_physical.distortion.level import Level, Range

FOURIER_TERMS = 10
Rounding = Literal["exact", "fourier"]


def fourier_round(value: Tensor) -> Tensor:
    """The paper's JPEG (section 3.5): rounding as the first terms of its Fourier series.

    From rounding it differs by up to 0.5 next to a step, 0.09 from 0.05 and 0.02 from 0.2 off
    it; its slope lies between -5 and 21. So a model meets coefficients that no codec stores.
    """
    total = torch.zeros_like(value)
    for k in range(1, FOURIER_TERMS + 1):
        total = total + (-1) ** (k + 1) / k * torch.sin(2 * math.pi * k * value)
    return value - total / math.pi


ROUNDINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "exact": round_through,
    "fourier": fourier_round,
}


def quantise(container: Tensor) -> Tensor:
    """Clamp to [0, 1] and round to 8 bits; gradients pass as if nothing was rounded."""
    clamped = container.clamp(0, 1)
    return clamped + (torch.round(clamped * 255) / 255 - clamped).detach()


def poisson(picture: Tensor, gain: Tensor, generator: torch.Generator) -> Tensor:
    """Exact Poisson noise on (B, C, H, W) in [0, 1] with a gradient.

    Counts are drawn from the Poisson distribution of the values themselves. The gradient is
    that of the same deviation in units of its standard deviation: x + sqrt(x g) d.

    Args:
        gain: (B,) grey levels of 255 a photon, above 0.
        generator: on the picture's device.
    """
    peak = (255 / gain)[:, None, None, None]
    mean = picture.clamp(0, 1)
    counts = torch.poisson(mean.detach() * peak, generator=generator) / peak
    spread = (mean.clamp_min(1e-3) / peak).sqrt()
    deviations = ((counts - mean) / spread).detach()
    smooth = mean + spread * deviations
    return smooth + (counts - smooth).detach()


@dataclass(frozen=True)
class Amounts:
    """How much each picture of a batch is distorted, as tensors on one device.

    Pictures of Poisson noise come first and those of JPEG last, so that both are slices.

    Attributes:
        sigma, gain, quality: (B,) as :class:`Level` has them. condition: (B, 4) what a model is
            told of it.
        shot, coded: how many pictures have Poisson noise, and JPEG.
    """

    sigma: Tensor
    gain: Tensor
    quality: Tensor
    condition: Tensor
    shot: int = 0
    coded: int = 0

    @classmethod
    def of(cls, levels: Sequence[Level]) -> Self:
        """Of levels in the order of :func:`draw_levels`.

        Raises:
            ValueError: another order.
        """
        if list(levels) != sorted(levels, key=_order):
            raise ValueError("expected levels of Poisson noise first and those of JPEG last")
        rows = [(one.sigma, one.gain, one.quality, *one.values()) for one in levels]
        return cls.unpacked(
            torch.tensor(rows),
            shot=sum(one.gain > 0 for one in levels),
            coded=sum(one.quality < 100 for one in levels),
        )

    def pack(self) -> Tensor:
        """All numbers as one (B, 7) float32, to be sent in one copy."""
        return packed([self.sigma, self.gain, self.quality, self.condition])

    @classmethod
    def unpacked(cls, pack: Tensor, shot: int, coded: int) -> Self:
        """The inverse of :meth:`pack`, as views of it."""
        sigma, gain, quality, condition = unpacked(pack, ((), (), (), (4,)))
        return cls(sigma, gain, quality, condition, shot, coded)


def _order(level: Level) -> int:
    return 0 if level.gain > 0 else 2 if level.quality < 100 else 1


def draw_levels(
    ranges: Sequence[Range], count: int, strength: float, rng: np.random.Generator
) -> list[Level]:
    """A distortion for each of `count` pictures, each kind equally likely; see :class:`Amounts`.

    Args:
        strength: factor on the distortion, 0 for none.
    """
    drawn = [ranges[int(rng.integers(len(ranges)))] for _ in range(count)]
    return sorted((one.at(float(rng.random()), strength) for one in drawn), key=_order)


def distorted(
    container: Tensor,
    amounts: Amounts,
    noise: Tensor,
    photons: torch.Generator,
    rounding: Rounding = "exact",
) -> Tensor:
    """Containers (B, C, H, W) in [0, 1], C 1 or 3, distorted: photons, noise, JPEG, 8 bits.

    Args:
        noise: (B, C, H, W) standard normal.
        photons: draws Poisson noise, on the containers' device.
        rounding: of the JPEG's coefficients.
    """
    received, shot, plain = container, amounts.shot, len(container) - amounts.coded
    if shot:
        photographed = poisson(received[:shot], amounts.gain[:shot], photons)
        received = torch.cat([photographed.to(received.dtype), received[shot:]])
    received = received + (amounts.sigma / 255)[:, None, None, None] * noise
    if amounts.coded:
        quality, codec = amounts.quality[plain:], ROUNDINGS[rounding]
        coded = jpeg(quantise(received[plain:]), quality, rounding=codec)
        received = torch.cat([received[:plain], coded.to(received.dtype)])
    return quantise(received)

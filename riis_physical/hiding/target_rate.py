"""The weakest strength of hiding at which simulated captures of a container read as wanted.

Captures are simulated as in training: the container printed or shown, photographed and
rectified with corners that are a little wrong. All strengths see the same captures, so
that they differ by the strength alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel import capture_rectified, condition_of, sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.errors import ConfigError, HostError
from riis_physical.hiding.plan import steadied
from riis_physical.hiding.strength.draws import DISPLAY_PX, Scene, reaching
from riis_physical.hiding.strength.least import Aim, choose
from riis_physical.hiding.strength.need import needed_information
from riis_physical.metrics import wilson_interval
from riis_physical.model.condition import denormalise_condition
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.reading import read_revealed

__all__ = [
    "DISPLAY_PX",
    "STRENGTHS",
    "Captures",
    "Chosen",
    "Rate",
    "choose_strength",
    "read_capture",
]

STRENGTHS = (
    0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1, 1.2,
    1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0,
)  # fmt: skip
DEFAULT_CAPTURES = 60

_CAPTURE_SEED = 1_000_000  # apart from those of the draws that predict

Tell = Callable[[], None]


@dataclass(frozen=True)
class Rate:
    """Captures that read, with the Wilson interval at 95 %."""

    hits: int
    trials: int

    @property
    def share(self) -> float:
        return self.hits / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.hits, self.trials)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.hits} of {self.trials} ({self.share:.1%}, "
            f"95 % interval {low:.1%} to {high:.1%})"
        )


@dataclass(frozen=True)
class Chosen:
    """A strength and the rate at which fresh captures read with it."""

    strength: float
    rate: Rate


class Captures:
    """The same simulated captures of one host at any strength."""

    def __init__(
        self,
        scene: Scene,
        residual: FloatArray,
        ranges: ChannelRanges,
        medium: str,
        count: int,
        seed: int,
        tell: Tell = lambda: None,
        knowledge: Knowledge = NOTHING,
    ) -> None:
        self.knowledge = knowledge
        self.scene, self.residual, self.count = scene, residual, count
        self.ranges, self.medium, self.seed, self.tell = ranges, medium, seed, tell

    def params(self, number: int) -> ChannelParams:
        generator = torch.Generator().manual_seed(self.seed + number)
        params = sample_params(
            self.ranges, 1, generator, medium=self.medium, modules_total=self.scene.code.size
        )
        return params.override(aspect=self.scene.aspect)

    def rate(self, strength: float) -> Rate:
        """How many read at a strength."""
        scene = self.scene
        with torch.no_grad():
            container = scene.container(scene.tensor(self.residual * np.float32(strength)))
        hits = 0
        for number in range(self.count):
            payload = read_capture(
                container.cpu(),
                self.params(number),
                scene.code.version,
                scene.revealer,
                self.knowledge,
            )
            hits += payload == scene.code.payload
            self.tell()
        return Rate(hits, self.count)


def read_capture(
    container: torch.Tensor,
    params: ChannelParams,
    version: int,
    revealer: Revealer,
    knowledge: Knowledge = NOTHING,
) -> bytes | None:
    """The message in one simulated capture of a container of a known QR version.

    Args:
        container: (1, 3, S, S) float32 sRGB in [0, 1].
        params: of one item; its aspect is the container's.
        knowledge: what readers know.
    """
    side = (17 + 4 * version) * revealer.module_px
    with torch.no_grad():
        seen = capture_rectified(container, params, (side, side))
        true = denormalise_condition(condition_of(params)[0])
    frame = seen[0].permute(1, 2, 0).contiguous().numpy()
    condition = revealer.estimate(frame, true.jpeg_quality, true.scale_px)
    revealed = revealer.reveal(frame[None], [condition])
    reading = read_revealed(
        revealed.logits[0], revealed.picture[0], version, knowledge, thorough=True
    )
    return None if reading is None else reading.payload


def choose_strength(
    host: UInt8Image,
    message: str | bytes,
    *,
    revealer: Revealer,
    target: float,
    ranges: str | ChannelRanges = "normal",
    medium: str = "mixed",
    reach_px: int | None = None,
    captures: int = DEFAULT_CAPTURES,
    seed: int = 0,
    knowledge: Knowledge = NOTHING,
    tell: Tell = lambda: None,
) -> Chosen:
    """The weakest of STRENGTHS at which a host's simulated captures read at a rate.

    It starts where :func:`riis_physical.hiding.strength.least.choose` predicts, without its margin,
    and goes down while whole captures still read as wanted, or up until they do.

    Args:
        host: uint8 (H, W, 3).
        message: as :func:`riis_physical.hiding.hide` takes it.
        target: wanted share of captures that read, above 0 and below 1.
        ranges: preset of the channel or ranges, of a profile for example.
        medium: print, screen or mixed.
        reach_px: least width in the photo; None: that of the ranges.
        captures: simulated at each strength, the same ones.
        seed: of the captures.
        knowledge: what readers know.
        tell: called after each capture.

    Raises:
        ConfigError: target or captures out of range.
        HostError: not even the greatest strength reaches the rate.
        MessageError: as hide.
    """
    if not 0 < target < 1 or captures < 10:
        raise ConfigError(
            f"target rate {target:g} with {captures} captures: expected a rate above 0 and "
            "below 1, and at least 10 captures"
        )
    scene = Scene(host, encode(message), revealer)
    residual = steadied(revealer.embed(scene.frame, scene.code.modules))
    aim = Aim(
        rate=target,
        ranges=ranges,
        medium=medium,
        reach_px=reach_px,
        margin=0.0,
        needed=needed_information(scene.code, knowledge),
    )
    predicted = choose(scene, residual, aim).strength
    drawn = Captures(
        scene, residual, reaching(ranges, reach_px), medium, captures, seed + _CAPTURE_SEED,
        tell, knowledge,
    )  # fmt: skip
    place = int(np.argmin([abs(math.log(one / predicted)) for one in STRENGTHS]))
    rate, rising = drawn.rate(STRENGTHS[place]), False
    while rate.share < target:
        if place == len(STRENGTHS) - 1:
            raise HostError(
                f"at strength {STRENGTHS[-1]:g}, the greatest, simulated captures read {rate}: "
                f"less than the {target:.1%} wanted. Shorten the message, choose a host with "
                "more mid-tones, or a lower --target-rate"
            )
        place += 1
        rate = drawn.rate(STRENGTHS[place])
        rising = True
    while not rising and place > 0:
        weaker = drawn.rate(STRENGTHS[place - 1])
        if weaker.share < target:
            break
        place, rate = place - 1, weaker
    return Chosen(STRENGTHS[place], rate)

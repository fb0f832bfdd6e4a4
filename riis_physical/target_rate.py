"""The weakest strength of hiding at which simulated captures of a container read as wanted.

Captures are simulated as in training: the container printed or shown, photographed and
rectified with corners that are a little wrong. All strengths see the same captures, so
that they differ by the strength alone; the strength found is confirmed on others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel import capture_rectified, condition_of, sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.condition import denormalise_condition
from riis_physical.errors import ConfigError, HostError
from riis_physical.hiding import resampling_matrix, to_frame
from riis_physical.metrics import wilson_interval
from riis_physical.qr.encode import QrCode, encode
from riis_physical.qr.reading import read_revealed
from riis_physical.revealer import Revealer

STRENGTHS = (
    0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0,
)  # fmt: skip
DISPLAY_PX = 10  # container pixels a module in the simulation
DEFAULT_CAPTURES = 60

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


class _Captures:
    """The same simulated captures of one host at any strength."""

    def __init__(
        self,
        host: UInt8Image,
        code: QrCode,
        revealer: Revealer,
        ranges: str | ChannelRanges,
        medium: str,
        count: int,
        seed: int,
        tell: Tell,
    ) -> None:
        frame_side, side = code.size * revealer.module_px, code.size * DISPLAY_PX
        frame = to_frame(host, frame_side)
        grow = resampling_matrix(side, frame_side)
        residual = revealer.embed(frame, code.modules)
        self.residual: FloatArray = np.einsum(
            "ar,rcx,bc->abx", grow, residual, grow, optimize=True
        ).astype(np.float32)
        self.host = np.asarray(
            cv2.resize(host.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA) / 255,
            np.float32,
        )
        self.code, self.revealer, self.count = code, revealer, count
        self.ranges, self.medium, self.seed, self.tell = ranges, medium, seed, tell
        self.aspect = host.shape[0] / host.shape[1]

    def params(self, number: int) -> ChannelParams:
        generator = torch.Generator().manual_seed(self.seed + number)
        params = sample_params(
            self.ranges, 1, generator, medium=self.medium, modules_total=self.code.size
        )
        return params.override(aspect=self.aspect)

    def rate(self, strength: float) -> Rate:
        """How many read at a strength."""
        picture = np.rint(np.clip(self.host + strength * self.residual, 0, 1) * 255) / 255
        container = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
        hits = 0
        for number in range(self.count):
            payload = read_capture(container, self.params(number), self.code.version, self.revealer)
            hits += payload == self.code.payload
            self.tell()
        return Rate(hits, self.count)


def read_capture(
    container: torch.Tensor, params: ChannelParams, version: int, revealer: Revealer
) -> bytes | None:
    """The message in one simulated capture of a container of a known QR version.

    Args:
        container: (1, 3, S, S) float32 sRGB in [0, 1].
        params: of one item; its aspect is the container's.
    """
    side = (17 + 4 * version) * revealer.module_px
    with torch.no_grad():
        seen = capture_rectified(container, params, (side, side))
        true = denormalise_condition(condition_of(params)[0])
    frame = seen[0].permute(1, 2, 0).contiguous().numpy()
    condition = revealer.estimate(frame, true.jpeg_quality, true.scale_px)
    revealed = revealer.reveal(frame[None], [condition])
    reading = read_revealed(revealed.logits[0], revealed.picture[0], version)
    return None if reading is None else reading.payload


def choose_strength(
    host: UInt8Image,
    message: str | bytes,
    *,
    revealer: Revealer,
    target: float,
    ranges: str | ChannelRanges = "normal",
    medium: str = "mixed",
    captures: int = DEFAULT_CAPTURES,
    seed: int = 0,
    tell: Tell = lambda: None,
) -> Chosen:
    """The weakest of STRENGTHS at which a host's simulated captures read at a rate.

    Args:
        host: uint8 (H, W, 3).
        message: as :func:`riis_physical.hiding.hide` takes it.
        target: wanted share of captures that read, above 0 and below 1.
        ranges: preset of the channel or ranges, of a profile for example.
        medium: print, screen or mixed.
        captures: simulated for the search at each strength, and as many again to confirm.
        seed: of the captures.
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
    code = encode(message)

    def captured(first: int) -> _Captures:
        return _Captures(host, code, revealer, ranges, medium, captures, first, tell)

    searched, fresh = captured(seed), captured(seed + 1_000_000)
    low, high = 0, len(STRENGTHS)  # the first that reads as wanted is in low .. high
    while low < high:
        middle = (low + high) // 2
        if searched.rate(STRENGTHS[middle]).share >= target:
            high = middle
        else:
            low = middle + 1
    rate = None
    for strength in STRENGTHS[low:]:
        rate = fresh.rate(strength)
        if rate.share >= target:
            return Chosen(strength, rate)
    rate = rate or searched.rate(STRENGTHS[-1])
    raise HostError(
        f"at strength {STRENGTHS[-1]:g}, the greatest, simulated captures read {rate}: less "
        f"than the {target:.1%} wanted. Shorten the message, choose a host with more mid-tones, "
        "or a lower --target-rate"
    )

"""Schedules of a run, over its steps or over a time that it was given.

All but the steering are plain functions of the place in the run: of its step, or, where the
run has so many minutes, of the share of them that is gone, in steps of the configuration. So
a run of minutes goes through the same schedule however fast its machine is.
"""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor

from training.hiding.config import TrainConfig

MOST_WEIGHT = 3000.0
"""Of the container loss, where it is steered."""


class Clock:
    """Where a run stands in its schedule.

    Attributes:
        seconds: that the run has taken, earlier parts of it included.
    """

    def __init__(self, config: TrainConfig, seconds: float = 0.0, started: float = 0.0) -> None:
        """A clock that goes on from `seconds`.

        Args:
            started: of this part of the run, by time.monotonic; 0 for now.
        """
        self.config = config
        self.seconds = seconds
        self._zero = (started or time.monotonic()) - seconds
        self._pace = 0.0

    def read(self, shared: float | None = None) -> float:
        """Take in the time that is gone, which the schedule then goes by; returns it.

        Args:
            shared: the time that the processes of a run agreed on, None to look here.
        """
        before = self.seconds
        self.seconds = self.now() if shared is None else shared
        self._pace = self.seconds - before
        return self.seconds

    def now(self) -> float:
        """Seconds that the run has taken by now."""
        return time.monotonic() - self._zero

    def place(self, step: int) -> float:
        """Place in the schedule, in steps of the configuration."""
        if self.config.minutes is None:
            return float(step)
        return min(1.0, self.seconds / (60 * self.config.minutes)) * self.config.steps

    def over(self, step: int, reserve: float = 0.0) -> bool:
        """Whether the run is at its end: no time is left for another reading of the clock.

        Args:
            reserve: seconds that what comes after the last step takes.
        """
        if self.config.minutes is None:
            return step >= self.config.steps
        return self.seconds + self._pace + reserve >= 60 * self.config.minutes


def ramp_position(config: TrainConfig, place: float) -> float:
    """0 before the ramp, 1 after it."""
    return min(1.0, max(0.0, (place - config.secret_first) / config.ramp))


def channel_strength(config: TrainConfig, place: float) -> float:
    """Channel strength at this place; it reaches its end at two thirds of the ramp."""
    return config.strength_final * min(1.0, 1.5 * ramp_position(config, place))


def psnr_target_db(config: TrainConfig, place: float) -> float:
    """Container PSNR to steer to."""
    position = ramp_position(config, place)
    return config.psnr_start + (config.psnr_final - config.psnr_start) * position


def learning_rate(config: TrainConfig, place: float) -> float:
    """Linear warm-up, constant, then a cosine to 2 % of the peak."""
    warm = min(1.0, (place + 1) / max(1, config.warmup))
    start = config.decay_from * config.steps
    if place <= start:
        return config.learning_rate * warm
    position = min(1.0, (place - start) / max(1.0, config.steps - start))
    return config.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * position)))


class ContainerSteering:
    """Steer the container loss's weight so that what is held stays at its target, or hold it.

    Held is the PSNR of containers, or the share of modules that are right: above it the
    weight rises and containers show less. A weight that is steered stays at its lower bound
    while the secret is learnt first. Its logarithm then moves by the configured rate a step
    for each dB, or percentage point, that is off. It lives on the device: nothing is read back.

    Attributes:
        weight: () of the container loss.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device | str = "cpu",
        weight: float | Tensor | None = None,
    ) -> None:
        """Begin at a weight, by default the configuration's."""
        self.config = config
        begun = config.lambda_container
        if weight is not None and config.steer:  # a held one stays, also where a run goes on
            begun = float(weight)
        self.weight = torch.full((), begun, device=device)
        self._least = torch.full((), config.least_weight, device=device)

    def at(self, place: float) -> Tensor:
        """Weight of the container loss at this place."""
        early = self.config.steer and place < self.config.secret_first
        return self._least if early else self.weight

    @torch.no_grad()
    def update(self, place: float, psnr_db: Tensor, held_accuracy: Tensor | None = None) -> None:
        """Take in what this step's containers had; what is not finite changes nothing.

        Args:
            held_accuracy: share of modules right of the items that are looked at, NaN where
                the batch has none.
        """
        c = self.config
        if not c.steer or place < c.secret_first:
            return
        if c.hold == "accuracy" and held_accuracy is not None:
            error = (held_accuracy - c.accuracy_final) * 100
        else:
            error = psnr_target_db(c, place) - psnr_db
        error = error.nan_to_num(0.0, 0.0, 0.0).clamp(-6.0, 6.0)
        moved = self.weight.mul_((c.control_rate * error).exp())
        moved.clamp_(c.least_weight, MOST_WEIGHT)

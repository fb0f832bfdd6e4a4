"""Curriculum: secret first, then the channel's strength and the container's PSNR ramp up."""

from __future__ import annotations

import math

from training.hiding.config import TrainConfig

WEIGHT_RANGE = (2.0, 3000.0)


def ramp_position(config: TrainConfig, step: int) -> float:
    """0 before the ramp, 1 after it."""
    return min(1.0, max(0.0, (step - config.secret_first) / config.ramp))


def channel_strength(config: TrainConfig, step: int) -> float:
    """Channel strength at this step; it reaches its end at two thirds of the ramp."""
    return config.strength_final * min(1.0, 1.5 * ramp_position(config, step))


def psnr_target_db(config: TrainConfig, step: int) -> float:
    """Container PSNR to steer to."""
    position = ramp_position(config, step)
    return config.psnr_start + (config.psnr_final - config.psnr_start) * position


def learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, constant, then a cosine to 2 % of the peak."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    start = config.decay_from * config.steps
    if step <= start:
        return config.learning_rate * warm
    position = min(1.0, (step - start) / max(1.0, config.steps - start))
    return config.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * position)))


class ContainerSteering:
    """Steer the container loss's weight so that the PSNR follows its target, or hold it.

    A weight that is steered stays at its lower bound while the secret is learnt first. Its
    logarithm then moves by the configured rate a step for each dB that the
    container is off.
    """

    def __init__(self, config: TrainConfig, weight: float | None = None) -> None:
        self.config = config
        self.weight = config.lambda_container if weight is None else weight

    def at(self, step: int) -> float:
        """Weight of the container loss in this step."""
        if not self.config.steer:
            return self.config.lambda_container
        return WEIGHT_RANGE[0] if step < self.config.secret_first else self.weight

    def update(self, step: int, psnr_db: float) -> None:
        """Take in the PSNR that this step's containers had."""
        wanted = self.config.steer and step >= self.config.secret_first
        if not (wanted and math.isfinite(psnr_db)):
            return
        error = min(6.0, max(-6.0, psnr_target_db(self.config, step) - psnr_db))
        weight = self.weight * math.exp(self.config.control_rate * error)
        self.weight = min(WEIGHT_RANGE[1], max(WEIGHT_RANGE[0], weight))

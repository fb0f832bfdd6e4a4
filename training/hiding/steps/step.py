"""One training step as a module: hide, channel, reveal, losses (paper section 3.5).

A step is a function of tensors that lie on the device: it reads no value back and sends no
constant, so that a GPU never waits for it. A physical one draws no numbers either, and can be
repeated as one captured graph; a digital one draws photons, which depend on the container.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from riis_physical.channel.constants import constant
from riis_physical.channel.plan import CapturePlan
from riis_physical.channel.simulate import capture_planned
from riis_physical.distortion.level import Level
from riis_physical.distortion.simulated import Amounts, distorted, quantise
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import HidingNetwork, Revealed
from training.baselines import Baseline
from training.hiding.config import TrainConfig
from training.hiding.material.batches import Batch
from training.hiding.steps.losses import (
    container_loss,
    distribution_loss,
    image_reveal_loss,
    low_frequency_loss,
    paper_container_loss,
    reveal_loss,
    tail_weights,
    visibility_mask,
)

CONDITION_JITTER = 0.1
"""Deviation of the error put on true distortion levels, which an estimate will have too."""


TRUSTED = 0.7
"""Share of items that are conditioned on the estimated level, the rest on the true one."""


@dataclass(frozen=True)
class StepNoise:
    """What is random in a step, on its device.

    Attributes:
        sensor: (B, C, H, W) standard normal, of the capture or the received file.
        level: (B, 4) standard normal.
        trust: (B, 1) uniform in [0, 1). z: as the network projects h_f to, standard normal.
        photons: draws Poisson noise.
    """

    sensor: Tensor
    level: Tensor
    trust: Tensor
    z: Tensor
    photons: torch.Generator


def draw_noise(
    received: tuple[int, ...],
    frame: tuple[int, ...],
    model: ModelConfig,
    generator: torch.Generator,
) -> StepNoise:
    """Noise of a step, on the generator's device.

    Args:
        received: (B, C, H, W) of the capture or file. frame: (h, w) of what is revealed.
    """
    batch, device = received[0], generator.device
    bands = [side // 2**model.host_levels for side in frame]

    def normal(*shape: int) -> Tensor:
        return torch.randn(batch, *shape, generator=generator, device=device)

    return StepNoise(
        sensor=normal(*received[1:]),
        level=normal(4),
        trust=torch.rand(batch, 1, generator=generator, device=device),
        z=normal(model.c_secret, *bands),
        photons=generator,
    )


@dataclass(frozen=True)
class StepOutput:
    """What a step gives: losses and figures by name, and pictures to look at."""

    loss: Tensor
    figures: dict[str, Tensor]
    host: Tensor
    container: Tensor
    rectified: Tensor
    revealed: Revealed


def psnr_db(container: Tensor, host: Tensor) -> Tensor:
    """Mean over the batch of the container's PSNR in dB."""
    error = (container.detach() - host).pow(2).mean(dim=(1, 2, 3)).clamp_min(1e-10)
    return (-10 * torch.log10(error)).mean()


def compose(
    network: HidingNetwork | Baseline,
    host: Tensor,
    secret: Tensor,
    side: int,
    strength: float = 1.0,
) -> tuple[Tensor, ...]:
    """Hide at the model's resolution and add the residual to the larger host.

    Args:
        host: (B, 3, H, W) at display resolution.
        side: model frame's side in pixels.
        strength: factor on the residual.

    Returns:
        The 8-bit container at display resolution, the host at the model's, and z.
    """
    frame = F.interpolate(host, (side, side), mode="bilinear", antialias=True)
    hidden = network.hide(frame, secret)
    residual = hidden.container - frame
    if strength != 1:
        residual = residual * strength
    if host.shape[-1] != side:
        residual = F.interpolate(
            residual, host.shape[-2:], mode="bicubic", align_corners=False, antialias=True
        )
    return quantise(host + residual), frame, hidden.z


class TrainingStep(nn.Module):
    """Losses of one batch; wrapped as one module so that data parallelism works."""

    def __init__(self, network: HidingNetwork | Baseline, config: TrainConfig) -> None:
        super().__init__()
        self.network = network
        self.config = config

    def forward(self, batch: Batch, container_weight: Tensor, noise: StepNoise) -> StepOutput:
        """Losses and figures of a batch.

        Args:
            container_weight: () of the container loss.
        """
        if isinstance(batch.plan, Amounts):
            return self._digital(batch, batch.plan, container_weight, noise)
        return self._physical(batch, batch.plan, container_weight, noise)

    def _physical(
        self, batch: Batch, plan: CapturePlan, container_weight: Tensor, noise: StepNoise
    ) -> StepOutput:
        c, network = self.config, self.network
        assert isinstance(network, HidingNetwork)  # as the configuration checks
        host, secret = batch.host, batch.secret
        side = plan.frame_size[0]
        container, frame, z = compose(network, host, secret, side)
        rectified = capture_planned(container, plan, noise.sensor)
        true = plan.condition
        estimated = network.estimate_condition(rectified.detach())
        level = (true + noise.level * CONDITION_JITTER).clamp(0, 1)
        trusted = torch.where(noise.trust < TRUSTED, estimated.detach(), level[:, :3])
        level = torch.cat([trusted, level[:, 3:]], dim=1)
        revealed = network.reveal_from(rectified, level, noise.z)

        clean = F.interpolate(container, (side, side), mode="bilinear", antialias=True)
        nats, picture = reveal_loss(revealed.logits, revealed.picture, secret)
        weights = tail_weights(nats.detach(), c.tails, c.tail_nats, c.tail_width)
        con = container_loss(
            container,
            host,
            c.chroma,
            c.coarse,
            mask=visibility_mask(host, c.mask_power),
            peaks=c.peaks,
            contrast=c.contrast,
        )
        enhance = F.mse_loss(revealed.enhanced, clean.detach())
        distribution = distribution_loss(z)
        host_error = F.mse_loss(revealed.host, frame)
        estimate = F.mse_loss(estimated, true[:, :3])
        reveal = (weights * nats).mean() + c.lambda_picture * picture + c.lambda_host * host_error
        loss = (
            c.lambda_reveal * reveal
            + container_weight * con
            + c.lambda_enhance * enhance
            + c.lambda_distribution * distribution
            + estimate
        )
        right = ((revealed.logits > 0) == (secret[:, 0] > 0)).float().mean(dim=(1, 2))
        figures = {
            "loss": loss,
            "modules_nats": nats.mean(),
            "container": con,
            "enhance": enhance,
            "distribution": distribution,
            "estimate": estimate,
            "module_accuracy": right.mean(),
            "held_accuracy": (right * batch.held).sum() / batch.held.sum(),
            "psnr_db": psnr_db(container, host),
        }
        return StepOutput(
            loss, _detached(figures), host, container.detach(), rectified.detach(), revealed
        )

    def _digital(
        self, batch: Batch, amounts: Amounts, container_weight: Tensor, noise: StepNoise
    ) -> StepOutput:
        c, network = self.config, self.network
        host, secret, true = batch.host, batch.secret, amounts.condition
        hidden = network.hide(host, secret)
        container = quantise(hidden.container)
        received = distorted(container, amounts, noise.sensor, noise.photons, c.jpeg)
        estimated = network.estimate_condition(received.detach())
        level = self._told(true, estimated.detach(), noise.trust)
        revealed = network.reveal_from(received, level, noise.z.to(hidden.z.dtype))
        reveal = image_reveal_loss(revealed.picture, secret, revealed.host, host, c.lambda_host)
        con = paper_container_loss(container, host)
        if c.lambda_low:
            low = low_frequency_loss(container, host, 2**c.model.host_levels)
            con = con + c.lambda_low * low
        enhance = F.mse_loss(revealed.enhanced, container.detach())
        distribution = distribution_loss(hidden.z)
        estimate = F.mse_loss(estimated, true[:, :3].clamp(0, 1))
        loss = (
            c.lambda_reveal * reveal
            + container_weight * con
            + c.lambda_enhance * enhance
            + c.lambda_distribution * distribution
            + estimate
        )
        figures = {
            "loss": loss,
            "container": con,
            "enhance": enhance,
            "distribution": distribution,
            "estimate": estimate,
            "secret_psnr_db": psnr_db(revealed.picture.clamp(0, 1), secret),
            "psnr_db": psnr_db(container, host),
        }
        return StepOutput(
            loss, _detached(figures), host, container.detach(), received.detach(), revealed
        )

    def _told(self, true: Tensor, estimated: Tensor, share: Tensor) -> Tensor:
        """The level (B, 4) that the model is told: true, estimated, or that it is unknown.

        A model is validated with what it is told most.

        Args:
            share: (B, 1) uniform in [0, 1).
        """
        c = self.config
        if not self.training:
            share = torch.full_like(share, 0.0 if c.untold > 0.5 else 1.0)
        blind = constant(Level(known=False).values(), true.device)
        seen = torch.cat([estimated, true[:, 3:]], dim=1)
        level = torch.where(share < c.untold + c.estimated, seen, true)
        return torch.where(share < c.untold, blind, level)


def _detached(figures: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in figures.items()}

"""One training step as a module: hide, channel, reveal, losses (paper section 3.5).

A physical step is a function of tensors that lie on the device: it reads no value back,
sends no constant and draws no numbers, so that a GPU never waits for it and can repeat it
as one captured graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from riis_physical.channel.plan import CapturePlan
from riis_physical.channel.simulate import capture_planned
from riis_physical.distortion.level import Level
from riis_physical.distortion.simulated import distort, quantise
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
    """What is random in a physical step, on its device.

    Attributes:
        sensor: (B, 3, H, W) standard normal, of the capture. level: (B, 4) standard normal.
        trust: (B, 1) uniform in [0, 1). z: as the network projects h_f to, standard normal.
    """

    sensor: Tensor
    level: Tensor
    trust: Tensor
    z: Tensor


def draw_noise(plan: CapturePlan, model: ModelConfig, generator: torch.Generator) -> StepNoise:
    """Noise of a step, on the generator's device."""
    batch, device = plan.ratio.shape[0], generator.device
    bands = [side // model.module_px for side in plan.frame_size]

    def normal(*shape: int) -> Tensor:
        return torch.randn(batch, *shape, generator=generator, device=device)

    return StepNoise(
        sensor=normal(3, *plan.canvas),
        level=normal(4),
        trust=torch.rand(batch, 1, generator=generator, device=device),
        z=normal(model.c_secret, *bands),
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

    def forward(
        self, batch: Batch, container_weight: Tensor, noise: StepNoise | None = None
    ) -> StepOutput:
        """Losses and figures of a batch.

        Args:
            container_weight: () of the container loss.
            noise: of the physical channel; the digital one draws its own by the batch's seed.
        """
        if batch.plan is None:
            generator = torch.Generator().manual_seed(batch.seed)
            return self._digital(
                batch.host, batch.secret, batch.strength, container_weight, generator
            )
        assert noise is not None
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
        self,
        host: Tensor,
        secret: Tensor,
        strength: float,
        container_weight: Tensor,
        generator: torch.Generator,
    ) -> StepOutput:
        c, network = self.config, self.network
        hidden = network.hide(host, secret)
        container = quantise(hidden.container)
        received, levels = distort(container, c.ranges(), strength, generator, c.jpeg)
        true = torch.tensor([level.values() for level in levels]).to(host)
        estimated = network.estimate_condition(received.detach())
        level = self._told(true, estimated.detach(), generator)
        z = torch.randn(hidden.z.shape, generator=generator).to(hidden.z)
        revealed = network.reveal_from(received, level, z)
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

    def _told(self, true: Tensor, estimated: Tensor, generator: torch.Generator) -> Tensor:
        """The level (B, 4) that the model is told: true, estimated, or that it is unknown.

        A model is validated with what it is told most.
        """
        c = self.config
        share = torch.rand(len(true), 1, generator=generator).to(true.device)
        if not self.training:
            share = share.fill_(0.0 if c.untold > 0.5 else 1.0)
        blind = torch.tensor(Level(known=False).values()).to(true)
        seen = torch.cat([estimated, true[:, 3:]], dim=1)
        level = torch.where(share < c.untold + c.estimated, seen, true)
        return torch.where(share < c.untold, blind, level)


def _detached(figures: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in figures.items()}

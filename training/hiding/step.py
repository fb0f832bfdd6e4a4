"""One training step as a module: hide, channel, reveal, losses (paper section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from riis_physical.channel import capture_rectified, condition_of, sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.distortion.level import Level
from riis_physical.distortion.simulated import distort, quantise
from riis_physical.model.network import HidingNetwork, Revealed
from riis_physical.profile import load_profile
from training.baselines import Baseline
from training.hiding.config import TrainConfig
from training.hiding.losses import (
    container_loss,
    distribution_loss,
    image_reveal_loss,
    low_frequency_loss,
    paper_container_loss,
    reveal_loss,
)

CONDITION_JITTER = 0.1
"""Deviation of the error put on true distortion levels, which an estimate will have too."""


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
    network: HidingNetwork | Baseline, host: Tensor, secret: Tensor, side: int
) -> tuple[Tensor, ...]:
    """Hide at the model's resolution and add the residual to the larger host.

    Args:
        host: (B, 3, H, W) at display resolution.
        side: model frame's side in pixels.

    Returns:
        The 8-bit container at display resolution, the host at the model's, and z.
    """
    frame = F.interpolate(host, (side, side), mode="bilinear", antialias=True)
    hidden = network.hide(frame, secret)
    residual = hidden.container - frame
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
        self,
        host: Tensor,
        secret: Tensor,
        params: ChannelParams | None,
        strength: float,
        container_weight: float,
        rng_seed: int,
    ) -> StepOutput:
        generator = torch.Generator().manual_seed(rng_seed)
        if self.config.channel == "digital":
            return self._digital(host, secret, strength, container_weight, generator)
        assert params is not None
        return self._physical(host, secret, params, container_weight, generator)

    def _physical(
        self,
        host: Tensor,
        secret: Tensor,
        params: ChannelParams,
        container_weight: float,
        generator: torch.Generator,
    ) -> StepOutput:
        c, network = self.config, self.network
        side = secret.shape[-1] * network.config.module_px
        container, frame, z = compose(network, host, secret, side)
        rectified = capture_rectified(container, params, frame_size=(side, side))
        true = condition_of(params).to(host)
        estimated = network.estimate_condition(rectified.detach())
        noise = torch.randn(true.shape, generator=generator).to(true) * CONDITION_JITTER
        level = (true + noise).clamp(0, 1)
        trust = (torch.rand(len(true), 1, generator=generator) < 0.7).to(true.device)
        level = torch.cat(
            [torch.where(trust, estimated.detach(), level[:, :3]), level[:, 3:]], dim=1
        )
        z_sampled = torch.randn(z.shape, generator=generator).to(z)
        revealed = network.reveal_from(rectified, level, z_sampled)

        clean = F.interpolate(container, (side, side), mode="bilinear", antialias=True)
        modules, picture = reveal_loss(revealed.logits, revealed.picture, secret)
        con = container_loss(container, host, c.chroma, c.coarse)
        enhance = F.mse_loss(revealed.enhanced, clean.detach())
        distribution = distribution_loss(z)
        host_error = F.mse_loss(revealed.host, frame)
        estimate = F.mse_loss(estimated, true[:, :3])
        reveal = modules + c.lambda_picture * picture + c.lambda_host * host_error
        loss = (
            c.lambda_reveal * reveal
            + container_weight * con
            + c.lambda_enhance * enhance
            + c.lambda_distribution * distribution
            + estimate
        )
        right = ((revealed.logits > 0) == (secret[:, 0] > 0)).float()
        figures = {
            "loss": loss,
            "modules_nats": modules,
            "container": con,
            "enhance": enhance,
            "distribution": distribution,
            "estimate": estimate,
            "module_accuracy": right.mean(),
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
        container_weight: float,
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


def draw_params(
    config: TrainConfig, modules: int, batch: int, strength: float, seed: int
) -> ChannelParams:
    """Channel parameters for patches of so many modules along a side.

    With profiles each item is drawn from one of them, in its medium.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(ranges: str | ChannelRanges, items: int, medium: str) -> ChannelParams:
        return sample_params(
            ranges,
            batch=items,
            generator=generator,
            medium=medium,
            strength=strength,
            modules_total=config.modules_total,
            modules_patch=modules,
        )

    if not config.profiles:
        return draw(config.preset, batch, "mixed")
    of = torch.randint(len(config.profiles), (batch,), generator=generator)
    parts = []
    for number, source in enumerate(config.profiles):
        profile, items = load_profile(source), int((of == number).sum())
        if items:
            parts.append(draw(profile.ranges(), items, profile.medium))
    return ChannelParams.joined(parts)

"""The hiding network: hide a secret in a host, reveal it from a distorted container."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from riis_physical.flow import (
    ConditionNetwork,
    ContainerEnhancement,
    CopySource,
    GaussianSource,
    HaarSqueeze,
    InvertibleFlow,
    NoiseProjection,
    ResidualSource,
)
from riis_physical.model.config import ModelConfig
from riis_physical.model.estimator import ConditionEstimator
from riis_physical.model.shapes import filled

C_CONDITION = 4


class Hidden(NamedTuple):
    """What hiding gives.

    Attributes:
        container: (B, 3, H, W), host plus hidden residual, not clamped.
        h_f: (B, c_secret, h, w) high-frequency part, which is thrown away.
        z: h_f projected to (nearly) Gaussian noise.
        log_det: (B,) log-determinant of [secret, host] -> [z, y].
    """

    container: Tensor
    h_f: Tensor
    z: Tensor
    log_det: Tensor


class Revealed(NamedTuple):
    """What revealing gives.

    Attributes:
        picture: (B, C, H', W') secret picture; modules are near -1 (light) and +1 (dark).
        logits: (B, h, w) one value a module, positive for dark; empty for image secrets.
        host: (B, 3, H, W) revealed host.
        enhanced: (B, 3, H, W) container as the enhancement module cleaned it.
    """

    picture: Tensor
    logits: Tensor
    host: Tensor
    enhanced: Tensor


class _Direction(nn.Module):
    """Flow, noise projection and modulation: one set of parameters for both ways."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        net = {
            "growth": config.growth,
            "layers": config.dense_layers,
            "last_kernel": config.last_kernel,
            "separate": config.separate_factors,
            "clamp": config.scale_clamp,
            "modulation": config.modulation,
        }
        width = config.condition_width
        self.flow = InvertibleFlow(
            config.c_secret, config.c_host, config.blocks, width=width, **net
        )
        self.canp = _source(config, width=0, **net)
        self.level = ConditionNetwork(C_CONDITION, width) if width else None

    def features(self, condition: Tensor) -> Tensor | None:
        return None if self.level is None else self.level(condition)


def _source(  # type: ignore[no-untyped-def]
    config: ModelConfig, **net
) -> NoiseProjection | GaussianSource | CopySource:
    """What gives h_f when revealing: CANP, or what stands in its place (table 2)."""
    c, c_container, features = config.c_secret, config.c_host, config.canp_features
    if config.h_f_source == "copy":
        return CopySource(c, c_container)
    if config.h_f_source == "resblock":
        return ResidualSource(c, c_container, features)
    if not config.canp_blocks:
        return GaussianSource()
    return NoiseProjection(c, c_container, config.canp_blocks, features, **net)


class HidingNetwork(nn.Module):
    """RIIS: conditional flow, CANP, CEM and DGM (paper Fig. 2).

    Hosts and containers are (B, 3, H, W), sRGB in [0, 1], or (B, 1, H, W) where the
    configuration has grey hosts; H and W are multiples of 2**host_levels. A module secret is
    (B, 1, H / 2**host_levels, W / 2**host_levels) with +1 for dark and -1 for light; an image
    secret is (B, 3 * n_secrets, H, W) in [0, 1]. Conditions are (B, 4), see
    :mod:`riis_physical.model.condition` for module grids and
    :mod:`riis_physical.distortion.level` for pictures.
    """

    @classmethod
    def filled(cls, config: ModelConfig, tensors: Mapping[str, Tensor], name: str | Path) -> Self:
        """A network with weights; nothing is built where they do not fit the configuration.

        Args:
            name: of the weights, for the error.

        Raises:
            WeightsError: a parameter is missing, left over or of another shape.
        """
        return filled(lambda: cls(config), tensors, name)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.squeeze_host = HaarSqueeze(config.host_levels)
        self.squeeze_secret = HaarSqueeze(config.secret_levels)
        self.forward_way = _Direction(config)
        self.backward_way = _Direction(config) if config.decoupled else None
        self.cem: nn.Module = nn.Identity()
        if config.cem_layers:
            self.cem = ContainerEnhancement(
                config.cem_features, config.cem_layers, config.cem_unshuffle, config.host_channels
            )
        self.estimator = ConditionEstimator(config.host_channels, config.secret == "images")
        self.logit_scale = nn.Parameter(torch.tensor(math.log(3.0)))

    def decouple(self) -> None:
        """Start the second stage of 2DT: from now on the two ways learn apart (section 3.5)."""
        if self.backward_way is None:
            self.backward_way = copy.deepcopy(self.forward_way)
            self.config = self.config.model_copy(update={"decoupled": True})

    @property
    def _reveal_way(self) -> _Direction:
        return self.forward_way if self.backward_way is None else self.backward_way

    def _secret_bands(self, secret: Tensor) -> Tensor:
        if self.config.secret == "modules":
            side = 2**self.config.secret_levels
            secret = F.interpolate(secret, scale_factor=side, mode="nearest")
        else:
            secret = secret * 2 - 1
        return self.squeeze_secret(secret)

    def hide(self, host: Tensor, secret: Tensor, condition: Tensor | None = None) -> Hidden:
        """Map [secret, host] to the container and h_f, and h_f to z (Eqs. 1 to 4).

        Args:
            host: (B, 3, H, W) in [0, 1].
            secret: see the class.
            condition: (B, 4) distortion level to expect; zeros (clean) by default.

        Raises:
            ValueError: H or W is no multiple of 2**host_levels.
        """
        way = self.forward_way
        if condition is None:
            condition = host.new_zeros(host.shape[0], C_CONDITION)
        bands = self.squeeze_host(host)
        h_f, y, log_det = way.flow(self._secret_bands(secret), bands, way.features(condition))
        z, d_canp = way.canp(h_f, y)
        return Hidden(self.squeeze_host.inverse(y), h_f, z, log_det + d_canp)

    def sample_z(self, rows: int, h: int, w: int, seed: int) -> Tensor:
        """Fixed Gaussian z (rows, c_secret, h, w): the same seed gives the same values."""
        generator = torch.Generator().manual_seed(seed)
        one = torch.randn(1, self.config.c_secret, h, w, generator=generator)
        return one.expand(rows, -1, -1, -1).to(self.logit_scale.device)

    def reveal(
        self, rectified: Tensor, condition: Tensor, *, seed: int = 0, temperature: float = 1.0
    ) -> Revealed:
        """Enhance the received container and run the flow backwards.

        Args:
            rectified: (B, 3, H, W) in [0, 1], the container as received.
            condition: (B, 4) distortion level.
            seed: of the sampled z.
            temperature: factor on z; 1 samples z ~ N(0, I), 0 takes its mean.
        """
        b, _, height, width = rectified.shape
        side = self.squeeze_host.side
        z = self.sample_z(b, height // side, width // side, seed) * temperature
        return self.reveal_from(rectified, condition, z.to(rectified.dtype))

    def reveal_from(self, rectified: Tensor, condition: Tensor, z: Tensor) -> Revealed:
        """As :meth:`reveal`, with the given z (B, c_secret, h, w)."""
        way = self._reveal_way
        enhanced = self.cem(rectified)
        bands = self.squeeze_host(enhanced)
        h_f = way.canp.inverse(z, bands)
        secret, host = way.flow.inverse(h_f, bands, way.features(condition))
        picture = self.squeeze_secret.inverse(secret)
        if self.config.secret == "images":
            picture, logits = (picture + 1) / 2, picture.new_zeros(len(picture), 0, 0)
        else:
            logits = module_means(picture, 2**self.config.secret_levels)
            logits = logits * self.logit_scale.exp()
        return Revealed(picture, logits, self.squeeze_host.inverse(host), enhanced)

    def estimate_condition(self, rectified: Tensor) -> Tensor:
        """The first three numbers of the condition (B, 3), each in [0, 1]."""
        return self.estimator(rectified)


def module_means(picture: Tensor, side: int) -> Tensor:
    """Gaussian-weighted mean (B, h, w) of every module of a (B, 1, h * side, w * side) picture.

    The weights fall off with a sigma of a third of a module, so that the
    uncertain rim of a module counts less than its centre.
    """
    x = torch.arange(side, dtype=picture.dtype, device=picture.device) - (side - 1) / 2
    line = torch.exp(-0.5 * (x / (side / 3)) ** 2)
    kernel = torch.outer(line, line)
    kernel = (kernel / kernel.sum())[None, None]
    return F.conv2d(picture, kernel, stride=side)[:, 0]

"""What is seen of a change, as a loss that gradients pass through.

Texture masks changes, smooth areas do not; slow changes of colour are seen most. Training
and refinement share this; what a person would say about a container is
:mod:`riis_physical.hiding.visible`'s.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from riis_physical.channel.constants import constant
from riis_physical.channel.effects.optics import apply_transfer, frequencies
from riis_physical.channel.effects.tone import mix_with
from riis_physical.system.device import full_precision

ACTIVITY_KNEE = 0.015
"""Local luma deviation (of a [0, 1] range) at which visibility is half that of a flat area."""
STEADY_PX = 32
"""Model-frame pixels over which colour stays: the mean moves by less than half a level."""


PIXELS_PER_DEGREE = 40.0
"""Of a container at its display size, for what the eye resolves: a print read at arm's length."""

# kornia's YCbCr, whose products it makes one by one.
_YCC = (
    (0.299, 0.587, 0.114),
    (-0.299 * 0.564, -0.587 * 0.564, (1 - 0.114) * 0.564),
    ((1 - 0.299) * 0.713, -0.587 * 0.713, -0.114 * 0.713),
)


def visibility_mask(host: Tensor, power: float = 1.0) -> Tensor:
    """How well a change is seen at every pixel, (B, 1, H, W), mean one over the batch.

    Texture masks changes: the weight is ``1 / (1 + deviation / knee)`` of the
    local luma deviation in a Gaussian window (sigma 3 px), after a minimum over
    the neighbourhood so that a flat area beside an edge counts as flat.

    Args:
        power: of the weight; above 1 flat areas count for more.
    """
    luma = mix_with(host, constant(_YCC[:1], host.device))
    mean = blurred(luma, 13, 3.0)
    variance = blurred((luma - mean) ** 2, 13, 3.0)
    activity = variance.clamp_min(0).sqrt()
    activity = -F.max_pool2d(-activity, 5, stride=1, padding=2)
    mask = 1 / (1 + activity / ACTIVITY_KNEE)
    if power != 1:
        mask = (mask / mask.mean()) ** power
    return mask / mask.mean()


def blurred(values: Tensor, width: int, sigma: float) -> Tensor:
    """(B, C, H, W) through a Gaussian window of an odd width, mirrored at the edges.

    kornia's, without its copies of the window from the host.
    """
    line = _window(width, sigma, values.device).to(values.dtype)
    channels, half = values.shape[1], width // 2
    padded = F.pad(values, (half, half, half, half), mode="reflect")
    across = F.conv2d(padded, line.expand(channels, 1, 1, width), groups=channels)
    return F.conv2d(across, line.mT.expand(channels, 1, width, 1), groups=channels)


@lru_cache(maxsize=32)
def _window(width: int, sigma: float, device: torch.device) -> Tensor:
    line = [math.exp(-0.5 * ((x - width // 2) / sigma) ** 2) for x in range(width)]
    return constant((tuple(one / sum(line) for one in line),), device)


@lru_cache(maxsize=16)
def _contrast_sensitivity(height: int, width: int, device: torch.device) -> Tensor:
    """(1, 3, H, W // 2 + 1) how well waves of luma and chroma are seen, at most 1.

    Luma after Mannos and Sakrison (1974), held at its peak below it, because a mean that
    is off is seen beside what surrounds it; chroma a Gaussian of half-width 4 cycles a degree.
    """
    fy, fx = frequencies(height, width, torch.device("cpu"))
    cycles = (fy**2 + fx**2).sqrt() * PIXELS_PER_DEGREE
    luma = 2.6 * (0.0192 + 0.114 * cycles) * torch.exp(-((0.114 * cycles) ** 1.1))
    luma = torch.where(cycles < 8.0, torch.ones(()), luma / 0.981).clamp_max(1.0)
    chroma = torch.exp(-math.log(2) * (cycles / 4.0) ** 2)
    with torch.inference_mode(False):
        return torch.stack([luma, chroma, chroma])[None].to(device)


def container_loss(
    container: Tensor,
    host: Tensor,
    chroma: float,
    coarse: float,
    *,
    mask: Tensor | None = None,
    peaks: float = 0.0,
    contrast: float = 0.0,
) -> Tensor:
    """Eq. 8 with weights for what people see: luma, chroma and slow changes apart.

    Args:
        container, host: (B, 3, H, W).
        chroma: weight of squared CbCr differences, luma counts one.
        coarse: weight of the difference averaged over 8-pixel neighbourhoods,
            which is what makes coloured blobs on smooth areas.
        mask: (B, 1, H, W) in place of the host's own :func:`visibility_mask`.
        peaks: weight of the mean square of the masked squared error averaged over 9 px,
            in units of its root: dark shadows beside lettering.
        contrast: share of the eye's contrast sensitivity in what counts: 0 takes fine waves
            like coarse ones, 1 as far as they are resolved.
    """
    with full_precision(container.device):  # changes are small
        if mask is None:
            mask = visibility_mask(host)
        change = container - host
        difference = mix_with(change, constant(_YCC, host.device))
        slow = blurred(difference, 17, 4.0)
        if contrast:
            resolved = _contrast_sensitivity(*difference.shape[-2:], host.device)
            difference = apply_transfer(difference, 1 - contrast + contrast * resolved)
        weights = constant(((1.0,), (chroma,), (chroma,)), host.device)[..., None]
        seen = (mask * weights * difference**2).sum(1, keepdim=True)
        slow_term = (mask * weights * slow**2).sum(1).mean()
        spectrum = torch.fft.rfft2(change, norm="ortho").abs().mean() ** 2
        loss = seen.mean() + coarse * slow_term + 0.5 * spectrum
        if peaks:
            near = F.avg_pool2d(seen, 9, stride=1, padding=4)
            loss = loss + peaks * (near.square().mean() + 1e-12).sqrt()
        return loss


def steady(residual: Tensor) -> Tensor:
    """A residual (B, 3, H, W) without its slow part, so that flat areas keep their colour.

    The mean over STEADY_PX is taken out, three times over, for one pass leaves what the
    mean of a mean differs by.
    """
    for _ in range(3):
        residual = residual - _local_mean(residual)
    return residual


def _local_mean(values: Tensor) -> Tensor:
    side = min(STEADY_PX + 1, *(s - 1 + s % 2 for s in values.shape[-2:]))
    half = side // 2
    padded = F.pad(values, (half, half, half, half), mode="reflect")
    across = F.avg_pool2d(padded, (1, side), stride=1)
    return F.avg_pool2d(across, (side, 1), stride=1)

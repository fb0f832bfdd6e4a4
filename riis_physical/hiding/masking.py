"""What is seen of a change, as a loss that gradients pass through.

Texture masks changes, smooth areas do not; slow changes of colour are seen most. Training
and refinement share this; what a person would say about a container is
:mod:`riis_physical.hiding.visible`'s.
"""

from __future__ import annotations

import torch
from kornia.color import rgb_to_ycbcr
from kornia.filters import gaussian_blur2d
from torch import Tensor
from torch.nn import functional as F

ACTIVITY_KNEE = 0.015
"""Local luma deviation (of a [0, 1] range) at which visibility is half that of a flat area."""
STEADY_PX = 32
"""Model-frame pixels over which colour stays: the mean moves by less than half a level."""


def visibility_mask(host: Tensor) -> Tensor:
    """How well a change is seen at every pixel, (B, 1, H, W), mean one over the batch.

    Texture masks changes: the weight is ``1 / (1 + deviation / knee)`` of the
    local luma deviation in a Gaussian window (sigma 3 px), after a minimum over
    the neighbourhood so that a flat area beside an edge counts as flat.
    """
    luma = rgb_to_ycbcr(host)[:, :1]
    window, sigma = (13, 13), (3.0, 3.0)
    mean = gaussian_blur2d(luma, window, sigma)
    variance = gaussian_blur2d((luma - mean) ** 2, window, sigma)
    activity = variance.clamp_min(0).sqrt()
    activity = -F.max_pool2d(-activity, 5, stride=1, padding=2)
    mask = 1 / (1 + activity / ACTIVITY_KNEE)
    return mask / mask.mean()


def container_loss(
    container: Tensor,
    host: Tensor,
    chroma: float,
    coarse: float,
    *,
    mask: Tensor | None = None,
    peaks: float = 0.0,
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
    """
    if mask is None:
        mask = visibility_mask(host)
    difference = rgb_to_ycbcr(container) - rgb_to_ycbcr(host)
    weights = difference.new_tensor([1.0, chroma, chroma])[None, :, None, None]
    seen = (mask * weights * difference**2).sum(1, keepdim=True)
    slow = gaussian_blur2d(difference, (17, 17), (4.0, 4.0))
    slow_term = (mask * weights * slow**2).sum(1).mean()
    spectrum = torch.fft.rfft2(container - host, norm="ortho").abs().mean() ** 2
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

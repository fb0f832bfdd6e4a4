"""Loss terms of Eq. 9, and what the physical model adds to them."""

from __future__ import annotations

import torch
from kornia.color import rgb_to_ycbcr
from kornia.filters import gaussian_blur2d
from torch import Tensor
from torch.nn import functional as F

ACTIVITY_KNEE = 0.015
"""Local luma deviation (of a [0, 1] range) at which visibility is half that of a flat area."""


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


def container_loss(container: Tensor, host: Tensor, chroma: float, coarse: float) -> Tensor:
    """Eq. 8 with weights for what people see: luma, chroma and slow changes apart.

    Args:
        container, host: (B, 3, H, W).
        chroma: weight of squared CbCr differences, luma counts one.
        coarse: weight of the difference averaged over 8-pixel neighbourhoods,
            which is what makes coloured blobs on smooth areas.
    """
    mask = visibility_mask(host)
    difference = rgb_to_ycbcr(container) - rgb_to_ycbcr(host)
    weights = difference.new_tensor([1.0, chroma, chroma])[None, :, None, None]
    fine = (mask * weights * difference**2).sum(1).mean()
    slow = gaussian_blur2d(difference, (17, 17), (4.0, 4.0))
    slow_term = (mask * weights * slow**2).sum(1).mean()
    spectrum = torch.fft.rfft2(container - host, norm="ortho").abs().mean() ** 2
    return fine + coarse * slow_term + 0.5 * spectrum


def reveal_loss(logits: Tensor, picture: Tensor, secret: Tensor) -> tuple[Tensor, Tensor]:
    """Reveal terms of Eq. 5 for a module grid.

    Args:
        logits: (B, h, w), positive for dark.
        picture: (B, 1, h * s, w * s) revealed picture about [-1, 1].
        secret: (B, 1, h, w) in {-1, +1}.

    Returns:
        Cross-entropy of the modules in nats, and squared error of the picture.
    """
    bits = (secret[:, 0] + 1) / 2
    modules = F.binary_cross_entropy_with_logits(logits, bits)
    target = F.interpolate(secret, scale_factor=picture.shape[-1] // secret.shape[-1])
    return modules, F.mse_loss(picture, target)


def distribution_loss(z: Tensor) -> Tensor:
    """Eq. 7: cross-entropy of z with N(0, I), without its constant, per element.

    As printed it has no entropy term: z may shrink towards zero, and the
    log-determinant, which the flow also gives, plays no part in it.
    """
    return 0.5 * z.pow(2).mean()


def image_reveal_loss(
    picture: Tensor, secret: Tensor, host_hat: Tensor, host: Tensor, host_weight: float
) -> Tensor:
    """Eq. 5 for image secrets: squared errors of the secrets and, weighted, of the host."""
    return F.mse_loss(picture, secret) + host_weight * F.mse_loss(host_hat, host)


def paper_container_loss(container: Tensor, host: Tensor) -> Tensor:
    """Eq. 8 as printed: squared error in space and of the Fourier coefficients.

    With an orthonormal transform the two are equal (Parseval), so that this is
    twice the squared error; the sum is kept because the weights of Eq. 9 count it.
    """
    spectrum = torch.fft.fft2(host, norm="ortho") - torch.fft.fft2(container, norm="ortho")
    return F.mse_loss(container, host) + spectrum.abs().pow(2).mean()

"""Loss terms of Eq. 9, and what the physical model adds to them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from riis_physical.hiding.masking import container_loss, visibility_mask

__all__ = [
    "container_loss",
    "distribution_loss",
    "image_reveal_loss",
    "low_frequency_loss",
    "paper_container_loss",
    "reveal_loss",
    "tail_weights",
    "visibility_mask",
]


def reveal_loss(logits: Tensor, picture: Tensor, secret: Tensor) -> tuple[Tensor, Tensor]:
    """Reveal terms of Eq. 5 for a module grid.

    Args:
        logits: (B, h, w), positive for dark.
        picture: (B, 1, h * s, w * s) revealed picture about [-1, 1].
        secret: (B, 1, h, w) in {-1, +1}.

    Returns:
        (B,) mean cross-entropy of an item's modules in nats, and squared error of the picture.
    """
    bits = (secret[:, 0] + 1) / 2
    nats = F.binary_cross_entropy_with_logits(logits, bits, reduction="none").mean(dim=(1, 2))
    target = F.interpolate(secret, scale_factor=picture.shape[-1] // secret.shape[-1])
    return nats, F.mse_loss(picture, target)


def tail_weights(nats: Tensor, amount: float, need: float, width: float) -> Tensor:
    """How much each item's modules count, mean one: most where reading is won or lost.

    An item far below what soft reading needs reads already, one far above it never will;
    between them a little less or more decides.

    Args:
        nats: (B,) of the items, without gradient.
        amount: by which an item at the threshold counts for more; 0 weighs all the same.
        need: nats at which half of the captures read. width: of the bell about it.
    """
    if not amount:
        return torch.ones_like(nats)
    weights = 1 + amount * torch.exp(-0.5 * ((nats - need) / width) ** 2)
    return weights / weights.mean()


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


def low_frequency_loss(container: Tensor, host: Tensor, side: int) -> Tensor:
    """HiNet's guard of the wavelet's low band: squared error of means over side x side pixels.

    In units of that band, which is the mean times the side.
    """
    return side**2 * F.mse_loss(F.avg_pool2d(container, side), F.avg_pool2d(host, side))

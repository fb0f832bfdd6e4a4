"""Blur, as one multiplication in the frequency domain.

kornia blurs by kernels; a batch with a kernel for each item is then a slow
grouped convolution on a CPU. The transfer functions of a Gaussian of any
covariance and of a motion line are known in closed form, and one FFT applies
them all whatever their size. The tests compare the results with kornia's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def frequencies(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cycles per pixel (H, 1) and (1, W // 2 + 1) of the real FFT."""
    fy = torch.fft.fftfreq(height, device=device)[:, None]
    fx = torch.fft.rfftfreq(width, device=device)[None]
    return fy, fx


def gaussian_transfer(height: int, width: int, covariance: Tensor) -> Tensor:
    """Transfer function (B, H, W // 2 + 1) of Gaussians with covariance (B, 2, 2), px^2, xy."""
    fy, fx = frequencies(height, width, covariance.device)
    xx, xy, yy = (covariance[:, i, j, None, None] for i, j in ((0, 0), (0, 1), (1, 1)))
    spread = xx * fx * fx + 2 * xy * fx * fy + yy * fy * fy
    # The floor keeps denormal numbers, which are slow, out of the FFT.
    return torch.exp((-2 * math.pi**2 * spread).clamp_min(-60.0))


def line_transfer(height: int, width: int, line: Tensor) -> Tensor:
    """Transfer function (B, H, W // 2 + 1) of motion along vectors (B, 2), px, xy."""
    fy, fx = frequencies(height, width, line.device)
    return torch.sinc(line[:, 0, None, None] * fx + line[:, 1, None, None] * fy)


def apply_transfer(image: Tensor, transfer: Tensor) -> Tensor:
    """Filter (B, C, H, W) by (B, H, W // 2 + 1) or (B, C, H, W // 2 + 1); wraps at the edges."""
    if transfer.ndim == 3:
        transfer = transfer[:, None]
    spectrum = torch.fft.rfft2(image) * transfer
    return torch.fft.irfft2(spectrum, s=image.shape[-2:])


def isotropic(sigma: Tensor) -> Tensor:
    """Covariance (B, 2, 2) of a round Gaussian of sigma (B,)."""
    variance = sigma**2
    return torch.diag_embed(torch.stack([variance, variance], dim=1))


def optical_blur(image: Tensor, covariance: Tensor, line: Tensor) -> Tensor:
    """Defocus with covariance (B, 2, 2) px^2 and motion along (B, 2) px."""
    height, width = image.shape[-2:]
    transfer = gaussian_transfer(height, width, covariance) * line_transfer(height, width, line)
    return apply_transfer(image, transfer)

"""Sensor noise and the phone's processing of colour and sharpness."""

from __future__ import annotations

import torch
from torch import Tensor

from riis_physical.channel.constants import constant
from riis_physical.channel.effects.optics import apply_transfer, gaussian_transfer, isotropic
from riis_physical.channel.effects.tone import mix_with, per_item
from riis_physical.channel.params import ChannelParams

MID_GREY = 0.214  # linear light of sRGB 0.5
SLOPE_AT_MID_GREY = 1.08  # d sRGB / d linear there
READ_SHARE = 0.05  # of the noise variance at mid-grey


def noise_like(image: Tensor, seeds: Tensor) -> Tensor:
    """Standard normal noise of the image's shape, each item from its own seed."""
    noise = torch.empty(image.shape)
    for part, seed in zip(noise, seeds.tolist(), strict=True):
        part.normal_(generator=torch.Generator().manual_seed(int(seed)))
    return noise.to(image)


def sensor_noise(image: Tensor, sigma: Tensor, noise: Tensor) -> Tensor:
    """Shot and read noise on linear light.

    Args:
        sigma: (B,) in sRGB units at mid-grey.
        noise: standard normal, of the image's shape.
    """
    variance = (per_item(sigma) / SLOPE_AT_MID_GREY) ** 2
    shot = image.detach().clamp_min(0) * (variance * ((1 - READ_SHARE) / MID_GREY))
    return image + noise * (shot + variance * READ_SHARE).sqrt()


# JPEG's YCbCr with chroma about 0, and back, exact to float32. kornia's has factors
# of three digits, off by up to 5e-4, and costs a pass for each channel.
RGB_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
YCC_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136286, -0.714136286), (1.0, 1.772, 0.0))


def to_ycc(image: Tensor) -> Tensor:
    """sRGB to JPEG's YCbCr with chroma about 0."""
    return mix_with(image, constant(RGB_TO_YCC, image.device))


def to_rgb(image: Tensor) -> Tensor:
    """JPEG's YCbCr with chroma about 0 to sRGB."""
    return mix_with(image, constant(YCC_TO_RGB, image.device))


def phone_processing(image: Tensor, params: ChannelParams, scale: Tensor) -> Tensor:
    """Demosaicing and denoising blur, unsharp mask on luma, saturation; sRGB in, sRGB out.

    Args:
        image: (B, 3, H, W) sRGB.
        params: sigmas are in photo pixels.
        scale: (B,) pixels of `image` per photo pixel.
    """
    height, width = image.shape[-2:]

    def blur(sigma: Tensor) -> Tensor:
        return gaussian_transfer(height, width, isotropic(sigma * scale))

    mask = 1 - blur(params.sharpen_sigma)
    luma = blur(params.luma_sigma) * (1 + params.sharpen[:, None, None] * mask)
    chroma = blur(params.chroma_sigma) * params.camera_saturation[:, None, None]
    transfer = torch.stack([luma, chroma, chroma], dim=1)
    return to_rgb(apply_transfer(to_ycc(image), transfer))

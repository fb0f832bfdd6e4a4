"""Distorted files: exact noise on 8-bit values, the real JPEG codec."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from riis_physical.artifacts import UInt8Image
from riis_physical.distortion.level import Level


def distorted_file(picture: UInt8Image, level: Level, rng: np.random.Generator) -> UInt8Image:
    """A picture uint8 (H, W, 3) as it arrives: photons, noise, JPEG (4:2:0), 8 bits after each."""
    if level.gain > 0:
        counts = rng.poisson(picture / level.gain) * level.gain
        picture = np.clip(np.round(counts), 0, 255).astype(np.uint8)
    if level.sigma > 0:
        noisy = picture + rng.normal(0, level.sigma, picture.shape)
        picture = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    if level.quality < 100:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=round(level.quality))
        picture = np.asarray(Image.open(file).convert("RGB"), np.uint8)
    return picture

"""Hide pictures in a host of any size (paper Fig. 1, upper row)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import BadImageError, ConfigError
from riis_physical.images import MIN_SIDE_PX
from riis_physical.pictures.model import PictureModel
from riis_physical.pictures.tiles import OVERLAP, TILE, Span, blended

Fit = Literal["stretch", "crop", "pad"]
FITS: tuple[Fit, ...] = ("stretch", "crop", "pad")


@dataclass(frozen=True)
class HiddenPictures:
    """A container and what went into it.

    Attributes:
        container: uint8 (H, W, 3), of equal channels where the model's hosts are grey.
        host: the host as it was hidden in, of the same shape.
        secrets: each as it was hidden, of the same shape.
        psnr: dB of the container against the host.
        ssim: of the same.
    """

    container: UInt8Image
    host: UInt8Image
    secrets: tuple[UInt8Image, ...]
    psnr: float
    ssim: float


def hide_pictures(
    host: UInt8Image,
    secrets: Sequence[UInt8Image],
    model: PictureModel,
    *,
    fit: Fit = "stretch",
    tile: int = TILE,
    overlap: int = OVERLAP,
    progress: bool = False,
) -> HiddenPictures:
    """Hide secrets in a host; both uint8 RGB (H, W, 3).

    Args:
        secrets: as many as the model hides, of any size; none for a model of grey hosts, which
            hides the host's own colours.
        fit: how a secret gets the host's size: stretched, cut to its shape, or laid on grey.
        tile, overlap: see :mod:`riis_physical.pictures.tiles`.
        progress: show a bar where it takes long.

    Raises:
        ConfigError: another number of secrets than the model hides.
        BadImageError: a host of less than MIN_SIDE_PX.
    """
    if min(host.shape[:2]) < MIN_SIDE_PX:
        raise BadImageError(
            f"the host is {host.shape[1]} x {host.shape[0]} px, expected at least {MIN_SIDE_PX} "
            "along each side: take a larger one"
        )
    if model.is_grey:
        if secrets:
            raise ConfigError(
                f"{model.name} hides a picture's own colours in its grey: leave --secret away"
            )
        fitted: tuple[UInt8Image, ...] = (host,)
        host = grey_of(host)
    else:
        if len(secrets) != model.secrets:
            many = "one picture" if model.secrets == 1 else f"{model.secrets} pictures"
            raise ConfigError(
                f"{model.name} hides {many} in a container, got {len(secrets)}: "
                "give as many --secret, or another --model"
            )
        size = (host.shape[0], host.shape[1])
        fitted = tuple(fitted_to(secret, size, fit) for secret in secrets)
    channels = model.config.host_channels

    def one(rows: Span, columns: Span) -> FloatArray:
        place = (rows.where, columns.where)
        parts = [unit(secret[place]) for secret in fitted]
        return model.hide(unit(host[place][..., :channels]), np.concatenate(parts, axis=2))

    planes = blended(
        (host.shape[0], host.shape[1]),
        channels,
        one,
        tile=tile,
        overlap=overlap,
        progress="hiding" if progress else "",
    )
    container = np.repeat(planes, 3, axis=2) if channels == 1 else planes
    return HiddenPictures(
        container, host, fitted, metrics.psnr(host, container), metrics.ssim(host, container)
    )


def unit(pixels: UInt8Image) -> FloatArray:
    """8 bits as float32 in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(255)


def grey_of(pixels: UInt8Image) -> UInt8Image:
    """The luma of a picture in three equal channels; of a grey one the picture itself."""
    grey = np.rint(metrics.luma_of(pixels)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def fitted_to(picture: UInt8Image, size: tuple[int, int], fit: Fit = "stretch") -> UInt8Image:
    """A picture at the size (h, w)."""
    if picture.shape[:2] == size:
        return picture
    height, width = size
    if fit == "crop":
        picture = _cut(picture, height / width)
    elif fit == "pad":
        scale = min(height / picture.shape[0], width / picture.shape[1])
        inner = (
            max(1, min(height, round(picture.shape[0] * scale))),
            max(1, min(width, round(picture.shape[1] * scale))),
        )
        ground = np.full((height, width, 3), 128, np.uint8)
        top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
        ground[top : top + inner[0], left : left + inner[1]] = fitted_to(picture, inner)
        return ground
    shrinks = picture.shape[0] >= height and picture.shape[1] >= width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)


def _cut(picture: UInt8Image, aspect: float) -> UInt8Image:
    """The middle of a picture with this height divided by width."""
    height, width = picture.shape[:2]
    rows, columns = min(height, max(1, round(width * aspect))), width
    if rows == height:
        columns = min(width, max(1, round(height / aspect)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return np.ascontiguousarray(picture[top : top + rows, left : left + columns])

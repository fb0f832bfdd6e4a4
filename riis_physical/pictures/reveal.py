"""Reveal the pictures of a container of any size (paper Fig. 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.distortion.level import Level
from riis_physical.pictures.hide import grey_of, unit
from riis_physical.pictures.model import PictureModel
from riis_physical.pictures.tiles import GRID, OVERLAP, TILE, Span, blended

LOOK_PX = 256
LOOKS = 3
"""The level is estimated on up to LOOKS x LOOKS places of LOOK_PX pixels a side."""


@dataclass(frozen=True)
class RevealedPictures:
    """What a container holds.

    Attributes:
        secrets: uint8 RGB (H, W, 3) each, of the container's size.
        host: the host as it was revealed, of the same shape.
        level: of distortion, as the model was told.
    """

    secrets: tuple[UInt8Image, ...]
    host: UInt8Image
    level: Level


def reveal_pictures(
    container: UInt8Image,
    model: PictureModel,
    *,
    level: Level | None = None,
    file_quality: float | None = None,
    tile: int = TILE,
    overlap: int = OVERLAP,
    progress: bool = False,
) -> RevealedPictures:
    """Give back what a container holds; of any other picture it gives what looks like noise.

    Args:
        container: uint8 RGB (H, W, 3), as received.
        level: of distortion; None has it estimated.
        file_quality: of the JPEG that the container came as; the worse of it and the estimate
            counts. Only where the level is estimated.
        tile, overlap: see :mod:`riis_physical.pictures.tiles`.
        progress: show a bar where it takes long.
    """
    channels = model.config.host_channels
    if channels == 1:
        container = grey_of(container)
    if level is None:
        level = estimate_level(container, model, file_quality)
    told = level

    def one(rows: Span, columns: Span) -> FloatArray:
        tile_of = unit(container[rows.where, columns.where][..., :channels])
        return model.reveal(tile_of, told, (rows.start, columns.start))

    planes = blended(
        (container.shape[0], container.shape[1]),
        3 * model.secrets + channels,
        one,
        tile=tile,
        overlap=overlap,
        progress="revealing" if progress else "",
    )
    parts = [np.ascontiguousarray(planes[..., i : i + 3]) for i in range(0, 3 * model.secrets, 3)]
    host = planes[..., 3 * model.secrets :]
    shown = np.repeat(host, 3, axis=2) if channels == 1 else np.ascontiguousarray(host)
    return RevealedPictures(tuple(parts), shown, told)


def estimate_level(
    container: UInt8Image, model: PictureModel, file_quality: float | None = None
) -> Level:
    """How much a container was distorted, from its pixels and the quality of its file."""
    channels = model.config.host_channels
    places = [
        (slice(y, y + LOOK_PX), slice(x, x + LOOK_PX))
        for y in _looks(container.shape[0])
        for x in _looks(container.shape[1])
    ]
    seen = model.estimate([unit(container[place][..., :channels]) for place in places])
    if file_quality is None:
        return seen
    return replace(seen, quality=min(seen.quality, file_quality))


def _looks(length: int) -> list[int]:
    """Where places along an axis begin, on JPEG's grid."""
    if length <= LOOK_PX:
        return [0]
    count = min(LOOKS, -(-length // LOOK_PX))
    ends = np.linspace(0, length - LOOK_PX, count)
    return sorted({int(end) // GRID * GRID for end in ends})

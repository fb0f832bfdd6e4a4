"""A photo of a printed or shown picture, straightened to its own pixels.

What `scan` does with every place that it then reads, for pictures whose secret nothing can
confirm: the surest place alone, by corners that are given, printed markers, a known picture, or
the learned detector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.find.candidates import (
    Candidate,
    given_candidate,
    known_candidates,
    seen_candidates,
)
from capture.find.learned.pictures import Pictures
from capture.find.reference import References
from capture.geometry.rectify import Region
from riis_physical.artifacts import FloatArray, UInt8Image

GRID = 16


@dataclass(frozen=True)
class Straightened:
    """A picture taken out of a photo.

    Attributes:
        image: uint8 RGB (h, w, 3).
        corners: xy (4, 2) in the photo, clockwise from the top-left.
        found_by: `given`, `fiducials`, `reference` or `learned`.
    """

    image: UInt8Image
    corners: FloatArray
    found_by: str


def straighten(
    photo: UInt8Image,
    *,
    corners: NDArray[np.floating] | None = None,
    references: References | None = None,
    size: tuple[int, int] | None = None,
    seek: bool = True,
) -> Straightened | None:
    """The picture in a photo, None where none shows.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        corners: xy (4, 2) where the picture is known to be.
        references: the container, or its host: found by its features.
        size: (h, w) of the container; the photo's resolution without it.
        seek: ask the learned detector where neither markers nor references are found.

    Raises:
        RectificationError: corners that no rectangle has, or outside the photo.
    """
    found = _surest(photo, corners, references, seek)
    if found is None:
        return None
    region = Region.cut(photo, found.corners, bows=found.bows)
    frame = region.rectify(size or _own_size(found.corners)).image
    image = np.rint(np.clip(frame, 0, 1) * 255).astype(np.uint8)
    return Straightened(image, found.corners, found.source)


def _surest(
    photo: UInt8Image,
    corners: NDArray[np.floating] | None,
    references: References | None,
    seek: bool,
) -> Candidate | None:
    if corners is not None:
        return given_candidate(photo, corners)
    known = known_candidates(photo, references)
    if known or not seek:
        return known[0] if known else None
    pictures = Pictures(photo)
    seen = seen_candidates(pictures, pictures.likely[:1])
    return seen[0] if seen else None


def _own_size(corners: FloatArray) -> tuple[int, int]:
    """Height and width in photo pixels, in steps of GRID."""
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    sides = (left + right) / 2, (top + bottom) / 2
    height, width = (max(GRID, round(float(side) / GRID) * GRID) for side in sides)
    return height, width

"""Edits of a picture made in code, each with the mask of what it changed."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image

Mask = NDArray[np.bool_]
Edit = Callable[[UInt8Image, UInt8Image, Mask, np.random.Generator], UInt8Image]
AREA = (0.03, 0.12)
"""Share of the picture that an edit covers."""


def place_of(size: tuple[int, int], rng: np.random.Generator) -> Mask:
    """An ellipse that lies within a picture (h, w)."""
    height, width = size
    area = rng.uniform(*AREA) * height * width
    aspect = float(np.exp(rng.uniform(-0.4, 0.4)))
    radii = (area / np.pi / aspect) ** 0.5, (area / np.pi * aspect) ** 0.5
    b, a = min(radii[0], 0.45 * height), min(radii[1], 0.45 * width)
    centre = rng.uniform(a, width - a), rng.uniform(b, height - b)
    mask = np.zeros(size, np.uint8)
    cv2.ellipse(mask, (centre, (2 * a, 2 * b), 0.0), 1, -1)
    return mask.astype(bool)


def _mixed(picture: UInt8Image, new: UInt8Image, mask: Mask) -> UInt8Image:
    """New pixels under the mask, with a soft rim inside of it."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2) * mask
    soft = np.clip(2 * soft - soft.min(), 0, 1)[..., None]
    return np.rint(picture * (1 - soft) + new * soft).astype(np.uint8)


def splice(
    picture: UInt8Image, other: UInt8Image, mask: Mask, rng: np.random.Generator
) -> UInt8Image:
    """Something from another photograph, as a swapped face."""
    size = (picture.shape[1], picture.shape[0])
    return _mixed(picture, np.asarray(cv2.resize(other, size), np.uint8), mask)


def copy_move(
    picture: UInt8Image, other: UInt8Image, mask: Mask, rng: np.random.Generator
) -> UInt8Image:
    """Another part of the same container, which carries another part of the secret."""
    shift = [int(rng.uniform(0.3, 0.7) * side) for side in picture.shape[:2]]
    return _mixed(picture, np.roll(picture, shift, axis=(0, 1)), mask)


def inpaint(
    picture: UInt8Image, other: UInt8Image, mask: Mask, rng: np.random.Generator
) -> UInt8Image:
    """Something removed, filled from around it."""
    return np.asarray(cv2.inpaint(picture, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8)


def blur(
    picture: UInt8Image, other: UInt8Image, mask: Mask, rng: np.random.Generator
) -> UInt8Image:
    """Something made unreadable."""
    return _mixed(picture, np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8), mask)


def recolour(
    picture: UInt8Image, other: UInt8Image, mask: Mask, rng: np.random.Generator
) -> UInt8Image:
    """Something in another colour, its detail kept."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + int(rng.integers(40, 140))) % 180
    return _mixed(picture, np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8), mask)


EDITS: dict[str, Edit] = {
    "splice": splice,
    "copy-move": copy_move,
    "inpaint": inpaint,
    "blur": blur,
    "recolour": recolour,
}
"""Edits by name."""

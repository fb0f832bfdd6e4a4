"""Hosts that carry badly or show much, made in code so that each has a name and stays the same."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from skimage import data

from riis_physical.artifacts import UInt8Image


def half_black() -> UInt8Image:
    """A portrait of which the left half lies in black, as before a dark curtain."""
    portrait = data.astronaut().astype(np.float64)
    fade = 1 / (1 + np.exp(-(np.arange(512) - 256) / 12))
    return np.rint(portrait * fade[None, :, None]).astype(np.uint8)


def half_white() -> UInt8Image:
    """The same beside a white wall."""
    portrait = data.astronaut().astype(np.float64)
    fade = 1 / (1 + np.exp(-(np.arange(512) - 256) / 12))[None, :, None]
    return np.rint(portrait * fade + 255 * (1 - fade)).astype(np.uint8)


def night() -> UInt8Image:
    """A dark sky that gets a little lighter downwards, with a few lights."""
    rng = np.random.default_rng(0)
    height = np.linspace(4, 34, 512)[:, None, None] * np.array([0.6, 0.8, 1.3])
    sky = height + rng.normal(0, 1.2, (512, 768, 3))
    for x, y in rng.integers(20, (748, 492), (40, 2)):
        cv2.circle(sky, (int(x), int(y)), 2, (220, 210, 190), -1, cv2.LINE_AA)
    return np.clip(np.rint(sky), 0, 255).astype(np.uint8)


def poster() -> UInt8Image:
    """A flat poster: two colours and lettering in several sizes."""
    picture = np.full((640, 480, 3), (214, 120, 60), np.uint8)
    picture[400:] = (40, 70, 120)
    for row, (text, size) in enumerate((("EXHIBITION", 1.9), ("Room 12", 1.5), ("until May", 1.0))):
        place = (40, 120 + 90 * row)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_DUPLEX, size, (245, 240, 230), 3, 16)
    for row in range(6):
        place = (40, 440 + 32 * row)
        text = "open daily from ten to six, free"
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (230, 230, 230), 1, 16)
    return picture


def text_page() -> UInt8Image:
    """Black lettering on white paper."""
    picture = np.full((720, 520, 3), 255, np.uint8)
    for row in range(26):
        place = (30, 50 + 25 * row)
        text = f"Line {row + 1} of a page of plain text, as printed"
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (20, 20, 20), 1, 16)
    return picture


HARD_HOSTS: dict[str, Callable[[], UInt8Image]] = {
    "half_black": half_black,
    "half_white": half_white,
    "night": night,
    "poster": poster,
    "text_page": text_page,
}
"""Makers by name."""

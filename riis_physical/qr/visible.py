"""Reading visible QR codes in a photograph, by every means at hand.

Each version of the photograph (as it is, enlarged, evened out, inverted ...) goes
through pyzbar, zxing-cpp and, where it pays, OpenCV. The first version in which any of
them reads a code ends the search. Nothing is opened or followed; text is text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.decoders import DECODERS, Corners, GrayImage, Symbol

WORKING_SIDE = 1600
"""Long side in pixels of the copy of a large photograph that is tried first."""
LARGEST_SIDE = 3200
"""Long side in pixels above which nothing is enlarged."""


@dataclass(frozen=True)
class VisibleReading:
    """A visible code's content.

    Attributes:
        payload: the bytes, as they stand in the code as far as the decoder tells.
        decoder: ``pyzbar``, ``zxing-cpp`` or ``opencv``.
        corners: xy (4, 2) in the photograph, clockwise from the code's top-left, None
            where the decoder does not say.
        guess: the decoder's text for a payload that is no UTF-8 (older codes hold
            Latin-1 or Shift-JIS), None where there is none.
    """

    payload: bytes
    decoder: str
    corners: Corners | None
    guess: str | None = None

    @property
    def text(self) -> str | None:
        """The content as text, None where it is none."""
        try:
            return self.payload.decode("utf-8")
        except UnicodeDecodeError:
            return self.guess


@dataclass(frozen=True)
class _Version:
    """A prepared copy of the photograph and its scale against it."""

    image: GrayImage
    scale: float
    thorough: bool = False  # worth OpenCV's time


def read_visible(image: NDArray[np.uint8]) -> list[VisibleReading]:
    """Read the visible QR codes in a photograph.

    Args:
        image: uint8 RGB (H, W, 3) or gray (H, W).

    Returns:
        the codes read, each payload at one place once; empty where none was read.

    Raises:
        ValueError: another shape or type.
    """
    for version in _versions(gray_of(image)):
        found: list[VisibleReading] = []
        for name, decoder in DECODERS.items():
            if name == "opencv" and (found or not version.thorough):
                continue
            for symbol in decoder(version.image):
                reading = _placed(symbol, name, version.scale)
                if not any(_is_same(reading, other) for other in found):
                    found.append(reading)
        if found:
            return found
    return []


def gray_of(image: NDArray[np.uint8]) -> GrayImage:
    """Gray (H, W) of uint8 RGB (H, W, 3) or gray; ValueError for anything else."""
    if image.dtype != np.uint8 or not (
        image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    ):
        raise ValueError(f"{image.dtype} {image.shape}: expected uint8 (H, W, 3) or (H, W)")
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _versions(gray: GrayImage) -> Iterator[_Version]:
    """Copies to try, the most promising first. Made one at a time."""
    side = max(gray.shape)
    if min(gray.shape) < 21:  # fewer pixels than the smallest code has modules
        return
    base = min(1.0, WORKING_SIDE / side)
    working = _resized(gray, base)
    yield _Version(working, base, thorough=True)
    double = min(2 * base, max(1.0, LARGEST_SIDE / side))
    enlarged = _resized(gray, double)
    yield _Version(enlarged, double, thorough=True)
    smooth = np.asarray(cv2.GaussianBlur(enlarged, (0, 0), 1.5), np.uint8)
    yield _Version(_thresholded(smooth, 61, 3), double)
    yield _Version(_thresholded(working, 51, 5), base)
    yield _Version(_resized(gray, base / 2), base / 2)
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(enlarged)
    yield _Version(np.asarray(even, np.uint8), double)
    sharp = cv2.addWeighted(enlarged, 2.5, cv2.GaussianBlur(enlarged, (0, 0), 3), -1.5, 0)
    yield _Version(np.asarray(sharp, np.uint8), double)
    yield _Version(255 - working, base, thorough=True)
    yield _Version(255 - enlarged, double)


def _resized(gray: GrayImage, scale: float) -> GrayImage:
    if scale == 1.0:
        return gray
    height, width = gray.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)


def _thresholded(gray: GrayImage, window: int, offset: float) -> GrayImage:
    mean, binary = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
    return np.asarray(cv2.adaptiveThreshold(gray, 255, mean, binary, window, offset), np.uint8)


def _placed(symbol: Symbol, decoder: str, scale: float) -> VisibleReading:
    corners = symbol.corners
    if corners is not None:
        corners = ((corners + 0.5) / scale - 0.5).astype(np.float32)
    return VisibleReading(symbol.candidates[0], decoder, corners, symbol.text)


def _is_same(one: VisibleReading, other: VisibleReading) -> bool:
    if one.payload != other.payload and (one.text is None or one.text != other.text):
        return False
    if one.corners is None or other.corners is None:
        return True
    span = np.ptp(other.corners, axis=0).max()
    apart = np.linalg.norm(one.corners.mean(axis=0) - other.corners.mean(axis=0))
    return bool(apart < span / 2)

"""Views for the close look to learn from, and what it should say about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.learned.closeup import view_of
from capture.find.learned.networks.closeup_size import CELLS, STRIDE
from capture.geometry.quad import overlap
from riis_physical.artifacts import UInt8Image
from training.detector.material.scenes import Picture
from training.detector.targets import clockwise, degraded, recoloured
from training.detector.validate import whole

FloatArray = NDArray[np.float32]

# Smaller pictures would show no texture in a composite.
SMALLEST_PX = 130.0
# Corners are off by shares of the size: all in the same way, and each in its own.
SCALED, SHIFTED, MOVED = 0.07, 0.05, 0.045
# One in so many is off twice as far, one in so many is nowhere near a picture.
FARTHER, ELSEWHERE = 0.3, 0.12
TRIES = 12
# Targets across a side are so wide, in cells.
SPREAD = 0.8


@dataclass(frozen=True)
class CloseUpExample:
    """One view with its targets, see `CloseUpMaps` of `closeup_net`.

    Attributes:
        image: (SIZE, SIZE, 3) uint8.
        sides: (4, across, along) probabilities; zero along parts that nothing is asked of.
        container: (h, w) 0 or 1.
        weight: (h, w) 0 where nothing is asked (edges of pictures), 2 on the picture
            looked at, else 1.
    """

    image: UInt8Image
    sides: FloatArray
    container: FloatArray
    weight: FloatArray


def draw_place(
    pictures: Sequence[Picture], size: tuple[int, int], rng: np.random.Generator
) -> tuple[FloatArray, int | None] | None:
    """A place to look at: near one of the pictures (its number), or at none.

    Args:
        pictures: of the composite, later ones in front.
        size: (h, w) of the composite.

    Returns:
        corners xy (4, 2), beginning at any of them; None where there is nothing to draw.
    """
    if rng.random() < ELSEWHERE:
        for _ in range(TRIES):
            place = _anywhere(size, rng)
            if all(overlap(place, picture.sheet) < 0.25 for picture in pictures):
                return place, None
    kept = whole(pictures, size, SMALLEST_PX)
    if not kept:
        return None
    chosen = kept[int(rng.integers(len(kept)))]
    number = next(n for n, picture in enumerate(pictures) if picture is chosen)
    far = 2.0 if rng.random() < FARTHER else 1.0
    truth = np.roll(clockwise(chosen.corners), int(rng.integers(4)), 0)
    return perturbed(truth, rng, far), number


def perturbed(truth: FloatArray, rng: np.random.Generator, far: float = 1.0) -> FloatArray:
    """Corners as a detector would give them, some percent of the size off, times `far`."""
    length = float(np.linalg.norm(truth - np.roll(truth, -1, 0), axis=1).mean())
    centre = truth.mean(0)
    grown = centre + (truth - centre) * np.exp(rng.normal(0, SCALED * far, 2))
    moved = grown + (rng.normal(0, SHIFTED, 2) + rng.normal(0, MOVED, (4, 2))) * far * length
    return np.asarray(moved, np.float32)


def example(
    image: UInt8Image,
    pictures: Sequence[Picture],
    place: FloatArray,
    number: int | None,
    rng: np.random.Generator | None = None,
) -> CloseUpExample | None:
    """The view of a place with its targets; None where the picture is not all in view.

    Args:
        number: of the picture looked at.
        rng: of changes of colour, noise and compression; None for none.
    """
    seen = view_of(image, place)
    if seen is None:
        return None
    pixels, to_photo = seen
    if rng is not None:
        pixels = degraded(recoloured(pixels, rng), rng)
    to_cells = np.diag([1 / STRIDE, 1 / STRIDE, 1]) @ np.linalg.inv(to_photo)

    def cells(corners: FloatArray) -> FloatArray:
        there = cv2.perspectiveTransform(corners[None].astype(np.float64), to_cells)[0]
        return np.asarray(there + (0.5 / STRIDE - 0.5), np.float32)

    sides = np.zeros((4, CELLS, CELLS), np.float32)
    if number is not None:
        quad = cells(pictures[number].corners)
        if quad.min() < 0 or quad.max() > CELLS - 1:
            return None
        quad = clockwise(quad)
        for side in range(4):
            sides[side] = _side(quad, side)
    container = np.zeros((CELLS, CELLS), np.float32)
    weight = np.ones((CELLS, CELLS), np.float32)
    for n, picture in enumerate(pictures):
        _fill(container, cells(picture.sheet), 0.0)
        _fill(weight, cells(picture.sheet), 1.0)
        inner = cells(picture.corners)
        _fill(container, inner, float(picture.hidden))
        _fill(weight, inner, 2.0 if n == number else 1.0)
        cv2.polylines(weight, [_fixed(inner)], True, 0.0, 2, shift=4)
    return CloseUpExample(pixels, sides, container, weight)


def _anywhere(size: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    width = float(rng.uniform(0.15, 0.7)) * min(size)
    height = width * float(np.exp(rng.uniform(-0.5, 0.5)))
    place = rng.uniform(0.15, 0.85, 2) * (size[1], size[0])
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    return np.asarray(place + box + rng.normal(0, 0.05 * width, (4, 2)), np.float32)


def _side(quad: FloatArray, side: int) -> FloatArray:
    """(across, along): a narrow bell about the side wherever it runs."""
    start, end = quad[side], quad[(side + 1) % 4]
    along, across = (0, 1) if side % 2 == 0 else (1, 0)
    at = np.arange(CELLS, dtype=np.float32)
    share = (at - start[along]) / (end[along] - start[along] or 1.0)
    middle = start[across] + share * (end[across] - start[across])
    bell = np.exp(-0.5 * ((at[:, None] - middle[None]) / SPREAD) ** 2)
    bell /= np.maximum(bell.sum(0), 1e-6)
    return np.asarray(bell * ((share >= 0) & (share <= 1)), np.float32)


def _fixed(quad: FloatArray) -> NDArray[np.int32]:
    """Sixteenths of cells; far points brought near enough for OpenCV."""
    return np.rint(np.clip(quad, -1000, 1000) * 16).astype(np.int32)


def _fill(canvas: FloatArray, quad: FloatArray, value: float) -> None:
    cv2.fillConvexPoly(canvas, _fixed(quad), value, shift=4)

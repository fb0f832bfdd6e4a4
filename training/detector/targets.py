"""What the detector should say about a composite, after random changes of the view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from capture.find.learned.networks.detector_size import OFFSET_UNIT, STRIDE
from riis_physical.artifacts import UInt8Image
from training.detector.material.scenes import Picture

FloatArray = NDArray[np.float32]
Batch = TypeVar("Batch")

ZOOM = (0.75, 1.35)
MOST_TURN_DEG = 10.0
LEAST_VISIBLE = 0.3  # of a picture's area within the view, or it is no target


@dataclass(frozen=True)
class Example:
    """One view with its targets, at 1 / STRIDE of its size.

    Attributes:
        image: (H, W, 3) uint8.
        container, picture: (h, w) 0 or 1.
        offsets: (8, h, w), units of OFFSET_UNIT px.
        weight: (h, w) 0 where nothing is asked (edges of pictures), else 1.
        scale: (h, w) 1 / size of the picture at that position, in OFFSET_UNIT px.
    """

    image: UInt8Image
    container: FloatArray
    picture: FloatArray
    offsets: FloatArray
    weight: FloatArray
    scale: FloatArray


def stacked(kind: Callable[..., Batch], examples: Sequence[Any], device: str) -> Batch:
    """Examples of one size as a batch: `images`, and fields of theirs by the same names.

    Args:
        kind: dataclass of tensors, `images` first, (B, 3, H, W) in [0, 1].
        examples: each with `image`, uint8 (H, W, 3), and arrays.
    """

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(e, name) for e in examples])).to(device)

    images = tensor("image").permute(0, 3, 1, 2).float() / 255
    names = [f.name for f in fields(kind)[1:]]  # type: ignore[arg-type]
    return kind(
        images.contiguous(memory_format=torch.channels_last), *(tensor(name) for name in names)
    )


def view(
    image: UInt8Image, pictures: Sequence[Picture], rng: np.random.Generator, size: tuple[int, int]
) -> Example:
    """A random view (h, w) of a composite: turned, mirrored, zoomed, recoloured."""
    height, width = image.shape[:2]
    zoom = float(np.exp(rng.uniform(*np.log(ZOOM)))) * min(size[0] / height, size[1] / width)
    angle = float(rng.uniform(-1, 1)) * MOST_TURN_DEG * np.pi / 180
    angle += float(rng.choice([0, 0, 0.5, 1, 1.5])) * np.pi
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    turn = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    centre = np.array([width / 2, height / 2]) - 0.5
    middle = np.array([size[1] / 2, size[0] / 2]) - 0.5 + rng.uniform(-0.12, 0.12, 2) * min(size)
    move = np.column_stack([turn, middle - turn @ centre])
    mode = cv2.BORDER_REFLECT_101 if rng.random() < 0.7 else cv2.BORDER_CONSTANT
    seen = cv2.warpAffine(
        image, move, (size[1], size[0]), flags=cv2.INTER_LINEAR, borderMode=mode,
        borderValue=[int(c) for c in rng.integers(0, 256, 3)],
    )  # fmt: skip
    moved = [
        (clockwise(_moved(p.corners, move)), p.hidden, _moved(p.sheet, move)) for p in pictures
    ]
    outside = cv2.warpAffine(np.zeros((height, width), np.uint8), move, (size[1], size[0]),
                             borderValue=1)  # fmt: skip
    shown = degraded(recoloured(np.asarray(seen, np.uint8), rng), rng)
    return _targets(shown, moved, outside)


def plain(image: UInt8Image, pictures: Sequence[Picture]) -> Example:
    """The composite as it is; its sides must be multiples of the network's."""
    same = [(clockwise(p.corners), p.hidden, p.sheet) for p in pictures]
    return _targets(image, same, np.zeros(image.shape[:2], np.uint8))


def _targets(
    image: UInt8Image,
    pictures: Sequence[tuple[FloatArray, bool, FloatArray]],
    outside: NDArray[np.generic],
) -> Example:
    h, w = image.shape[0] // STRIDE, image.shape[1] // STRIDE
    container, picture = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    offsets, scale = np.zeros((8, h, w), np.float32), np.ones((h, w), np.float32)
    weight = np.ones((h, w), np.float32)
    x = np.arange(w, dtype=np.float32) * STRIDE + (STRIDE - 1) / 2
    y = np.arange(h, dtype=np.float32) * STRIDE + (STRIDE - 1) / 2
    for corners, hidden, sheet in pictures:
        covered = _inside(sheet, (h, w), 0)
        container[covered], picture[covered], weight[covered] = 0, 0, 1
        inner, outer = _inside(corners, (h, w), -0.5), _inside(corners, (h, w), 0.5)
        weight[outer & ~inner] = 0
        small = float(np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1).mean())
        if small < 3 * STRIDE or _visible(corners, image.shape[:2]) < LEAST_VISIBLE:
            weight[outer] = 0
            continue
        container[inner] = float(hidden)
        picture[inner] = 1
        for c in range(4):
            across = (corners[c, 0] - x)[None, :].repeat(h, 0) / OFFSET_UNIT
            down = (corners[c, 1] - y)[:, None].repeat(w, 1) / OFFSET_UNIT
            offsets[2 * c][inner] = across[inner]
            offsets[2 * c + 1][inner] = down[inner]
        scale[inner] = OFFSET_UNIT / small
    shown = cv2.resize(outside.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA)
    weight[shown > 0] = 0
    return Example(image, container, picture, offsets, weight, scale)


def _inside(quad: FloatArray, size: tuple[int, int], grow: float) -> NDArray[np.bool_]:
    """Cells whose centre lies in a quadrilateral grown by so many cells."""
    cells = (quad + 0.5) / STRIDE - 0.5
    centre = cells.mean(0)
    away = cells - centre
    cells = centre + away * (
        1 + grow * 1.4 / np.maximum(np.linalg.norm(away, axis=1), 1.5)[:, None]
    )
    canvas = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(canvas, np.rint(cells * 16).astype(np.int32), 1, shift=4)
    return canvas > 0


def _visible(corners: FloatArray, size: tuple[int, int]) -> float:
    frame = np.array([[0, 0], [size[1], 0], [size[1], size[0]], [0, size[0]]], np.float32)
    common, _ = cv2.intersectConvexConvex(corners.astype(np.float32), frame)
    return float(common) / max(abs(float(cv2.contourArea(corners.astype(np.float32)))), 1.0)


def _moved(points: FloatArray, move: NDArray[np.float64]) -> FloatArray:
    return np.asarray(points @ move[:, :2].T + move[:, 2], np.float32)


def clockwise(corners: FloatArray) -> FloatArray:
    """The corners clockwise in the image from the one nearest to the top left."""
    area = cv2.contourArea(corners.astype(np.float32), True)
    ordered = corners if area > 0 else corners[::-1]
    centred = ordered - ordered.mean(0)
    return np.asarray(np.roll(ordered, -int(centred.sum(1).argmin()), 0), np.float32)


def recoloured(image: UInt8Image, rng: np.random.Generator) -> UInt8Image:
    """Another exposure, contrast and white balance, a little blur or noise."""
    gain = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.05, 3))
    gamma = float(np.exp(rng.normal(0, 0.12)))
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    table = np.clip(255 * np.clip(levels**gamma * gain, 0, 1) + 0.5, 0, 255).astype(np.uint8)
    changed = np.stack([cv2.LUT(image[..., c], table[:, c]) for c in range(3)], axis=-1)
    if rng.random() < 0.3:
        changed = cv2.GaussianBlur(changed, (0, 0), float(rng.uniform(0.3, 0.8)))
    return np.asarray(changed, np.uint8)


def degraded(image: UInt8Image, rng: np.random.Generator) -> UInt8Image:
    """Noise and compression over all, so that neither gives away what was put in later."""
    if rng.random() < 0.4:
        tile = rng.normal(0, float(rng.uniform(0.5, 5)), (131, 157, 3)).astype(np.int8)
        across = [-(-side // size) for side, size in zip(image.shape, tile.shape, strict=True)]
        noise = np.tile(tile, across)[: image.shape[0], : image.shape[1]]
        image = np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)
    if rng.random() < 0.5:
        quality = int(rng.integers(70, 98))
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image

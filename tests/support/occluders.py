"""Things that lie on or in front of a container: stickers, labels, fingers, pictures.

For measuring what a reading stands. An occluder is opaque; it is put onto the container
before the photograph, so that it goes through the whole channel like the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8Image = NDArray[np.uint8]
OccluderKind = Literal["logo", "label", "finger", "dark", "picture"]
KINDS: tuple[OccluderKind, ...] = get_args(OccluderKind)
"""A sticker with writing, a white label, a finger from the edge, a dark patch, a photograph."""

_SKIN = ((236, 188, 160), (198, 134, 104), (141, 85, 56), (92, 58, 42))


@dataclass(frozen=True)
class Covered:
    """A container with something on it.

    Attributes:
        image: uint8 RGB (H, W, 3).
        mask: (H, W), True where the container is hidden.
    """

    image: UInt8Image
    mask: NDArray[np.bool_]

    def share(self, size: int) -> NDArray[np.float32]:
        """Hidden part of each of size x size modules, in [0, 1]."""
        whole = self.mask.astype(np.float32)
        return np.asarray(cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def cover(
    container: UInt8Image,
    kind: OccluderKind,
    area: float,
    rng: np.random.Generator,
    picture: UInt8Image | None = None,
) -> Covered:
    """Hide a part of a container behind one object.

    Args:
        container: uint8 RGB (H, W, 3).
        kind: see :data:`KINDS`.
        area: part of the container to be hidden, 0 to 0.5.
        rng: of shape, place and colour.
        picture: uint8 RGB, what a `picture` shows; noise of large blots if None.

    Raises:
        ValueError: the area is out of range.
    """
    if not 0 <= area <= 0.5:
        raise ValueError(f"area {area}: expected 0 to 0.5")
    height, width = container.shape[:2]
    if area == 0:
        return Covered(container.copy(), np.zeros((height, width), bool))
    if kind == "finger":
        mask = _finger(height, width, area, rng)
    else:
        mask = _patch(height, width, area, rng, rounded=kind == "dark")
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = int(rows[0]), int(columns[0])
    box = (int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)
    layer = np.zeros_like(container)
    layer[top : top + box[0], left : left + box[1]] = _surface(kind, box, rng, picture)
    return Covered(np.where(mask[..., None], layer, container).astype(np.uint8), mask)


def _patch(
    height: int, width: int, area: float, rng: np.random.Generator, *, rounded: bool
) -> NDArray[np.bool_]:
    """A rectangle, or an ellipse, wholly within the container."""
    pixels = area * height * width * (4 / np.pi if rounded else 1.0)
    ratio = float(np.exp(rng.uniform(-0.6, 0.6)))
    h = float(np.clip(np.sqrt(pixels * ratio), 4, 0.98 * height))
    w = float(np.clip(pixels / h, 4, 0.98 * width))
    h = min(pixels / w, height)
    y, x = rng.uniform(h / 2, height - h / 2), rng.uniform(w / 2, width - w / 2)
    rows, columns = np.mgrid[:height, :width] + 0.5
    dy, dx = (rows - y) / (h / 2), (columns - x) / (w / 2)
    inside = dy**2 + dx**2 <= 1 if rounded else np.maximum(abs(dy), abs(dx)) <= 1
    return np.asarray(inside, np.bool_)


def _finger(height: int, width: int, area: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A bar with a round end that comes in from one edge."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    turn = int(rng.integers(4))
    along, across = (rows, columns) if turn % 2 == 0 else (columns, rows)
    length, breadth = (height, width) if turn % 2 == 0 else (width, height)
    if turn >= 2:
        along = length - along
    pixels = area * height * width
    thick = float(np.sqrt(pixels / rng.uniform(1.2, 2.2)))
    thick = max(thick, pixels / (0.9 * length))
    reach = pixels / thick - thick * np.pi / 8
    middle = rng.uniform(min(thick / 2, breadth / 2), max(breadth - thick / 2, breadth / 2))
    slant = rng.uniform(-0.3, 0.3)
    off = across - middle - slant * (along - reach)
    bar = (along <= reach) & (abs(off) <= thick / 2)
    tip = (along - reach) ** 2 + off**2 <= (thick / 2) ** 2
    return np.asarray(bar | tip, np.bool_)


def _surface(
    kind: OccluderKind, box: tuple[int, int], rng: np.random.Generator, picture: UInt8Image | None
) -> UInt8Image:
    """What the occluder looks like, uint8 RGB (h, w, 3)."""
    h, w = box
    if kind == "picture" and picture is not None:
        scale = max(h / picture.shape[0], w / picture.shape[1], rng.uniform(0.2, 0.8))
        side = (max(w, round(picture.shape[1] * scale)), max(h, round(picture.shape[0] * scale)))
        shrunk = cv2.resize(picture, side, interpolation=cv2.INTER_AREA)
        y, x = rng.integers(0, side[1] - h + 1), rng.integers(0, side[0] - w + 1)
        return np.asarray(shrunk[y : y + h, x : x + w], np.uint8)
    if kind == "picture":
        blots = rng.integers(0, 256, (max(2, h // 12), max(2, w // 12), 3)).astype(np.uint8)
        return np.asarray(cv2.resize(blots, (w, h), interpolation=cv2.INTER_CUBIC), np.uint8)
    if kind == "finger":
        skin = np.array(_SKIN[int(rng.integers(len(_SKIN)))], np.float64)
        shade = 1 - 0.25 * np.abs(np.linspace(-1, 1, w))[None, :, None] ** 2
        grain = cv2.GaussianBlur(rng.normal(0, 1, (h, w)), (0, 0), 1.5)[..., None] * 12
        return np.clip(skin * shade + grain, 0, 255).astype(np.uint8)
    if kind == "dark":
        return np.broadcast_to(rng.integers(5, 60, 3).astype(np.uint8), (h, w, 3)).copy()
    if kind == "label":
        return np.full((h, w, 3), rng.integers(228, 256), np.uint8)
    ground, ink = rng.integers(0, 256, 3), rng.integers(0, 256, 3)
    sticker = np.broadcast_to(ground.astype(np.uint8), (h, w, 3)).copy()
    colour = tuple(int(c) for c in ink)
    size = max(0.3, w / 130)
    for line in range(max(1, int(h / (32 * size)))):
        word = "".join(chr(c) for c in rng.integers(65, 91, 6))
        place = (round(0.04 * w), round((line + 0.8) * 32 * size))
        cv2.putText(
            sticker, word, place, cv2.FONT_HERSHEY_DUPLEX, size, colour, max(1, round(2 * size))
        )
    cv2.circle(sticker, (round(0.8 * w), round(0.75 * h)), max(2, min(h, w) // 6), colour, -1)
    return sticker

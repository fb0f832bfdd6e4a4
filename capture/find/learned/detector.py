"""Containers without a border, by a small network that has learned what they look like.

The network looks at a copy 1024 px long. It marks the area of each picture and votes at
every position for the four corners. Outlines of the areas, and votes where areas run
together, give corners good to a few percent of the width: enough to start from, not to
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.learned.networks.batching import Batcher
from capture.find.learned.networks.detector_size import MULTIPLE, OFFSET_UNIT, STRIDE
from capture.find.learned.networks.running import ON_ONNX, maps_of, on_device, onnx_network
from riis_physical.artifacts import UInt8Image
from riis_physical.model.onnx_network import OnnxNetwork, sigmoid

if TYPE_CHECKING:
    from capture.find.learned.networks.detector_net import DetectorNet

FloatArray = NDArray[np.float32]

SHIPPED = Path(__file__).parent / "weights" / "detector-2.safetensors"
COPY_PX = 1024
LIKELY = 0.5
# Votes this near to each other, as a share of the picture's size, are for one picture.
AGREE = 0.15
FEWEST_CELLS = 6
SHORTEST_CELLS = 2.5
# Areas are outlined at these probabilities, on a map so many times finer.
LEVELS = (0.5, 0.3, 0.75, 0.9, 0.96)
FINER = 4
# An area fills its quadrilateral by this share at least, or it is no picture's.
LEAST_FILL = 0.8
# Corners nearer than this, as a share of the size, are one picture's.
SAME = 0.03
MOST_PICTURES = 8
MOST_TOGETHER = 8  # photos of a batch


@dataclass(frozen=True)
class Detection:
    """A picture that the network sees.

    Attributes:
        corners: xy (4, 2) float32 in the photo, clockwise in the image from the one
            nearest to the top left.
        container: 0 to 1, how surely it is a container.
        picture: 0 to 1, how surely it is a framed or bare picture at all.
        fill: share of the quadrilateral that the network marks, or that votes for it.
    """

    corners: FloatArray
    container: float
    picture: float
    fill: float


@dataclass(frozen=True)
class Sight:
    """The network's maps of one photo.

    Attributes:
        container, picture: (h, w) probabilities, 0 to 1. offsets: (4, 2, h, w), see
            :class:`capture.find.learned.networks.detector_net.Maps`.
        ratio: (2,) xy, pixels of the photo for one of the copy that was looked at.
    """

    container: FloatArray
    picture: FloatArray
    offsets: FloatArray
    ratio: FloatArray

    def pictures(
        self, without: Sequence[FloatArray] = (), *, least: float = LIKELY
    ) -> list[Detection]:
        """Pictures, the likeliest containers first.

        Args:
            without: xy (4, 2) outlines in the photo that count as empty, such as of pictures known
                already: what ran together with them is told apart then.
            least: least probability of a position to count.

        Returns:
            MOST_PICTURES at most, corners in pixels of the photo.
        """
        container, picture = self.container, self.picture
        if without:
            left = ~self._covered(without)
            container, picture = container * left, picture * left
        found = gather(container, picture, self.offsets, least=least)
        return [replace(one, corners=self._in_photo(one.corners)) for one in found]

    def _in_photo(self, corners: FloatArray) -> FloatArray:
        return np.asarray((corners + 0.5) * self.ratio - 0.5, np.float32)

    def _covered(self, outlines: Sequence[FloatArray]) -> NDArray[np.bool_]:
        """(h, w), positions in or at an outline."""
        cover = np.zeros(self.picture.shape, np.uint8)
        for corners in outlines:
            cells = (corners + 0.5) / self.ratio / STRIDE - 0.5
            polygon = np.rint(cells * 16).astype(np.int32)
            cv2.fillConvexPoly(cover, polygon, 1, shift=4)
            cv2.polylines(cover, [polygon], True, 1, 2, shift=4)
        return cover > 0


class LearnedDetector:
    """The network with its weights.

    Photos of several threads share a batch. That pays on a GPU; on a CPU a photo of a batch
    takes as long as one alone (52 ms in batches of 4, 50 ms alone, one thread).
    """

    def __init__(self, network: DetectorNet | OnnxNetwork, device: str = "cpu") -> None:
        self.network = on_device(network, device)
        self.device = device
        self._maps = Batcher(self._run, kind=lambda small: small.shape, most=MOST_TOGETHER)

    @classmethod
    def load(cls, file: str | Path = SHIPPED, device: str = "cpu") -> LearnedDetector:
        """Load weights (.safetensors with its record beside it).

        Args:
            device: of torch, or of ONNX Runtime, see :mod:`riis_physical.model.onnx_network`.

        Raises:
            WeightsError: missing, corrupted or of another shape.
        """
        if device in ON_ONNX:
            return cls(onnx_network(file, device), device)
        from capture.find.learned.networks.detector_net import DetectorNet
        from capture.find.learned.networks.network_file import load_network

        return cls(load_network(DetectorNet, file), device)

    def see(self, photo: UInt8Image) -> Sight:
        """What the network sees in uint8 RGB (H, W, 3), upright."""
        small, ratio = _copy(photo)
        return Sight(*self._maps(small), ratio)

    def detect(self, photo: UInt8Image, *, least: float = LIKELY) -> list[Detection]:
        """Pictures in a photo, see :meth:`Sight.pictures`."""
        return self.see(photo).pictures(least=least)

    def _run(self, photos: Sequence[UInt8Image]) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Container and picture (h, w) and offsets (4, 2, h, w) of photos of one size."""
        container, picture, offsets = maps_of(self.network, photos, self.device)
        return list(zip(sigmoid(container), sigmoid(picture), offsets, strict=True))


@lru_cache(maxsize=2)
def shipped_detector(device: str = "cpu") -> LearnedDetector | None:
    """The shipped detector, loaded once; None where none ships."""
    return LearnedDetector.load(SHIPPED, device) if SHIPPED.is_file() else None


def gather(
    container: FloatArray, picture: FloatArray, offsets: FloatArray, *, least: float = LIKELY
) -> list[Detection]:
    """Pictures from the network's maps, in pixels of its input, the likeliest containers first.

    The outline of each area that is surely a picture comes first; where areas of several
    pictures run into one another, the votes for corners tell them apart.

    Args:
        container, picture: (h, w) probabilities.
        offsets: (4, 2, h, w), see :class:`capture.find.learned.networks.detector_net.Maps`.
        least: least probability of a position to count in a vote.
    """
    found: list[Detection] = []
    for detection in [*_outlined(container, picture), *_voted(container, picture, offsets, least)]:
        if all(not _same(detection.corners, other.corners) for other in found):
            found.append(detection)
    return sorted(found, key=lambda d: -d.container * d.fill)[:MOST_PICTURES]


def _outlined(container: FloatArray, picture: FloatArray) -> list[Detection]:
    """Quadrilaterals about the areas of either map, the fullest first."""
    found: list[Detection] = []
    for level in LEVELS:
        for probability in (picture, container):
            fine = cv2.resize(probability, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
            mask = np.asarray(fine > level, np.uint8)
            contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            for contour in contours:
                detection = _around(contour, container, picture)
                if detection is not None:
                    found.append(detection)
    return sorted(found, key=lambda d: -d.fill)


def _around(contour: NDArray[Any], container: FloatArray, picture: FloatArray) -> Detection | None:
    """The smallest quadrilateral about an outline, None where the area fills it badly."""
    area = cv2.contourArea(contour)
    if area < FEWEST_CELLS * FINER**2:
        return None
    hull = cv2.convexHull(contour)
    if len(hull) < 4:  # a triangle is no picture, and OpenCV refuses it
        return None
    corners = cv2.approxPolyN(hull, 4, ensure_convex=True).reshape(-1, 2).astype(np.float32)
    if len(corners) != 4 or _sides(corners).min() < SHORTEST_CELLS * FINER:
        return None
    fill = float(area / max(cv2.contourArea(corners), 1e-6))
    if fill < LEAST_FILL:
        return None
    if cv2.contourArea(corners, True) < 0:
        corners = corners[::-1]
    inside = np.zeros(picture.shape, np.uint8)
    cells = (corners + 0.5) / FINER - 0.5
    cv2.fillConvexPoly(inside, np.rint(cells * 16).astype(np.int32), 1, shift=4)
    cover = inside > 0
    if not cover.any():
        return None
    unit = np.float32(STRIDE / FINER)
    corners = (corners + np.float32(0.5)) * unit - np.float32(0.5)
    return Detection(
        np.asarray(np.roll(corners, -int(corners.sum(1).argmin()), 0), np.float32),
        float(container[cover].mean()),
        float(picture[cover].mean()),
        min(fill, 1.0),
    )


def _voted(
    container: FloatArray, picture: FloatArray, offsets: FloatArray, least: float
) -> list[Detection]:
    """Quadrilaterals that positions agree on, each position for one of them."""
    rows, columns = np.nonzero(picture >= least)
    if len(rows) < FEWEST_CELLS:
        return []
    centres = np.column_stack([columns, rows]) * np.float32(STRIDE) + np.float32((STRIDE - 1) / 2)
    away = offsets[:, :, rows, columns].transpose(2, 0, 1) * np.float32(OFFSET_UNIT)
    votes = centres[:, None] + away
    sure = picture[rows, columns]
    hidden = container[rows, columns]
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.5)[rows, columns]
    left = np.ones(len(rows), bool)
    found: list[Detection] = []
    while left.sum() >= FEWEST_CELLS and len(found) < MOST_PICTURES:
        seed = int(np.where(left, smooth, -1).argmax())
        corners = votes[seed]
        members = np.zeros(len(rows), bool)
        for _ in range(3):
            size = float(np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1).mean())
            members = left & (np.abs(votes - corners).max((1, 2)) < AGREE * size)
            if members.sum() < FEWEST_CELLS:
                break
            # Positions near a corner know it best.
            distance = np.linalg.norm(away[members], axis=2)
            weight = sure[members, None] / (distance + 0.15 * size) ** 2
            corners = (votes[members] * weight[..., None]).sum(0) / weight.sum(0)[:, None]
        inside = _within(centres, corners)
        if members.sum() < FEWEST_CELLS:
            left[seed] = False
            continue
        area = abs(float(cv2.contourArea(corners.astype(np.float32)))) / STRIDE**2
        found.append(
            Detection(
                corners.astype(np.float32),
                float(hidden[members].mean()),
                float(sure[members].mean()),
                min(1.0, float(members.sum()) / max(area, 1.0)),
            )
        )
        left &= ~members & ~inside
    return found


def _sides(quad: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(quad - np.roll(quad, -1, 0), axis=1), np.float32)


def _same(one: FloatArray, other: FloatArray) -> bool:
    """Whether two quadrilaterals are so near that both lead to the same fit."""
    size = float(_sides(one).mean())
    return bool(np.abs(one - other).max() < SAME * size)


def _within(points: FloatArray, quad: FloatArray) -> NDArray[np.bool_]:
    """Points inside a quadrilateral that runs clockwise."""
    inside = np.ones(len(points), bool)
    for one, other in zip(quad, np.roll(quad, -1, 0), strict=True):
        edge = other - one
        inside &= edge[0] * (points[:, 1] - one[1]) - edge[1] * (points[:, 0] - one[0]) > 0
    return inside


def _copy(photo: UInt8Image) -> tuple[UInt8Image, FloatArray]:
    """The photo at COPY_PX, sides rounded to what the network takes, and photo px per px."""
    height, width = photo.shape[:2]
    scale = COPY_PX / max(height, width)
    sides = [max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (height, width)]
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(photo, (sides[1], sides[0]), interpolation=mode)
    ratio = np.array([width / sides[1], height / sides[0]], np.float32)
    return np.asarray(small, np.uint8), ratio

"""A close look at a place where a picture may be: whether there is one, and its corners.

The place is straightened with a margin around it; a small network says where the four sides
are and where it sees a picture. Corners that are off by up to a fifth of
the width come back within a percent or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.learned.networks.closeup_size import MARGIN, SIZE, STRIDE
from capture.find.learned.networks.running import ON_ONNX, maps_of, on_device, onnx_network
from capture.find.learned.sides import fit_sides, rim_of
from capture.geometry.rectify import Region, homography, validate_corners
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import RectificationError
from riis_physical.model.onnx_network import OnnxNetwork, sigmoid

if TYPE_CHECKING:
    from capture.find.learned.networks.closeup_net import CloseUpNet

FloatArray = NDArray[np.float32]

SHIPPED = Path(__file__).parent / "weights" / "closeup-1.safetensors"
LOOKS = 1
"""So often a place is looked at, each time from the corners found before; a second look costs
as much as the first and gained nothing on 40 captures before real rooms."""
# Of corners but for one side the area is less than so many times that of the likeliest ones.
LARGER = 3.0


@dataclass(frozen=True)
class CloseUp:
    """What the close look found.

    Attributes:
        corners: xy (4, 2) float32 in the photo, in the order of those given.
        container: 0 to 1, how surely it is a picture that may be a container. Places without
            a picture get next to nothing; so small a view seldom tells what is hidden in one,
            which the detector sees better.
        sure: 0 to 1, how much of the sides' probability lies near the lines fitted; the
            least of the four.
        others: corners like these but for one side, which lies where the network sees it next
            best; (4, 2) each, the likeliest first.
    """

    corners: FloatArray
    container: float
    sure: float
    others: tuple[FloatArray, ...] = ()


class CloseLook:
    """The network with its weights."""

    def __init__(self, network: CloseUpNet | OnnxNetwork, device: str = "cpu") -> None:
        self.network = on_device(network, device)
        self.device = device

    @classmethod
    def load(cls, file: str | Path = SHIPPED, device: str = "cpu") -> CloseLook:
        """Load weights (.safetensors with its record beside it).

        Args:
            device: of torch, or of ONNX Runtime, see :mod:`riis_physical.model.onnx_network`.

        Raises:
            WeightsError: missing, corrupted or of another shape.
        """
        if device in ON_ONNX:
            return cls(onnx_network(file, device), device)
        from capture.find.learned.networks.closeup_net import CloseUpNet
        from capture.find.learned.networks.network_file import load_network

        return cls(load_network(CloseUpNet, file), device)

    def look(
        self, photo: UInt8Image, places: Sequence[FloatArray], *, looks: int = LOOKS
    ) -> list[CloseUp | None]:
        """The pictures at places of a photo; None where no picture can be.

        Args:
            photo: uint8 RGB (H, W, 3), upright.
            places: xy (4, 2) each, clockwise, right to within a fifth of the width.
            looks: how often; each looks from the corners found before.
        """
        found: list[CloseUp | None] = [None] * len(places)
        for turn in range(looks):
            here = [one.corners if one else None for one in found] if turn else places
            views = [None if corners is None else view_of(photo, corners) for corners in here]
            shown = [view for view in views if view is not None]
            answers = iter(self._run([pixels for pixels, _ in shown]) if shown else [])
            found = [
                one if view is None else _answer(*next(answers), view[1]) or one
                for one, view in zip(found, views, strict=True)
            ]
        return found

    def _run(self, views: Sequence[UInt8Image]) -> list[tuple[FloatArray, FloatArray]]:
        """Probabilities of the sides (4, across, along) and of a container (h, w)."""
        logits, container = maps_of(self.network, views, self.device)
        likely = np.exp(logits - logits.max(-2, keepdims=True))
        sides = likely / likely.sum(-2, keepdims=True)
        return list(zip(sides, sigmoid(container), strict=True))


@lru_cache(maxsize=2)
def shipped_close_look(device: str = "cpu") -> CloseLook:
    """The shipped close look, loaded once."""
    return CloseLook.load(SHIPPED, device)


def view_of(
    photo: UInt8Image, corners: FloatArray
) -> tuple[UInt8Image, NDArray[np.float64]] | None:
    """What the network sees of a place, and the view's pixels in the photo.

    Returns:
        (SIZE, SIZE, 3) with the corners MARGIN from its rim, and view_to_photo (3, 3);
        None for corners that are no rectangle's or that leave no room around them.
    """
    inner = SIZE - 2 * MARGIN
    try:
        matrix = homography(corners, (inner, inner)) @ np.array(
            [[1, 0, -MARGIN], [0, 1, -MARGIN], [0, 0, 1]], np.float64
        )
        rim = _mapped(rim_of(-0.5, SIZE - 0.5), matrix)
        pixels = Region.cut(photo, rim, SIZE).rectify((SIZE, SIZE)).image
    except RectificationError:
        return None
    return np.asarray(pixels * 255 + np.float32(0.5), np.uint8), matrix


def _mapped(points: FloatArray, matrix: NDArray[np.float64]) -> FloatArray:
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0])


def _answer(
    sides: FloatArray, container: FloatArray, to_photo: NDArray[np.float64]
) -> CloseUp | None:
    """Corners and scores from the maps of one view."""

    def in_photo(quad: FloatArray) -> FloatArray:
        there = _mapped((quad + np.float32(0.5)) * STRIDE - np.float32(0.5), to_photo)
        return there.astype(np.float32)

    fit = fit_sides(sides)
    inside = np.zeros(container.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(fit.quad * 16).astype(np.int32), 1, shift=4)
    if not inside.any():
        return None
    hidden = float(container[inside > 0].mean())
    corners = in_photo(fit.quad)
    others = (in_photo(quad) for quad in fit.others)
    possible = tuple(other for other in others if _is_possible(other, corners))
    return CloseUp(corners, hidden, fit.sure, possible)


def _is_possible(other: FloatArray, corners: FloatArray) -> bool:
    """Whether corners are those of a rectangle, of about the size of the likeliest ones."""
    try:
        validate_corners(other)
    except RectificationError:
        return False
    return bool(cv2.contourArea(other) < LARGER * cv2.contourArea(corners))

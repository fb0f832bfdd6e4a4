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

from capture.rectify import Region, homography
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import RectificationError

if TYPE_CHECKING:
    from capture.closeup_net import CloseUpNet

FloatArray = NDArray[np.float32]

SHIPPED = Path(__file__).with_name("closeup-1.safetensors")
LOOKS = 1
"""So often a place is looked at, each time from the corners found before; a second look costs
as much as the first and gained nothing on 40 captures before real rooms."""
# Sides are told by lines between ends STEP cells apart, sampled at SAMPLES places; then
# fitted to what lies within NEAR cells of the best line.
STEP, SAMPLES, NEAR = 1.5, 24, 3.0
# Of its length a side shows this much within the view, from corner to corner.
INNER = 0.04


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
    """

    corners: FloatArray
    container: float
    sure: float


class CloseLook:
    """The network with its weights."""

    def __init__(self, network: CloseUpNet, device: str = "cpu") -> None:
        self.network = network.eval().to(device)
        self.device = device

    @classmethod
    def load(cls, file: str | Path = SHIPPED, device: str = "cpu") -> CloseLook:
        """Load weights (.safetensors with its record beside it).

        Raises:
            WeightsError: missing, corrupted or of another shape.
        """
        from capture.closeup_net import CloseUpNet
        from capture.network_file import load_network

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
        import torch

        batch = torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            maps = self.network(batch.to(self.device, memory_format=torch.channels_last))
            sides = torch.softmax(maps.sides, dim=-2).cpu().numpy()
            container = torch.sigmoid(maps.container).cpu().numpy()
        return list(zip(sides, container, strict=True))


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
    from capture.closeup_net import MARGIN, SIZE

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


def rim_of(low: float, high: float) -> FloatArray:
    """Corners (4, 2) of a square, clockwise from the top left."""
    return np.array([[low, low], [high, low], [high, high], [low, high]], np.float32)


def _mapped(points: FloatArray, matrix: NDArray[np.float64]) -> FloatArray:
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0])


def _answer(
    sides: FloatArray, container: FloatArray, to_photo: NDArray[np.float64]
) -> CloseUp | None:
    """Corners and scores from the maps of one view."""
    from capture.closeup_net import STRIDE

    quad, sure = fit_sides(sides)
    inside = np.zeros(container.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(quad * 16).astype(np.int32), 1, shift=4)
    if not inside.any():
        return None
    corners = _mapped((quad + np.float32(0.5)) * STRIDE - np.float32(0.5), to_photo)
    hidden = float(container[inside > 0].mean())
    return CloseUp(corners.astype(np.float32), hidden, sure)


def fit_sides(sides: FloatArray) -> tuple[FloatArray, float]:
    """Corners from the distributions of the four sides.

    Args:
        sides: (4, across, along) probabilities, see
            :class:`capture.closeup_net.CloseUpMaps`.

    Returns:
        xy (4, 2) in cells, clockwise from the top left; and how much probability lies
        near the lines, the least of the four.
    """
    from capture.closeup_net import MARGIN, SIZE, STRIDE

    low, high = MARGIN / STRIDE - 0.5, (SIZE - MARGIN) / STRIDE - 0.5
    quad = rim_of(low, high)
    sure = 0.0
    for _ in range(2):  # the second time between the corners that the first one gives
        lines, shares = [], []
        for side, near in enumerate(sides):
            ends = quad[[side, (side + 1) % 4]][:, side % 2]
            line, share = _fit_line(near, float(ends.min()), float(ends.max()))
            lines.append(line)
            shares.append(share)
        quad = np.array([_crossing(lines[s - 1], lines[s], s) for s in range(4)], np.float32)
        sure = min(shares)
    return quad, sure


def _fit_line(probability: FloatArray, start: float, end: float) -> tuple[FloatArray, float]:
    """The line (at 0, slope) across(along) that most of a side's probability lies on."""
    across, along = probability.shape
    room = INNER * (end - start)
    first = max(0, int(np.ceil(start + room)))
    last = min(along - 1, int(np.floor(end - room)))
    if last - first < SAMPLES // 4:
        first, last = along // 4, along - along // 4
    places = np.unique(np.linspace(first, last, SAMPLES).round().astype(int))
    share = (places - first) / max(last - first, 1)
    smooth = cv2.GaussianBlur(probability, (1, 5), 0, sigmaY=1.0)
    ends = np.arange(0, across, STEP, dtype=np.float32)
    at = ends[:, None, None] * (1 - share) + ends[None, :, None] * share
    votes = np.log(smooth + 0.003)[at.round().astype(int), places].sum(-1)
    one, other = np.unravel_index(int(votes.argmax()), votes.shape)
    slope = float(ends[other] - ends[one]) / max(last - first, 1)
    line = np.array([ends[one] - slope * first, slope])
    x = np.arange(first, last + 1)
    rows = np.arange(across)[:, None]
    for _ in range(3):
        expected = line[0] + line[1] * x
        weight = probability[:, first : last + 1] * (np.abs(rows - expected) <= NEAR)
        mass = weight.sum(0)
        middle = (weight * rows).sum(0) / np.maximum(mass, 1e-6)
        design = np.column_stack([np.ones_like(x), x]) * np.sqrt(mass)[:, None]
        line = np.linalg.lstsq(
            np.vstack([design, 1e-3 * np.eye(2)]),
            np.append(middle * np.sqrt(mass), 1e-3 * line),
            rcond=None,
        )[0]
    return np.asarray(line, np.float32), float(mass.mean())


def _crossing(before: FloatArray, after: FloatArray, corner: int) -> FloatArray:
    """xy where two neighbouring sides meet; `after` begins at this corner."""
    level, upright = (after, before) if corner % 2 == 0 else (before, after)
    # y = level(x), x = upright(y)
    x = (upright[0] + upright[1] * level[0]) / (1 - upright[1] * level[1])
    return np.array([x, level[0] + level[1] * x], np.float32)

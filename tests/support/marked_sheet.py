"""A container on white with its four markers around it, in pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT, FiducialLayout


@dataclass(frozen=True)
class Sheet:
    """A container with its margin and markers.

    Attributes:
        image: uint8 RGB (H, W, 3); the container's own pixels are unchanged.
        corners: xy (4, 2) float32 outer corners of the container in the image,
            pixel centres at integers, clockwise from the top left.
    """

    image: UInt8Image
    corners: FloatArray


def draw_sheet(
    container: UInt8Image, number: int = 0, layout: FiducialLayout = DEFAULT_LAYOUT
) -> Sheet:
    """Put a container on white with its four markers around it.

    The container is copied, not resampled. Markers lie where the layout says to
    a fraction of a pixel: cells that end within a pixel leave it grey.

    Args:
        container: uint8 RGB (H, W, 3).
        number: which container of its page it is, 0 to `layout.containers` - 1.
        layout: geometry of the markers.
    """
    ids = layout.ids(number)
    height, width = container.shape[:2]
    dictionary = layout.opencv()
    cells = dictionary.markerSize + 2
    side = layout.marker * min(height, width)
    margin = int(np.ceil(layout.margin * min(height, width)))
    ink = np.zeros((height + 2 * margin, width + 2 * margin), np.float64)
    for marker_id, corners in zip(ids, layout.marker_corners((height, width)), strict=True):
        pattern = cv2.aruco.generateImageMarker(dictionary, marker_id, cells) < 128
        x, y = corners[0] + margin
        across = _coverage(x + np.arange(cells + 1) * side / cells, ink.shape[1])
        down = _coverage(y + np.arange(cells + 1) * side / cells, ink.shape[0])
        ink += down.T @ pattern.astype(np.float64) @ across
    grey = np.rint(255 * (1 - np.clip(ink, 0, 1))).astype(np.uint8)
    image = np.repeat(grey[..., None], 3, axis=2)
    image[margin : margin + height, margin : margin + width] = container
    low = margin - 0.5
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + low
    return Sheet(np.ascontiguousarray(image), corners.astype(np.float32))


def _coverage(edges: NDArray[np.float64], pixels: int) -> NDArray[np.float64]:
    """Share (cells, pixels) of each pixel that lies between consecutive edges."""
    start = np.arange(pixels, dtype=np.float64)[None]
    low = np.clip(edges[:-1, None] - start, 0, 1)
    high = np.clip(edges[1:, None] - start, 0, 1)
    return high - low

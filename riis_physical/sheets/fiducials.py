"""Four small markers around a container, by which a camera finds it.

One ArUco marker stands off each corner of the container, on the diagonal, all
upright. The nearest corner of each marker lies a fixed number of marker sides
away from the container's corner, so that the markers alone tell where the
corners are, whatever the container's aspect. The marker's id says which corner
it belongs to and which container of the page.

    [0]                [1]
        +------------+
        | container  |
        +------------+
    [3]                [2]
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.errors import ConfigError

#: Which way each corner's marker lies: top-left, top-right, bottom-right, bottom-left.
OUTWARD = ((-1, -1), (1, -1), (1, 1), (-1, 1))
CORNERS = len(OUTWARD)


@dataclass(frozen=True)
class FiducialLayout:
    """Where the markers stand, the same for print and capture.

    Attributes:
        marker: side of a marker as a share of the container's shorter side.
        gap: white between the container and its markers, along each axis, in
            marker sides.
        quiet: white outside the markers, in marker sides.
        dictionary: OpenCV's name of the marker set, without `DICT_`.

    Raises:
        ConfigError: markers that cannot be found, or an unknown dictionary.
    """

    marker: float = 0.1
    gap: float = 0.25
    quiet: float = 0.25
    dictionary: str = "4X4_50"

    def __post_init__(self) -> None:
        if not 0.04 <= self.marker <= 0.3:
            raise ConfigError(
                f"markers of {self.marker:g} of the container's shorter side; expected 0.04 to 0.3"
            )
        for name, share in (("gap", self.gap), ("quiet", self.quiet)):
            if not 1 / 6 <= share <= 2:
                raise ConfigError(
                    f"a {name} of {share:g} marker sides; expected 0.17 (one cell) to 2"
                )
        if not hasattr(cv2.aruco, f"DICT_{self.dictionary}"):
            raise ConfigError(
                f"unknown marker dictionary {self.dictionary!r}; for example 4X4_50 or 5X5_100"
            )

    @property
    def margin(self) -> float:
        """White around the container, as a share of its shorter side."""
        return self.marker * (self.gap + 1 + self.quiet)

    @property
    def containers(self) -> int:
        """How many containers of one page the markers can tell apart."""
        return len(self.opencv().bytesList) // CORNERS

    def ids(self, number: int = 0) -> tuple[int, int, int, int]:
        """Marker ids of a container: top-left, top-right, bottom-right, bottom-left.

        Raises:
            ConfigError: the dictionary has no markers for that number.
        """
        if not 0 <= number < self.containers:
            raise ConfigError(
                f"container number {number}; {self.dictionary} has markers for 0 to "
                f"{self.containers - 1}"
            )
        first = CORNERS * number
        return first, first + 1, first + 2, first + 3

    def place(self, marker_id: int) -> tuple[int, int] | None:
        """Container number and corner (0 to 3) of a marker; None for an unused id."""
        number, corner = divmod(marker_id, CORNERS)
        return (number, corner) if 0 <= number < self.containers else None

    def marker_corners(self, size: tuple[float, float]) -> NDArray[np.float64]:
        """Corners xy (4 markers, 4, 2) of the markers around a container of (h, w).

        In the units of `size` (px, mm), with the container's top-left outer
        corner at (0, 0); both lists run clockwise from the top left.
        """
        height, width = size
        side = self.marker * min(height, width)
        own = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64) * side
        starts = []
        for right, down in OUTWARD:
            x = width + self.gap * side if right > 0 else -(self.gap + 1) * side
            y = height + self.gap * side if down > 0 else -(self.gap + 1) * side
            starts.append((x, y))
        return np.array(starts)[:, None] + own

    def opencv(self) -> cv2.aruco.Dictionary:
        """The marker set as OpenCV knows it."""
        return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{self.dictionary}"))


DEFAULT_LAYOUT = FiducialLayout()

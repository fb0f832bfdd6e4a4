"""What the learned detector sees in a photo, each place looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from capture.closeup import CloseUp, shipped_close_look
from capture.learned import Detection, shipped_detector
from capture.rectify import SHORTEST_SIDE_PX
from riis_physical.artifacts import UInt8Image

Seen = TypeVar("Seen", Detection, CloseUp)

# So many places are looked at first, so many more where nothing was read.
FIRST, FURTHER = 3, 4
# Places this near, as a share of the size, lead to the same picture.
SAME_PLACE, SAME_PICTURE = 0.1, 0.01
# Below this a side was hardly seen, and there is no picture.
LEAST_SURE = 0.15


class Pictures:
    """The pictures of one photo, each looked for when first asked for and then kept."""

    def __init__(self, photo: UInt8Image, device: str = "cpu") -> None:
        """For uint8 RGB (H, W, 3), upright; the networks run on `device`."""
        self.photo = photo
        self.device = device

    @cached_property
    def likely(self) -> list[CloseUp]:
        """At the likeliest places, the likeliest containers first."""
        return self._looked_at(self._places[:FIRST])

    @cached_property
    def further(self) -> list[CloseUp]:
        """At the places that come after those."""
        return self._looked_at(self._places[FIRST : FIRST + FURTHER])

    @cached_property
    def _places(self) -> list[Detection]:
        detector = shipped_detector(self.device)
        if detector is None or min(self.photo.shape[:2]) < SHORTEST_SIDE_PX:
            return []
        return _apart(detector.detect(self.photo), SAME_PLACE)

    def _looked_at(self, places: Sequence[Detection]) -> list[CloseUp]:
        if not places:
            return []
        look = shipped_close_look(self.device)
        looked = look.look(self.photo, [place.corners for place in places])
        found = [
            (place.container * one.container * one.sure, one)
            for place, one in zip(places, looked, strict=True)
            if one is not None and one.sure >= LEAST_SURE
        ]
        found.sort(key=lambda pair: -pair[0])
        return _apart([one for _, one in found], SAME_PICTURE)


def _apart(seen: Sequence[Seen], share: float) -> list[Seen]:
    """Those that no earlier one lies near, by a share of the size."""
    kept: list[Seen] = []
    for one in seen:
        sides = one.corners - np.roll(one.corners, -1, 0)
        size = float(np.linalg.norm(sides, axis=1).mean())
        if all(np.abs(one.corners - other.corners).max() > share * size for other in kept):
            kept.append(one)
    return kept

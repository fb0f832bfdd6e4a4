"""What the learned detector sees in a photo, each place looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
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


def seen_pictures(photo: UInt8Image, device: str = "cpu", *, first: bool = True) -> list[CloseUp]:
    """Pictures in a photo, the likeliest containers first.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        device: where the networks run.
        first: the likeliest places; else those that come after them.
    """
    detector = shipped_detector(device)
    if detector is None or min(photo.shape[:2]) < SHORTEST_SIDE_PX:
        return []
    places = _apart(detector.detect(photo), SAME_PLACE)
    chosen = places[:FIRST] if first else places[FIRST : FIRST + FURTHER]
    if not chosen:
        return []
    looked = shipped_close_look(device).look(photo, [place.corners for place in chosen])
    found = [
        (place.container * one.container * one.sure, one)
        for place, one in zip(chosen, looked, strict=True)
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

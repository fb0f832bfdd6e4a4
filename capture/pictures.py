"""What the learned detector sees in a photo, each place looked at closely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from capture.closeup import CloseUp, shipped_close_look
from capture.learned import shipped_detector
from capture.rectify import SHORTEST_SIDE_PX
from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

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
    places = _apart([seen.corners for seen in detector.detect(photo)], SAME_PLACE)
    chosen = places[:FIRST] if first else places[FIRST : FIRST + FURTHER]
    if not chosen:
        return []
    looked = shipped_close_look(device).look(photo, chosen)
    found = [one for one in looked if one is not None and one.sure >= LEAST_SURE]
    found.sort(key=lambda one: -one.container * one.sure)
    kept = _apart([one.corners for one in found], SAME_PICTURE)
    return [one for one in found if any(one.corners is corners for corners in kept)]


def _apart(quads: Sequence[FloatArray], share: float) -> list[FloatArray]:
    """Those quadrilaterals that no earlier one lies near, by a share of the size."""
    kept: list[FloatArray] = []
    for quad in quads:
        size = float(np.linalg.norm(quad - np.roll(quad, -1, 0), axis=1).mean())
        if all(np.abs(quad - other).max() > share * size for other in kept):
            kept.append(quad)
    return kept

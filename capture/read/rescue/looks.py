"""A place revealed from corners moved by a fraction of a pixel, and averaged.

Where a photo falls on the frame's pixels is chance, and so is a part of what the network makes
of it: the modules stay when the grid moves, that part does not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import Region, frame_corners, homography
from capture.read.place.finding import Finding
from capture.read.place.probe import frame_px
from capture.read.place.reveal import Viewer
from riis_physical.errors import RectificationError
from riis_physical.qr.soft.presence import presence_score

FloatArray = NDArray[np.float32]

# Shifts of the corners in pixels of the frame, and factors about its centre.
SHIFTS = ((0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))
SCALES = (0.996, 1.004)


def averaged(
    viewer: Viewer, region: Region, found: Finding, bows: FloatArray | None = None
) -> Finding:
    """The finding with the mean of several looks at its place, read again.

    Args:
        region: of the photo about the finding, whose own corners are moved.
        bows: of its sides, where they are not the region's.
    """
    version = found.hypothesis.version
    size = frame_px(version)
    frames = []
    with viewer.clock.stage("reveal"):
        for corners in _moved(found.corners, size):
            try:
                frames.append(region.rectify((size, size), corners=corners, bows=bows).image)
            except RectificationError:
                continue
        if not frames:
            return found
        conditions = [found.condition] * len(frames)
        revealed = found.revealer.reveal(np.stack(frames), conditions)
        pairs = zip(revealed.logits, revealed.picture, strict=True)
        looks = [viewer.within(found.corners, version, *pair) for pair in pairs]
    logits = _mean([found.logits, *(one for one, _ in looks)])
    picture = _mean([found.picture, *(one for _, one in looks)])
    with viewer.clock.stage("read"):
        reading = viewer.read(logits, picture, version, thorough=True)
    presence = presence_score(logits, version)
    return replace(found, logits=logits, picture=picture, presence=presence, reading=reading)


def _mean(grids: list[FloatArray]) -> FloatArray:
    return np.asarray(np.mean(grids, axis=0), np.float32)


def _moved(corners: FloatArray, size: int) -> list[FloatArray]:
    """The corners that a frame moved by each shift, or scaled by each factor, has in the photo."""
    frame, to_photo = frame_corners((size, size)), homography(corners, (size, size))
    centre = frame.mean(0)
    there = [frame + np.array(shift, np.float32) for shift in SHIFTS]
    there += [centre + (frame - centre) * scale for scale in SCALES]
    moved = [np.c_[one, np.ones(4)] @ to_photo.T for one in there]
    return [np.asarray(one[:, :2] / one[:, 2:], np.float32) for one in moved]

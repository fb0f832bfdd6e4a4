"""The message of a list in a photo whose code is too faint to show by itself.

Where the presence test finds nothing, the list's own evidence says which place, which
way up, mirrored or not, and which version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import MODULE_PX
from capture.read.finding import Finding
from capture.read.probe import Hypothesis, RevealerLike, frame_px
from capture.read.reveal import Place, Viewer
from riis_physical.errors import RectificationError
from riis_physical.qr.soft.evidence import MESSAGE_BITS
from riis_physical.qr.soft.presence import presence_score

FloatArray = NDArray[np.float32]

MOST_PLACES = 6
"""Places of a photo that are tried, the likeliest first."""
MOST_VERSIONS = 3
"""QR versions of the list that are tried, those of most messages first."""
HOPEFUL_BITS = 6.0
"""Evidence from which the corners are moved to where there is more."""
_STEPS = (0.5, 0.25)  # modules


def by_list(
    viewer: Viewer, revealers: Sequence[RevealerLike], places: Sequence[Place]
) -> Finding | None:
    """The finding with most evidence for a message of the viewer's list.

    Args:
        viewer: of the photo; it knows a list.
        revealers: tried one after another.
        places: the likeliest first.

    Returns:
        what reads, else the best one if it is hopeful, unread: it adds up with other
        photos. None where nothing is.
    """
    among = viewer.knowledge.among
    assert among is not None
    best: tuple[float, Finding] | None = None
    tries = product((False, True), revealers, places[:MOST_PLACES], among.versions[:MOST_VERSIONS])
    for mirrored, revealer, place, version in tries:
        for found in _ways_up(viewer, revealer, place, version, mirrored=mirrored):
            bits = among.best_bits(found.logits, version)
            if best is None or bits > best[0]:
                best = bits, found
        if best is not None and best[0] >= MESSAGE_BITS:
            read = _read(viewer, best[1])
            if read is not None:
                return viewer.guard(read)
    if best is None or best[0] < HOPEFUL_BITS:
        return None
    moved = _moved(viewer, *best)
    read = _read(viewer, moved)
    return moved if read is None else viewer.guard(read)


def _read(viewer: Viewer, found: Finding) -> Finding | None:
    with viewer.clock.stage("read"):
        reading = viewer.read(found.logits, found.picture, found.hypothesis.version)
    return None if reading is None else replace(found, reading=reading)


def _ways_up(
    viewer: Viewer, revealer: RevealerLike, place: Place, version: int, *, mirrored: bool
) -> list[Finding]:
    """All four ways to hold a picture, revealed."""
    size = frame_px(version)
    with viewer.clock.stage("reveal"):
        rectified = place.region.rectify((size, size))
        frame = rectified.image
        condition = revealer.estimate(frame, viewer.jpeg_quality, rectified.scale_px)
        frames = [_held(frame, turn, mirrored) for turn in range(4)]
        revealed = revealer.reveal(np.stack(frames), [condition] * len(frames))
    return [
        Finding(
            hypothesis=Hypothesis(0, turn, version),
            revealer=revealer,
            corners=np.roll(place.region.corners, -(turn + mirrored), axis=0),
            condition=condition,
            presence=presence_score(revealed.logits[turn], version),
            frame=frames[turn],
            enhanced=None,
            picture=revealed.picture[turn],
            logits=revealed.logits[turn],
            source=place.source,
            mirrored=mirrored,
        )
        for turn in range(4)
    ]


def _held(frame: FloatArray, turn: int, mirrored: bool) -> FloatArray:
    turned = np.rot90(frame, turn)
    return np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)


def _moved(viewer: Viewer, bits: float, found: Finding) -> Finding:
    """The same with each corner where there is most evidence."""
    among = viewer.knowledge.among
    assert among is not None
    version = found.hypothesis.version
    size = frame_px(version)
    side = np.linalg.norm(found.corners - np.roll(found.corners, -1, axis=0), axis=1).mean()
    module = float(side) * MODULE_PX / size
    for step in _STEPS:
        for corner in range(4):
            for shift in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                corners = found.corners.copy()
                corners[corner] += step * module * np.array(shift, np.float32)
                try:
                    other = _at(viewer, found, corners)
                except RectificationError:
                    continue
                gained = among.best_bits(other.logits, version)
                if gained > bits:
                    bits, found = gained, other
    return found


def _at(viewer: Viewer, found: Finding, corners: FloatArray) -> Finding:
    """The same code revealed at other corners."""
    if not found.mirrored:
        return viewer.revealed_at(found, corners, None)
    # Rectified as seen, from the corner that is the printed top right: then mirrored.
    seen = viewer.revealed_at(replace(found, mirrored=False), np.roll(corners, 1, axis=0), None)
    frame = np.ascontiguousarray(seen.frame[:, ::-1])
    revealed = found.revealer.reveal(frame[None], [found.condition])
    return replace(
        found,
        corners=corners,
        frame=frame,
        picture=revealed.picture[0],
        logits=revealed.logits[0],
        presence=presence_score(revealed.logits[0], found.hypothesis.version),
    )

"""The message of a list in a photo whose code is too faint to show by itself.

Where the presence test finds nothing, the list's own evidence says which place, which
way up, mirrored or not, and which version: the likeliest first, as long as the budget lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import MODULE_PX
from capture.read.place.effort import Hope
from capture.read.place.finding import Finding
from capture.read.place.probe import Hypothesis, RevealerLike, frame_px
from capture.read.place.reveal import Place, Viewer
from riis_physical.errors import RectificationError
from riis_physical.qr.soft.evidence import MESSAGE_BITS
from riis_physical.qr.soft.presence import presence_score

FloatArray = NDArray[np.float32]
Views = Sequence[tuple[Viewer, Sequence[Place]]]

MOST_PLACES = 6
"""Places of a photo that are tried, the likeliest first."""
MOST_VERSIONS = 3
"""QR versions of the list that are tried, those of most messages first."""
HOPEFUL_BITS = 6.0
"""Evidence from which the corners are moved to where there is more."""
_STEPS = (0.5, 0.25)  # modules


def by_list(views: Views, revealers: Sequence[RevealerLike]) -> Finding | None:
    """The finding with most evidence for a message of the viewers' list.

    Args:
        views: viewers of the photo and of its mirror image, which know a list, with
            the places, the likeliest first.
        revealers: tried one after another.

    Returns:
        what reads, else the best one if it is hopeful, unread: it adds up with other
        photos. None where nothing is.
    """
    best: tuple[float, Finding, Viewer] | None = None
    for viewer, revealer, place, version, turns in _tries(views, revealers):
        among = viewer.knowledge.among
        assert among is not None
        for found in _turned(viewer, revealer, place, version, turns):
            bits = among.best_bits(found.logits, version)
            if best is None or bits > best[0]:
                best = bits, found, viewer
        if best is not None and best[0] >= MESSAGE_BITS:
            read = _read(best[2], best[1])
            if read is not None:
                return _taken(best[2], read)
    if best is None or best[0] < HOPEFUL_BITS:
        return None
    bits, found, viewer = best
    moved = _moved(viewer, bits, found)
    read = _read(viewer, moved)
    return viewer.as_taken(moved) if read is None else _taken(viewer, read)


def _taken(viewer: Viewer, found: Finding) -> Finding | None:
    """As the photo was taken; None where anyone can see the code."""
    guarded = viewer.guard(found)
    return None if guarded is None else viewer.as_taken(guarded)


def _read(viewer: Viewer, found: Finding) -> Finding | None:
    with viewer.clock.stage("read"):
        reading = viewer.read(found.logits, found.picture, found.hypothesis.version)
    return None if reading is None else replace(found, reading=reading)


def _tries(
    views: Views, revealers: Sequence[RevealerLike]
) -> Iterator[tuple[Viewer, RevealerLike, Place, int, tuple[int, ...]]]:
    """What is tried, as long as the budget lasts: upright as taken first, mirrored last."""
    for viewer, places in views:
        viewer.budget.shows(Hope.LIST)
        among = viewer.knowledge.among
        assert among is not None
        for turns in ((0,), (1, 2, 3)):
            for place, version, revealer in product(
                places[:MOST_PLACES], among.versions[:MOST_VERSIONS], revealers
            ):
                if not viewer.budget.left:
                    return
                yield viewer, revealer, place, version, turns


def _turned(
    viewer: Viewer, revealer: RevealerLike, place: Place, version: int, turns: Sequence[int]
) -> list[Finding]:
    """A place revealed with its printed top at each of some sides."""
    size = frame_px(version)
    with viewer.clock.stage("reveal"):
        rectified = place.region.rectify((size, size))
        frame = rectified.image
        condition = revealer.estimate(frame, viewer.jpeg_quality, rectified.scale_px)
        frames = np.stack([np.rot90(frame, turn) for turn in turns])
        revealed = revealer.reveal(frames, [condition] * len(frames))
    return [
        Finding(
            hypothesis=Hypothesis(0, turn, version, mirrored=viewer.mirrored),
            revealer=revealer,
            corners=np.roll(place.region.corners, -turn, axis=0),
            condition=condition,
            presence=presence_score(logits, version),
            frame=upright,
            enhanced=None,
            picture=picture,
            logits=logits,
            source=place.source,
        )
        for turn, upright, logits, picture in zip(
            turns, frames, revealed.logits, revealed.picture, strict=True
        )
    ]


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
                    other = viewer.revealed_at(found, corners, None)
                except RectificationError:
                    continue
                gained = among.best_bits(other.logits, version)
                if gained > bits:
                    bits, found = gained, other
    return found

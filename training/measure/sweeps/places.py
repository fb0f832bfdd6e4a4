"""How far found corners are from the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riis_physical.artifacts import FloatArray, UInt8Image

#: A stricter bound than FOUND_WITHIN on the worst corner, as a share of the width.
CLOSE_WITHIN = 0.01


@dataclass(frozen=True)
class CornerError:
    """Distances of four corners from their true places, as shares of the container's width.

    Attributes:
        mean: over the four corners. worst: of them.
    """

    mean: float
    worst: float


def corner_error(found: Sequence[FloatArray], truth: FloatArray) -> CornerError | None:
    """The error of the best of some outlines; None where there is none.

    The best is the one whose worst corner is nearest. The way up does not count: the
    corners may begin at any of the four.
    """
    width = float(np.linalg.norm(truth[1] - truth[0]) + np.linalg.norm(truth[2] - truth[3])) / 2
    errors = []
    for corners in found:
        for turn in range(4):
            apart = np.linalg.norm(np.roll(corners, turn, axis=0) - truth, axis=1) / width
            errors.append(CornerError(float(apart.mean()), float(apart.max())))
    return min(errors, key=lambda error: error.worst, default=None)


def proposed(photo: UInt8Image) -> list[FloatArray]:
    """Corners of all candidates that detection proposes in a photo in which nothing is read."""
    from capture.find.candidates import (
        known_candidates,
        other_candidates,
        outline_candidates,
        seen_candidates,
    )
    from capture.find.learned.pictures import Pictures

    pictures = Pictures(photo)
    candidates = [
        *known_candidates(photo),
        *seen_candidates(pictures, pictures.first),
        *outline_candidates(photo, pictures),
    ]
    instead = seen_candidates(pictures, pictures.otherwise)
    others = other_candidates(photo, candidates, pictures)
    return [c.corners for c in [*candidates, *instead, *others]]

"""What a scan has seen at one place of a photo: a revealed code with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.read.place.probe import Hypothesis, RevealerLike
from riis_physical.artifacts import Condition
from riis_physical.qr.soft.reading import Reading

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Finding:
    """A fully revealed hypothesis.

    Attributes:
        hypothesis: candidate number, way up and version.
        revealer: the model that revealed it.
        corners: xy (4, 2) outer corners in the photo, from the printed top-left.
        condition: estimated distortion level.
        presence: agreement of `logits` with what every code holds, -1 to 1.
        frame: (8N, 8N, 3) float32, the rectified container.
        enhanced: the same as the enhancement module cleaned it.
        picture: (4N, 4N) revealed picture about [-1, 1], +1 for dark.
        logits: (N, N) soft module values, positive for dark.
        source: what proposed the place, see :class:`capture.find.candidates.Candidate`.
        reading: the message, None where it does not read.
        evident: whether the evidence suffices to report a container unread.
        mirrored: whether the photo shows the picture mirrored; `corners` run clockwise in
            the photo all the same.
        step: of the scan that found it.
        matched: the reference, or the number of the markers, that gave the place.
        beside: what is said of pictures beside it that were not read.
    """

    hypothesis: Hypothesis
    revealer: RevealerLike
    corners: FloatArray
    condition: Condition
    presence: float
    frame: FloatArray
    enhanced: FloatArray | None
    picture: FloatArray
    logits: FloatArray
    source: str
    reading: Reading | None = None
    evident: bool = False
    mirrored: bool = False
    step: str = ""
    matched: str | None = None
    beside: str = ""

    @property
    def counts(self) -> bool:
        """Whether this is a container, read or not."""
        return self.reading is not None or self.evident


def better(one: Finding | None, other: Finding | None) -> Finding | None:
    """The one that was read, or that shows more evidence."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda f: (f.reading is not None, f.presence))

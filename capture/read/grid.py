"""The other pictures of a sheet of which some were read: one tells size and way of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from capture.find.candidates import Candidate
from capture.geometry.quad import OVERLAP, overlap
from capture.geometry.rectify import frame_corners
from capture.read.parts import GAPS, beside, near_gaps
from capture.read.place.finding import Finding
from capture.read.search import Search

FloatArray = NDArray[np.float32]

# Of the next picture in a grid, so much lies within the photo.
MOSTLY = 0.85


def next_pictures(
    search: Search, findings: Sequence[Finding], places: Sequence[FloatArray]
) -> Iterator[Finding]:
    """Pictures that lie with those found on one sheet, each as soon as it is read.

    Args:
        search: of the photo.
        findings: what was found; must grow by what is yielded.
        places: xy (4, 2) each, where pictures of the sheet are known to be.
    """
    read = [found for found in findings if found.reading]
    for place in places:
        if read and _is_free(place, findings, search.size):
            way = read[0].hypothesis.way
            found = search.at_once([Candidate(place, "part")], way, all_versions=False)
            if found is not None:
                yield found
    gaps: Sequence[float] = GAPS
    waiting = [found for found in findings if found.reading and not found.mirrored]
    while waiting:
        known = waiting.pop(0)
        for number, parts in enumerate(beside(known.corners, gaps)):
            free = [part for part in parts if _is_free(part.corners, findings, search.size)]
            if not free:
                continue
            found = search.by_parts(free, (known.hypothesis.version,))
            if found is None and len(gaps) < len(GAPS):
                found = search.by_parts(free)
            if found is None or not _is_free(found.corners, findings, search.size):
                continue
            yield found
            waiting.append(found)
            gaps = near_gaps(known.corners, found.corners, number)


def _is_free(corners: FloatArray, findings: Sequence[Finding], size: tuple[int, int]) -> bool:
    """Whether a place lies within the photo, but for its edges, and holds nothing read yet."""
    inside = overlap(corners, frame_corners(size))
    middle = corners.mean(0)
    return bool(
        inside >= MOSTLY
        and (middle > 0).all()
        and (middle < size[::-1]).all()
        and all(overlap(corners, found.corners) < OVERLAP for found in findings)
    )

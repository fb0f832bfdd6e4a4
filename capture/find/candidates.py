"""Places in a photo that may be a container, by what proposes them, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from capture.find.fiducials import fiducial_quads
from capture.find.learned.closeup import CloseUp
from capture.find.learned.pictures import Pictures
from capture.find.outlines.contours import contour_quads
from capture.find.outlines.detect import find_quadrilaterals
from capture.find.outlines.insets import inset_quads
from capture.find.reference import Reference, References, reference_quads
from capture.geometry.quad import overlap
from capture.geometry.rectify import SHORTEST_SIDE_PX, Region, frame_corners, validate_corners
from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

# Outlines are kept down to this share of the best one's score.
SCORE_SHARE = 0.35
# Corners this near, as a share of the width, make two outlines one.
SAME_OUTLINE = 0.01
# Sources whose corners begin at the printed top-left.
KNOWN = ("fiducials", "reference")
# What the close look gives is off by a percent of the size, seldom by more.
SNAP_REACH, FAR_REACH = 0.025, 0.07
# An outline this near, as a share of the size, is of a picture that the detector sees.
AGREED = 0.03
# Places that share this much are one container.
SAME_PLACE = 0.5


@dataclass(frozen=True)
class Candidate:
    """A place in a photo.

    Attributes:
        corners: xy (4, 2) outer corners, clockwise; from the printed top-left
            where the way up is known.
        source: what proposed it: `given`, `fiducials`, `reference`, `learned` (the
            detector), `outline` (a border, frame or screen edge), `part` (of an outline, or
            beyond it), `contour` (a closed outline), `inset` (inside a border that shows no
            inner edge) or `photo` (the whole photo).
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`; None for straight ones.
        matched: the reference, or the number of the markers; None for other sources.
    """

    corners: FloatArray
    source: str
    bows: FloatArray | None = None
    matched: str | None = None


def given_candidate(photo: UInt8Image, corners: NDArray[np.floating]) -> Candidate:
    """Corners given by a person, who may have begun at another corner.

    Raises:
        RectificationError: no camera can see a rectangle like that, or it lies
            outside the photo.
    """
    given = validate_corners(corners)
    Region.cut(photo, given)
    return Candidate(given, "given")


def known_candidates(
    photo: UInt8Image, references: Sequence[Reference] | References | None = None
) -> list[Candidate]:
    """Places that printed markers or a known picture give, the way up included."""
    found = [
        Candidate(q.corners, "fiducials", matched=str(q.number)) for q in fiducial_quads(photo)
    ]
    for quad in reference_quads(photo, references) if references is not None else []:
        if all(overlap(quad.corners, known.corners) < SAME_PLACE for known in found):
            found.append(Candidate(quad.corners, "reference", quad.bows, quad.name))
    return found


def seen_candidates(
    pictures: Pictures, seen: Sequence[CloseUp], reach: float = SNAP_REACH
) -> list[Candidate]:
    """What the close look gives, snapped to edges up to `reach` of the size away."""
    fits = [pictures.snapped(one, reach) for one in seen]
    return [Candidate(fit.corners, "learned", bows=fit.bows) for fit in fits]


def outline_candidates(photo: UInt8Image, pictures: Pictures) -> list[Candidate]:
    """Outlines to look into and what the detector sees; of both, the likely ones.

    Late ones are guesses inside a border that shows no inner edge. The last one
    is the outline of the photo itself: a container's own file, a screenshot or a
    tight crop has no border to be found.
    """
    quads = find_quadrilaterals(photo)
    quads = [q for q in quads if q.score > SCORE_SHARE * quads[0].score]
    outlines = [Candidate(q.corners, "outline", bows=q.bows) for q in quads]
    found = _joined(outlines, pictures)
    found += [Candidate(corners, "inset") for corners in inset_quads([q.corners for q in quads])]
    if min(photo.shape[:2]) < SHORTEST_SIDE_PX:
        return found
    return [*found, Candidate(frame_corners((photo.shape[0], photo.shape[1])), "photo")]


def _joined(outlines: Sequence[Candidate], pictures: Pictures) -> list[Candidate]:
    """Outlines where the detector sees a picture, then what it sees elsewhere and the rest in turn.

    Where no outline lies near, the corners of the close look are snapped to edges.
    """
    seen = pictures.likely
    agreed = [
        one for picture in seen for one in outlines if _near(one.corners, picture.corners, AGREED)
    ]
    alone = [p for p in seen if not any(_near(one.corners, p.corners, AGREED) for one in agreed)]
    snapped = seen_candidates(pictures, alone)
    left = [one for one in outlines if all(one is not other for other in agreed)]
    mixed = [one for pair in zip_longest(snapped, left) for one in pair if one is not None]
    return [*_once(agreed), *mixed]


def _once(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without those that came before, the same object twice."""
    return [one for n, one in enumerate(candidates) if all(one is not c for c in candidates[:n])]


def _near(one: FloatArray, other: FloatArray, share: float) -> bool:
    """Whether all corners lie within a share of the size."""
    size = float(np.linalg.norm(other - np.roll(other, -1, 0), axis=1).mean())
    return bool(np.abs(one - other).max() <= share * size)


def _same(one: Candidate, other: Candidate) -> bool:
    """Whether the corners of two candidates all but coincide."""
    width = float(np.linalg.norm(one.corners[1] - one.corners[0]))
    return bool(np.abs(one.corners - other.corners).max() <= SAME_OUTLINE * width)


def other_candidates(
    photo: UInt8Image, tried: Sequence[Candidate], pictures: Pictures | None = None
) -> list[Candidate]:
    """Places that no candidate coincides with: a second look where nothing was read.

    What the detector sees as it is, fitted with a longer reach, and less likely places; then
    outlines around blobs of one brightness. Where only known places were tried, all
    outlines come first.
    """
    pictures = pictures or Pictures(photo)
    whole = any(c.source == "photo" for c in tried)
    unseen = [] if whole else outline_candidates(photo, pictures)
    more = [Candidate(picture.corners, "learned") for picture in pictures.likely]
    more += seen_candidates(pictures, pictures.likely, FAR_REACH)
    more += seen_candidates(pictures, pictures.further)
    more += [Candidate(contour, "contour") for contour in contour_quads(photo)]
    new: list[Candidate] = []
    for one in more:
        if not any(_same(one, other) for other in [*tried, *new]):
            new.append(one)
    return unseen + new

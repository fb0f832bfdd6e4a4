"""What the learned detector sees in a photo, each place looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from capture.find.learned.closeup import CloseUp, shipped_close_look
from capture.find.learned.detector import Detection, Sight, shipped_detector
from capture.find.learned.snap import snap_quad
from capture.find.outlines.refine import Refined
from capture.geometry.quad import apart, overlap
from capture.geometry.rectify import SHORTEST_SIDE_PX
from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

# So many places are looked at together with the very first, so many more where nothing was read.
FIRST, FURTHER = 3, 4
# Places that share this much of the smaller one are one container, such as a frame around it.
SAME_CONTAINER = 0.5
# Once a container is read, other places are looked at closely from the first of these on, and
# searched for outlines from the second: the probability of a picture times the share filled.
# Before 60 rooms with one container 15 % had another place above the first, 2 % the second.
WORTH_A_LOOK, EVIDENT = 0.6, 0.75
# Places this near, as a share of the size, lead to the same picture.
SAME_PLACE, SAME_PICTURE = 0.1, 0.01
# Below this a side was hardly seen, and there is no picture.
LEAST_SURE = 0.15
# The likeliest place is worth a long search from this probability of a container on (before rooms
# 87 % of 60 containers, 25 % of their hosts), where its least certain side is this certain:
# where it is more so, the corners are right, and a search around them gains nothing.
HOPEFUL, DOUBTFUL = 0.55, (0.5, 0.95)
# A photo is worth more than a first look from this probability on at one of the first places: few
# rooms are, and containers cut off, mirrored, on a sheet or slanted (`measure kinds` counts).
WORTH_TRYING = 0.5
# And worth a longer one from this probability of any framed picture, times the share filled: of
# 21 rooms two are, and six of six hard captures in which no container is likely at first sight.
FRAMED = 0.8
# From this probability of a container on, sides of a place are tried where they may be instead.
FAINT_HOPE = 0.35


class Pictures:
    """The pictures of one photo, each looked for when first asked for and then kept."""

    def __init__(self, photo: UInt8Image, device: str = "cpu") -> None:
        """For uint8 RGB (H, W, 3), upright; the networks run on `device`."""
        self.photo = photo
        self.device = device
        self._beside: list[Detection] = []
        self._looked: dict[bytes, CloseUp | None] = {}
        self._snapped: dict[tuple[bytes, float], Refined] = {}

    @property
    def first(self) -> list[CloseUp]:
        """At the likeliest place alone; empty where no picture is there."""
        return [one for _, one in self._first]

    @property
    def hopeful(self) -> list[CloseUp]:
        """The first where it may well be a container, and one of its sides be wrong."""
        if not self._places or self._places[0].container < HOPEFUL:
            return []
        low, high = DOUBTFUL
        return [one for one in self.first if low <= one.sure < high]

    @property
    def is_able(self) -> bool:
        """Whether the detector saw the photo."""
        return self._sight is not None

    @property
    def may_hold(self) -> bool:
        """Whether one of the likeliest places may hold a container, or cannot be seen."""
        return not self.is_able or any(
            place.container >= WORTH_TRYING for place in self._places[:FIRST]
        )

    @property
    def is_framed(self) -> bool:
        """Whether one of the likeliest places is a framed picture, of whatever it is."""
        return any(place.picture * place.fill >= FRAMED for place in self._places[:FIRST])

    @cached_property
    def likely(self) -> list[CloseUp]:
        """At the likeliest places, the likeliest containers first."""
        return _ordered([*self._first, *self._looked_at(self._places[1:FIRST])])

    @cached_property
    def otherwise(self) -> list[CloseUp]:
        """At the likeliest places that may hold a container, one side put where it may be instead.

        The likeliest places first, and of each the likeliest sides.
        """
        places = [place for place in self._places[:FIRST] if place.container >= FAINT_HOPE]
        looked = [one for _, one in self._looked_at(places)]
        known = apart([*self.likely, *looked], SAME_PICTURE)
        instead = [
            replace(one, corners=corners, others=()) for one in looked for corners in one.others
        ]
        return apart([*known, *instead], SAME_PICTURE)[len(known) :]

    @cached_property
    def further(self) -> list[CloseUp]:
        """At the places that come after those."""
        return _ordered(self._looked_at(self._places[FIRST : FIRST + FURTHER]))

    def snapped(self, one: CloseUp, reach: float) -> Refined:
        """A picture's sides at edges up to `reach` of its size away; kept, as it takes long."""
        key = (one.corners.tobytes(), reach)
        if key not in self._snapped:
            sides = np.linalg.norm(one.corners - np.roll(one.corners, -1, 0), axis=1)
            self._snapped[key] = snap_quad(self.photo, one.corners, reach * float(sides.mean()))
        return self._snapped[key]

    def beside(self, outlines: Sequence[FloatArray]) -> list[CloseUp] | None:
        """At the next places outside of these outlines; None where none is left.

        Args:
            outlines: xy (4, 2) in the photo, of what was read.
        """
        seen = len(self._beside)
        new = apart([*self._beside, *self._places_beside(outlines)], SAME_PLACE)[seen:]
        if not new:
            return None
        self._beside += new[:FIRST]
        return _ordered(self._looked_at(new[:FIRST]))

    def any_beside(self, outlines: Sequence[FloatArray]) -> bool:
        """Whether another picture is evident outside of these outlines, or cannot be seen."""
        if self._sight is None:
            return True
        return any(one.picture * one.fill >= EVIDENT for one in self._places_beside(outlines))

    def _places_beside(self, outlines: Sequence[FloatArray]) -> list[Detection]:
        if self._sight is None:
            return []
        places = [
            one
            for one in self._sight.pictures(outlines)
            if one.picture * one.fill >= WORTH_A_LOOK
            and all(overlap(one.corners, known) < SAME_CONTAINER for known in outlines)
        ]
        return apart(places, SAME_PLACE)

    @cached_property
    def _first(self) -> list[tuple[float, CloseUp]]:
        return self._looked_at(self._places[:1])

    @cached_property
    def _places(self) -> list[Detection]:
        return [] if self._sight is None else apart(self._sight.pictures(), SAME_PLACE)

    @cached_property
    def _sight(self) -> Sight | None:
        detector = shipped_detector(self.device)
        if detector is None or min(self.photo.shape[:2]) < SHORTEST_SIDE_PX:
            return None
        return detector.see(self.photo)

    def _looked_at(self, places: Sequence[Detection]) -> list[tuple[float, CloseUp]]:
        """The pictures at places, each with how likely it is a container."""
        if not places:
            return []
        new = [place for place in places if place.corners.tobytes() not in self._looked]
        if new:
            look = shipped_close_look(self.device)
            looked = look.look(self.photo, [place.corners for place in new])
            self._looked |= {p.corners.tobytes(): one for p, one in zip(new, looked, strict=True)}
        seen = [(place, self._looked[place.corners.tobytes()]) for place in places]
        return [
            (place.container * one.container * one.sure, one)
            for place, one in seen
            if one is not None and one.sure >= LEAST_SURE
        ]


def _ordered(found: Sequence[tuple[float, CloseUp]]) -> list[CloseUp]:
    """The likeliest containers first, each once."""
    likeliest = sorted(found, key=lambda pair: -pair[0])
    return apart([one for _, one in likeliest], SAME_PICTURE)

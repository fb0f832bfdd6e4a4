"""Places of a photo seen in it and in its mirror image."""

from __future__ import annotations

from collections.abc import Sequence

from capture.find.candidates import Candidate
from capture.geometry.rectify import Region
from capture.read.place.finding import Finding, better
from capture.read.place.probe import Hypothesis, RevealerLike
from capture.read.place.reveal import Place, Viewer, plain_of
from capture.read.rescue.harder import read_harder
from capture.read.rescue.settle import settled


class Views:
    """Candidates in a photo and, once that is asked for, in its mirror image."""

    def __init__(self, viewer: Viewer, candidates: Sequence[Candidate]) -> None:
        """With the viewer of the photo as it was taken."""
        self._viewer, self._candidates = viewer, candidates
        self._places: dict[bool, list[Place]] = {}

    @property
    def count(self) -> int:
        """How many candidates a camera can have seen."""
        return len(self.places(False))

    def viewer(self, mirrored: bool) -> Viewer:
        """Of the photo or its mirror image."""
        return self._viewer.mirror if mirrored else self._viewer

    def places(self, mirrored: bool) -> list[Place]:
        """The candidates there; reading harder adds to them."""
        if mirrored not in self._places:
            self._places[mirrored] = self.viewer(mirrored).places(self._candidates)
        return self._places[mirrored]

    def regions(self, mirrored: bool) -> list[Region]:
        """The candidates' parts of the photo."""
        return [place.region for place in self.places(mirrored)]

    def reveal(self, revealer: RevealerLike, h: Hypothesis) -> Finding | None:
        """Reveal a whole hypothesis."""
        return self.viewer(h.mirrored).reveal(revealer, self.places(h.mirrored), h)

    def harder(self, found: Finding) -> Finding | None:
        """All that may help where it does not read: a look in the mirror, then the rest.

        A code seen transposed has its finder patterns in place, and the network sees much of
        it: what shows and does not read may be the other way round.
        """
        if found.reading is None:
            twin = self.reveal(plain_of(found.revealer), found.hypothesis.transposed)
            found = better(found, twin) or found
        mirrored = found.hypothesis.mirrored
        return read_harder(self.viewer(mirrored), self.places(mirrored), found)

    def finished(self, found: Finding) -> Finding:
        """Its corners settled, and as the photo was taken."""
        viewer = self.viewer(found.hypothesis.mirrored)
        return viewer.as_taken(settled(viewer, found))

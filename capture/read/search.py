"""From candidates to the best revealed code among them.

probe -> reveal and read -> (read harder) -> settle the corners

All of it on the photo and, where that does not read, on its mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from capture.clock import Clock
from capture.find.candidates import Candidate
from capture.read.parts import Part, shown
from capture.read.place.correction import Correction
from capture.read.place.effort import Budget
from capture.read.place.finding import Finding, better
from capture.read.place.probe import (
    ALL_WAYS,
    LIKELY_VERSIONS,
    STRONG,
    UPRIGHT,
    WEAK,
    Hypothesis,
    RevealerLike,
    SeenAs,
    Way,
    middling,
    probe_beside,
    quick_rounds,
    rounds,
)
from capture.read.place.reveal import Viewer
from capture.read.probes import Probes, Shown, each_once, two_a_place
from capture.read.rescue.by_list import by_list
from capture.read.rescue.harder import FAR_MODULES, read_harder
from capture.read.rescue.relocate import relocate
from capture.read.views import Views
from riis_physical.artifacts import UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.presence import function_modules

FloatArray = NDArray[np.float32]

# From here on another hypothesis need not be looked at, even when unreadable.
CERTAIN = 0.75
FULL_REVEALS = 4
# A finder pattern at another corner counts from here on.
BESIDE = 0.6
# Rounds of probes that any photo is worth.
FIRST_ROUNDS = 2


@dataclass(frozen=True)
class Search:
    """One photo, the models to look with, and the clock that runs.

    Attributes:
        photo: uint8 RGB (H, W, 3), upright.
        jpeg_quality: of the photo's file, None where unknown.
        revealers: models of one family, tried in this order; the first looks at everything,
            the others where it sees anything, or with thorough effort everywhere too.
        clock: gets the time of each stage.
        camera: profile of the photo's camera, None for one without distortion.
        correction: of frames, tried before they are revealed as they are; None for none.
        changed: whether a profile's lens or fall of light was taken out of the photo.
        knowledge: what is known of messages.
        scores: of what was probed already, by model, place, way up and version.
        budget: of work on the photo.
    """

    photo: UInt8Image
    jpeg_quality: float | None
    revealers: Sequence[RevealerLike]
    clock: Clock
    camera: CameraProfile | None = None
    correction: Correction | None = None
    changed: bool = False
    knowledge: Knowledge = NOTHING
    scores: dict[tuple[int, bytes, Way, int], float] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    @cached_property
    def _viewer(self) -> Viewer:
        return Viewer(
            self.photo, self.jpeg_quality, self.clock, self.camera, self.correction,
            self.knowledge, self.budget,
        )  # fmt: skip

    @cached_property
    def _probes(self) -> Probes:
        return Probes(self.revealers, self.jpeg_quality, self.clock, self.budget, self.scores)

    def _views(self, candidates: Sequence[Candidate]) -> Views:
        return Views(self._viewer, candidates)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the photo."""
        return self.photo.shape[0], self.photo.shape[1]

    @property
    def device(self) -> str:
        """Where the first model runs, and the detector with it."""
        return str(getattr(self.revealers[0], "device", "cpu"))

    def best(
        self,
        candidates: Sequence[Candidate],
        ways: Sequence[Way] = ALL_WAYS,
        *,
        thorough: bool,
        wide: bool = False,
    ) -> Finding | None:
        """The best container among the candidates, read where possible, its corners settled.

        Args:
            candidates: places, the likeliest first.
            ways: to hold a picture that are tried, the likeliest first.
            thorough: try the unlikely hypotheses too.
            wide: where not thorough, try all candidates the first way up.

        Returns:
            a finding, which may be too weak to count; None where nothing shows.
        """
        views = self._views(candidates)
        found = self._likeliest(views, ways, thorough=thorough, wide=wide)
        return None if found is None else views.finished(found)

    def at_once(
        self,
        candidates: Sequence[Candidate],
        way: Way = UPRIGHT,
        *,
        all_versions: bool = True,
    ) -> Finding | None:
        """The first of a few candidates that reads without further ado, its corners settled.

        Args:
            candidates: a few places.
            way: the way that is tried.
            all_versions: try the unlikely versions, and the mirror image, too.

        Returns:
            None where nothing reads.
        """
        views = self._views(candidates)
        tries_of = quick_rounds(views.count, way, all_ways=all_versions)
        for tries in islice(tries_of, None if all_versions else 1):
            for probed in self._probes.probed(views, tries):
                for model, h in two_a_place(one for one in probed if one[1].finder >= STRONG):
                    found = self._by_any_model(model, views, h)
                    if found is not None and found.reading is not None:
                        return views.finished(found)
        return None

    def _by_any_model(self, first: RevealerLike, views: Views, h: Hypothesis) -> Finding | None:
        """A hypothesis revealed by the model that it showed to, else by the others.

        Models of one family show each other's finder patterns, and read each other's
        modules less well.
        """
        found = views.reveal(first, h)
        for other in self.revealers:
            if found is not None and found.reading is not None:
                break
            if other is not first:
                found = better(found, views.reveal(other, h))
        return found

    def _likeliest(
        self, views: Views, ways: Sequence[Way], *, thorough: bool, wide: bool
    ) -> Finding | None:
        found: Finding | None = None
        pending: list[Shown] = []
        seen: set[SeenAs] = set()
        for number, tries in enumerate(rounds(views.count, ways)):
            # After the first container, the rest need not be searched in depth.
            upright = wide and all(h.way == ways[0] for h in tries)
            if not tries or (number >= FIRST_ROUNDS and not thorough and not upright):
                continue
            if number >= FIRST_ROUNDS and not self.budget.left:
                break
            for probed in self._probes.probed(views, tries):
                pending += probed
                for model, h in each_once(pending)[:2]:
                    if h.finder < STRONG or h.seen_as in seen:
                        continue
                    seen.add(h.seen_as)
                    found = better(found, self._by_any_model(model, views, h))
                    if found is not None and _is_settled(found):
                        found = views.harder(found)
                        if found is not None:  # else one that anyone can see: look elsewhere
                            return found
        unseen = [(model, h) for model, h in each_once(pending) if h.seen_as not in seen]
        whole = [one for one in unseen if one[1].finder >= WEAK][:FULL_REVEALS]
        if thorough and self.budget.left:
            first = self.revealers[0]
            likeliest = [h for _, h in unseen if _is_plain(h, ways[0])]
            with self.clock.stage("probe"):
                regions = views.regions(ways[0][1])[:1]
                beside = probe_beside(first, regions, likeliest, self.jpeg_quality)
            strong = [(first, h) for h in beside if h.finder >= BESIDE]
            whole = each_once([*strong, *whole])
        for model, h in whole:
            if not self.budget.left:
                break
            found = better(found, self._by_any_model(model, views, h))
            if found is not None and _is_settled(found):
                found = views.harder(found)
                if found is not None:
                    return found
        return None if found is None else views.harder(found)

    def by_list(self, candidates: Sequence[Candidate]) -> Finding | None:
        """A message of the list at places where no code shows; None without a list."""
        if self.knowledge.among is None:
            return None
        views = self._views(candidates)
        both = [(views.viewer(mirrored), views.places(mirrored)) for mirrored in (False, True)]
        return by_list(both, self.revealers)

    def by_parts(
        self, parts: Sequence[Part], versions: Sequence[int] = LIKELY_VERSIONS
    ) -> Finding | None:
        """A code that reads at one of some parts of outlines, or a little beside; else None."""
        seen = shown(self._viewer, self.revealers[0], parts, versions)
        revealed: list[tuple[Views, Finding]] = []
        for candidate, version in seen:  # one look at each before any costs more
            views = self._views([candidate])
            if not views.count:
                continue
            found = self._by_any_model(self.revealers[0], views, Hypothesis(0, 0, version))
            if found is not None and found.reading is not None:
                return views.finished(found)
            revealed += [] if found is None else [(views, found)]
        for candidate, version in seen:
            found = self.by_patterns(candidate.corners, (version,), candidate.source)
            if found is not None:
                return found
        for views, found in revealed:
            harder = views.harder(found) if self.budget.left else None
            if harder is not None and harder.reading is not None:
                return views.finished(harder)
        return None

    def by_patterns(
        self,
        corners: FloatArray,
        versions: Sequence[int] = LIKELY_VERSIONS,
        source: str = "learned",
    ) -> Finding | None:
        """A code whose finder patterns lie a few modules from where an outline puts them.

        Where a picture goes over into the wall, a side may be off by a tenth of the width,
        and nothing shows at the outline. The first way up alone, each likely version: four
        reveals a version.

        Args:
            corners: xy (4, 2) in the photo, right to within FAR_MODULES for a good part of
                the code, its top left first.
            versions: that are tried. source: what proposed the place.

        Returns:
            what reads; what does not is no evidence, as it was sought in many places.
        """
        width = float(np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1).mean())
        for version in versions:
            known, modules = function_modules(version)
            condition = middling(self.jpeg_quality, width / len(modules))
            with self.clock.stage("reveal"):
                moved = relocate(
                    self.revealers[0], self.photo, corners, version, condition,
                    known, modules, reach_modules=FAR_MODULES, camera=self.camera,
                )  # fmt: skip
            if moved is None:
                continue
            views = self._views([Candidate(moved.corners, source)])
            found = self._by_any_model(self.revealers[0], views, Hypothesis(0, 0, version))
            if found is not None:
                found = read_harder(self._viewer, views.places(False), found)
            if found is not None and found.reading is not None:
                return views.finished(found)
        return None


def _is_plain(h: Hypothesis, upright: Way) -> bool:
    """Whether this is the likeliest place the first way up, of a likely version."""
    return h.quad == 0 and h.way == upright and h.version in LIKELY_VERSIONS


def _is_settled(found: Finding) -> bool:
    return found.reading is not None or found.presence >= CERTAIN
